#pragma once
// What nodes that are not matrix products cost: how many adds, compares or multiplies, how much they read and
// write.

#include "core/cost/graph_roles.h"
#include "core/cost/layer_cost.h"

#include <optional>
#include <string>

namespace widthwise::cost {

struct NodeWork {
    VectorWork work;
    int bits = 0;        ///< width of what it reads
    std::string mapping; ///< "vector unit: 16384 operations"
};

/// Estimates: one operation per output element (add, mul, relu, ...), per window element (pooling) or per
/// input element (global pooling, mean); softmax three per element (maximum, sum, division), batch_norm on
/// its own two. Multiplications are priced as such; exponentials as one multiplication. nullopt: no data
/// moves (reshape, identity).
[[nodiscard]] std::optional<NodeWork> node_work(const Graph& graph, NodeId node, const GraphRoles& roles,
                                                const Chip& chip, int64_t batch);

} // namespace widthwise::cost
