#pragma once
// What the designs of a search are measured against.

#include "core/explore/figures.h"
#include "core/flow/explore.h"

#include <string>

namespace widthwise::flow {

struct ExploreBaseline {
    std::string label; ///< "w8a8"
    explore::Figures figures;
};
/// On the base target: the base plan with integers of 8 bits wherever a variable sets a format, whether the
/// space has them or not; where the target cannot run that, the space's widest design. Errors: as
/// cost::estimate where it can run neither.
[[nodiscard]] Result<ExploreBaseline> explore_baseline(const ExploreRequest& request);

} // namespace widthwise::flow
