#pragma once
// The order of steps that needs the least memory for feature maps: a map exists from the step that writes it
// to the last that reads it; what the network gives back exists to the end, its inputs from the start.
// Results never overwrite operands (what rides along in a layer is no step and has no map of its own).
// Sizes are those of one image as stored.
//
// Exact: the network is cut where one step's results are all that is alive; between two cuts a best-first
// search over the sets of steps done finds the least peak (the peak of a network is that of its worst part).
// Parts of more than 64 steps, or with more than 20,000 sets, are ordered greedily (the step that leaves the
// least alive) unless the file's order is better.

#include "core/cost/residency_steps.h"

namespace widthwise::cost {

struct OperatorOrder {
    double file_bits = 0, best_bits = 0; ///< peaks
    bool exact = true;                   ///< no order has a lower peak than `best_bits`
    std::vector<int> steps;              ///< the best order
};

/// Peak of the file's order alone.
[[nodiscard]] double peak_bits(const StepGraph& graph);
/// Peak of any order of all steps in which nothing is read before it is written.
[[nodiscard]] double peak_bits(const StepGraph& graph, std::span<const int> order);
[[nodiscard]] OperatorOrder best_order(const StepGraph& graph);

} // namespace widthwise::cost
