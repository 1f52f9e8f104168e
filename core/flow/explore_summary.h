#pragma once
// A search told: its result as one document, the same in the project file and on the command line, and what
// sets two requests apart.

#include "core/flow/explore.h"

#include <string>
#include <string_view>

namespace widthwise::flow {

/// What a design of a search is, in words: its precision, then its hardware where that is searched:
/// "w4a6 mixed, array.rows=8".
[[nodiscard]] std::string design_label(const explore::Space& space, const explore::Choices& choices,
                                       const Graph& graph);

/// The first objective besides the drop: what "cheap" means.
[[nodiscard]] explore::Metric cost_of(const explore::Goals& goals);
/// Of the front designs that were run on the report images, the cheapest one that lies within one point of
/// float (0.01) on them; null: none. Found by the fixed sequence of explore::last_of_sequence in the order of
/// the search images, so that luck on the report images does not choose. `surely`: by the one-sided paired
/// test at 97.5 %, which bounds the error of what is named by 2.5 %; else as measured, without a bound.
/// Points into `outcome`.
[[nodiscard]] const FrontDesign* cheapest_within_one_point(const ExploreRequest& request,
                                                           const ExploreOutcome& outcome, bool surely);

/// The command line's document; `id` is the search's in its project. Figures that do not apply are null;
/// units are in the keys.
[[nodiscard]] std::string summary_to_json(const ExploreRequest& request, const ExploreOutcome& outcome,
                                          int64_t id);

/// Whether a stored document may be read at all: objects and arrays nested so deep that they would exhaust
/// the stack are none of ours.
[[nodiscard]] bool is_shallow(std::string_view json);

/// Which keys of two request_to_json documents differ, with both values where they are short: "budget (400,
/// here 200), variables". Empty: none.
[[nodiscard]] std::string request_difference(std::string_view stored, std::string_view asked);

} // namespace widthwise::flow
