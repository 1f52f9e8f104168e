#pragma once
// Greedy bit descent as a search.

#include "core/explore/algorithm.h"

namespace widthwise::explore {

/// "greedy". After the problem's start it descends from the widest design, each step narrowing the variable
/// that saves most cost for the noise that it adds (with sensitivities; without, for the drop that narrowing
/// it alone was measured to cost), and asks for designs along the path until they lose too much. Then it
/// descends again, with other weights of the costs and with noises off by a random factor, until that finds
/// nothing new; then at random.
[[nodiscard]] std::unique_ptr<Algorithm> make_greedy_search(Problem problem);

} // namespace widthwise::explore
