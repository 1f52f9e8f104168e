#pragma once
// Multiple-choice program with several objectives: one option from each group, losses add up; all the best
// trade-offs at once.

#include "core/explore/pareto.h"

#include <cstdint>
#include <vector>

namespace widthwise::explore {

struct ChoiceProgram {
    /// Losses of each option of each group, all rows of one length >= 2, finite; no group is empty.
    std::vector<std::vector<Point>> groups;
    std::vector<double> limits; ///< of each loss's sum, infinity: none; empty: none at all
};

struct ChoiceSolution {
    std::vector<size_t> options; ///< one for each group
    Point losses;                ///< sums
};

/// States that are kept after each group: more are thinned.
inline constexpr size_t k_most_states = 4096;
/// From so many losses on partial sums are thinned to k_most_compared before any is compared with the others.
inline constexpr size_t k_many_losses = 4, k_most_compared = 2048;

/// All non-dominated selections that keep the limits, in rising order of losses (lexicographic); of equal
/// sums one. By dynamic programming over the groups: partial sums that another one dominates cannot belong to
/// a better whole (Nemhauser and Ullmann 1969), nor can those that no rest brings below a limit. Exact while
/// no more than `most` partial sums are non-dominated (and, of many losses, no more than k_most_compared are
/// looked at for one group). Above that one state is kept in each cell of a grid over their range (Laumanns
/// et al. 2002, epsilon-dominance), the finest that leaves at most `most`, and one with the least of each
/// loss: each group then loses at most one cell in each loss.
[[nodiscard]] std::vector<ChoiceSolution> solve_front(const ChoiceProgram& program,
                                                      size_t most = k_most_states);

} // namespace widthwise::explore
