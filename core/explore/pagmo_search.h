#pragma once
// pagmo's multi-objective algorithms. They call for fitness themselves; here a generation that meets a design
// which was not measured is left and run again, from the same state of its random numbers, once it was.

#include "core/explore/algorithm.h"

namespace widthwise::explore {

/// "nsga2": Deb et al. 2002, over a random population (the problem's start is not used: it is a yardstick) of
/// a tenth of the budget, 8..100; crossover 0.95, one mutation a design.
[[nodiscard]] std::unique_ptr<Algorithm> make_nsga2_search(Problem problem);

/// "maco": ant colony on the hypervolume (Acciarini et al. 2020, MHACO), over the problem's start and random
/// designs, as many as above.
[[nodiscard]] std::unique_ptr<Algorithm> make_maco_search(Problem problem);

} // namespace widthwise::explore
