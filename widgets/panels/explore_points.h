#pragma once
// Searches as points and courses for the charts.

#include "widgets/charts/course_chart.h"
#include "widgets/charts/design_space.h"
#include "widgets/document/exploration.h"
#include "widgets/document/exploration_front.h"

namespace widthwise::gui {

/// A candidate's name in the charts: negative, for designs have the positive ones.
struct CandidateKey {
    int64_t run = 0;
    int64_t number = 0; ///< position among the run's outcomes
};
[[nodiscard]] int64_t candidate_id(const CandidateKey& key);
[[nodiscard]] CandidateKey candidate_of(int64_t id);
/// Null: there is none of that id any more.
[[nodiscard]] const explore::Outcome* outcome_of(const Exploration& exploration, int64_t id);
/// "w4a8"; empty: as above.
[[nodiscard]] QString candidate_text(const Exploration& exploration, int64_t id);

/// The candidates of the runs that are shown, of this network and target: a drop on the search images is
/// told as accuracy by what float has on the images that the document measures on.
void add_candidates(DesignSpace& space, const Document& document, const Exploration& exploration);
/// Those, and of a front the designs that the report images confirmed.
[[nodiscard]] DesignSpace search_space_of(const Document& document, const Exploration& exploration,
                                          const std::vector<FrontEntry>& front);

[[nodiscard]] Courses courses_of(const Exploration& exploration);

} // namespace widthwise::gui
