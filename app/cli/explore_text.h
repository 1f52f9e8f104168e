#pragma once
// What `explore` tells of a search.

#include "core/flow/explore.h"

#include <string>

namespace widthwise::cli {

/// The front as a table, what it cost to find it, and the designs that stand out.
[[nodiscard]] std::string exploration_text(const flow::ExploreRequest& request,
                                           const flow::ExploreOutcome& outcome, int64_t id);
/// "hypervolume 0.7131, 12 left early, 40 rejected, 3.2 designs/s".
[[nodiscard]] std::string course_text(const flow::CoursePoint& now, int64_t screened, int64_t rejected,
                                      double designs_per_second);

} // namespace widthwise::cli
