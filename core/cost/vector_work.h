#pragma once
// What nodes that are not matrix products cost: how many adds, compares or multiplies, how much they read and
// write.

#include "core/cost/graph_roles.h"
#include "core/cost/problem.h"

#include <optional>
#include <string>

namespace widthwise::cost {

struct NodeWork {
    VectorWork work;
    std::string mapping; ///< "vector unit: 16384 operations"
};

/// Estimates: one operation per output element (add, mul, relu, compare, ...), per window element (pooling)
/// or per input element (global pooling, reductions); softmax three per element (maximum, sum, division),
/// batch_norm on its own two, layer_norm and instance_norm five, lrn one per channel of its window and three,
/// multi_threshold one per threshold, interpolation one multiplication and addition per neighbour (4 or 16).
/// Multiplications are priced as such; divisions, powers, exponentials and the like as one multiplication.
/// What only moves elements costs their traffic. Values that stay on the chip (`on_chip` by value, empty:
/// none) do not cross to DRAM. nullopt: no data moves (reshape, identity, a quantize that passes on).
[[nodiscard]] std::optional<NodeWork> node_work(const Graph& graph, NodeId node, const GraphRoles& roles,
                                                int64_t batch, const std::vector<bool>& on_chip);

} // namespace widthwise::cost
