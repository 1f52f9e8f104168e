#pragma once
// What a search's result depends on, said as documents.

#include "core/flow/explore.h"

namespace widthwise::flow {

/// The algorithm asked for, or the default.
[[nodiscard]] std::string algorithm_name(const ExploreRequest& request);
/// What its sensitivities depend on.
[[nodiscard]] SensitivityRequest sensitivity_request(const ExploreRequest& request, const DatasetPtr& images,
                                                     const DatasetPtr& calibration);
[[nodiscard]] std::string sensitivity_request_to_json(const SensitivityRequest& request);

} // namespace widthwise::flow
