#pragma once
// The end of a search: its front, measured again on images that no decision saw.

#include "core/flow/explore.h"
#include "core/flow/explore_data.h"

namespace widthwise::flow {

/// What the search says of its front: designs by rising second objective, knees marked, nothing reported yet.
[[nodiscard]] std::vector<FrontDesign>
search_front(const ExploreRequest& request, const std::vector<explore::Outcome>& outcomes, double float_top1);

/// Fills in what the report images say of each design, in order, and gives it to the log. Errors: as
/// Evaluator::evaluate's and the log's; cancelled, with the designs so far filled in.
[[nodiscard]] Result<void> report_front(const ExploreRequest& request, const ExploreData& data,
                                        std::vector<FrontDesign>& front, ExploreLog& log,
                                        const WorkControl& control, const ExploreObserver& observer);
/// On the report images, once they were run: of top-1, or of agreement with float.
[[nodiscard]] double report_drop(const FrontDesign& design);

} // namespace widthwise::flow
