#pragma once
// Surrogate-assisted NSGA: a genetic algorithm runs on predictions, and only designs that may improve the
// front of measured ones are asked for.

#include "core/explore/algorithm.h"

namespace widthwise::explore {

/// "surrogate". Needs the problem's noise table; make_algorithm() checks it.
[[nodiscard]] std::unique_ptr<Algorithm> make_surrogate_search(Problem problem);

} // namespace widthwise::explore
