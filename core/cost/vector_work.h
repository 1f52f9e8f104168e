#pragma once
// What nodes that are not matrix products cost: how many adds, compares or multiplies, how much they read and
// write.

#include "core/cost/graph_roles.h"
#include "core/cost/problem.h"

#include <optional>
#include <string>

namespace widthwise::cost {

/// Estimates: one operation per output element (add, mul, relu, compare, ...), per window element (pooling)
/// or per input element (global pooling, reductions); softmax three per element (maximum, sum, division),
/// batch_norm on its own two, layer_norm and instance_norm five, lrn one per channel of its window and three,
/// multi_threshold one per threshold, interpolation one multiplication and addition per neighbour (4 or 16).
/// Multiplications are priced as such; divisions, powers, exponentials and the like as one multiplication.
/// What only moves elements (concat, slice, pad, transpose, ...) has no operations, only elements written.
/// Values that stay on the chip do not cross to DRAM. nullopt: no data moves (reshape, identity, a quantize
/// that passes on).
[[nodiscard]] std::optional<VectorWork> vector_work(const Graph& graph, NodeId node, const Widths& widths,
                                                    int64_t batch);
/// "vector unit: 16384 operations", "moves 4096 elements".
[[nodiscard]] std::string vector_text(const Graph& graph, NodeId node, const VectorWork& work, int64_t batch);

} // namespace widthwise::cost
