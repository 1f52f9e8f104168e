#pragma once
// Sensitivities in the project file: what was asked, what was found, and whether it is still about the same.

#include "core/flow/session.h"
#include "core/store/project_file.h"

namespace widthwise::flow {

/// The row to store; the id is still 0. `version`: the network that was measured, 0: the project's own.
[[nodiscard]] StoredSensitivity to_stored(const SensitivityRequest& request, const Sensitivity& sensitivity,
                                          int64_t version);

/// Where a stored sensitivity stands to a network and data that are at hand.
struct SensitivityFit {
    bool same_network = false, same_data = false;
    bool asked_alike = false; ///< the whole request is the same: so would be the answer
};
/// Requests that cannot be read fit nothing.
[[nodiscard]] SensitivityFit fit_of(const StoredSensitivity& stored, const SensitivityRequest& request);

} // namespace widthwise::flow
