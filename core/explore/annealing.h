#pragma once
// Simulated annealing of several scalarizations at once.

#include "core/explore/algorithm.h"

namespace widthwise::explore {

/// "annealing". Chains of single designs (Kirkpatrick et al. 1983), each with its own random weights of the
/// objectives (augmented Chebyshev distance from the best of each objective, Steuer and Choo 1983, in units
/// of the front found so far). A worse neighbour is taken with probability exp(-loss / temperature). The
/// temperature falls over the budget; past it, the chains start again from the front with other weights.
[[nodiscard]] std::unique_ptr<Algorithm> make_annealing_search(Problem problem);

} // namespace widthwise::explore
