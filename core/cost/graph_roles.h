#pragma once
// What the cost model must know of a graph before it can price nodes one by one: how wide each activation
// tensor is stored, and which nodes ride along in the layer before them.

#include "core/design/precision_plan.h"
#include "core/graph/graph.h"

#include <cstdint>
#include <vector>

namespace widthwise::cost {

struct GraphRoles {
    /// Per value: bits of one stored element, the widest that any reader's multipliers, adders or comparators
    /// take; what no one reads (the network's outputs) has the plan's default activation width. 32 for
    /// float32.
    std::vector<int> stored_bits;
    /// Per node: the convolution, fully connected layer or addition whose result this node changes on its way
    /// out; invalid: a layer of its own. So ride batch_norm (right after a layer with weights: it folds into
    /// them), a
    /// constant added to a gemm's result (its bias), relu and clip.
    std::vector<NodeId> fused_into;
    /// Per node: gets a bias, its own or from what rides along.
    std::vector<bool> has_bias;
    /// Per node that reads activations: its precision; null for the others.
    std::vector<const LayerPrecision*> precision;
};

/// Convolutions, fully connected layers and products of two activations: what the array runs.
[[nodiscard]] bool is_matrix(Op op);

/// Bits of one operand in memory: 32 for float32.
[[nodiscard]] int operand_bits(const NumberFormat& format);
/// float32 and the small floats, which floating-point units multiply and add; priced as float32.
[[nodiscard]] bool is_floating(const NumberFormat& format);

[[nodiscard]] GraphRoles graph_roles(const Graph& graph, const PrecisionPlan& plan);

} // namespace widthwise::cost
