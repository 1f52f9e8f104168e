#pragma once
// What the cost model must know of a graph before it can price nodes one by one: how wide each activation
// tensor is stored, and which nodes ride along in the layer before them.

#include "core/design/precision_plan.h"
#include "core/graph/graph.h"

#include <span>
#include <vector>

namespace widthwise::cost {

/// What no precision changes.
struct GraphRoles {
    /// Per node: the convolution, fully connected layer or addition whose result this node changes on its way
    /// out; invalid: a layer of its own. So ride batch_norm (right after a layer with weights: it folds into
    /// them), a constant added to a gemm's result (its bias), relu and clip.
    std::vector<NodeId> fused_into;
    /// Per node: gets a bias, its own or from what rides along.
    std::vector<bool> has_bias;
    /// Per node: reads activations in a precision of its own.
    std::vector<bool> reads;
};

/// What a precision plan makes of a graph.
struct Widths {
    /// Per node that reads activations: its precision, in the plan; null for the others.
    std::vector<const LayerPrecision*> precision;
    /// Per value: bits of one stored element (StoredWidths). 32 for float32.
    std::vector<int> stored_bits;
    /// Per value: stays in the innermost shared memory between the layers that write and read it. Empty: none
    /// does.
    std::vector<bool> on_chip;

    [[nodiscard]] bool stays(ValueId value) const { return !on_chip.empty() && on_chip[value.position()]; }
};

/// Which widths decide how wide each activation tensor is stored: the widest that any reader's multipliers,
/// adders or comparators take, seen through nodes that take numbers as they come; what no one reads and the
/// network's outputs have the plan's default activation width.
class StoredWidths {
public:
    StoredWidths(const Graph& graph, const GraphRoles& roles);

    /// `node_bits`: per node that reads activations, the bits that it reads them in; `otherwise`: the
    /// default's. Result per value; 0 for constants.
    void operator()(std::span<const int> node_bits, int otherwise, std::span<int> stored) const;

    /// The node whose width alone decides the value's, if there is one.
    [[nodiscard]] NodeId sole_reader(ValueId value) const;

private:
    struct Source {
        int index = 0;
        bool is_node = true; ///< else a value that is settled earlier
    };
    struct Target {
        int value = 0;
        bool at_least_otherwise = false;
        int first = 0, last = 0; ///< of m_sources
    };
    std::vector<Target> m_targets; ///< readers' results before what they read
    std::vector<Source> m_sources;
};

/// Convolutions, fully connected layers and products of two activations: what the array runs.
[[nodiscard]] bool is_matrix(Op op);

/// Bits of one operand in memory: 32 for float32.
[[nodiscard]] int operand_bits(const NumberFormat& format);
/// float32 and the small floats, which floating-point units multiply and add; priced as float32.
[[nodiscard]] bool is_floating(const NumberFormat& format);

[[nodiscard]] GraphRoles graph_roles(const Graph& graph);

} // namespace widthwise::cost
