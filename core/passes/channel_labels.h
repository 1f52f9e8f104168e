#pragma once
// Which elements of which activations belong to which output channel of which layer: what has to go when a
// channel goes.

#include "core/graph/graph.h"
#include "core/passes/channel_sets.h"

#include <optional>
#include <vector>

namespace widthwise::passes {

/// The one axis along which a value's elements belong to channels that can be removed, and the channel of
/// each index along it (the same one may stand several times: Flatten gives each channel a run of elements).
/// Without an axis nothing of the value goes.
struct ChannelAxis {
    std::optional<size_t> axis;
    std::vector<int> channels;
};

/// Follows the output channels of every conv, conv_transpose and gemm through the graph, in topological
/// order, and joins those that only go together:
///  - element-wise operations and residual adds: what meets in one element;
///  - convolutions in groups: whole groups with their inputs where there are at least as many groups as
///    channels in one (depthwise), else the channels at the same position of each group;
///  - reshapes that spread channels over two axes (channel shuffle): what shares an index of the longer one,
///    so that what is left stays rectangular.
/// Channels of padding (resnet's shortcuts without weights) are channels too. What the network gives out,
/// and what meets an operation across channels (normalization, softmax, a product of two activations), stays.
class ChannelLabels {
public:
    explicit ChannelLabels(const Graph& graph);

    [[nodiscard]] const ChannelAxis& at(ValueId value) const { return m_axes[value.position()]; }
    [[nodiscard]] const ChannelSets& sets() const { return m_sets; }

private:
    [[nodiscard]] ChannelAxis follow(const Node& node);
    [[nodiscard]] ChannelAxis follow_reading(const Node& node, const ChannelAxis& in);
    [[nodiscard]] ChannelAxis weighted(const Node& node, int64_t groups);
    [[nodiscard]] ChannelAxis elementwise(const Node& node);
    /// The input's axis where it is that one; else its channels stay.
    [[nodiscard]] ChannelAxis along(const Node& node, size_t axis);
    /// All channels that the node reads stay.
    ChannelAxis mixed(const Node& node);
    void pin(const ChannelAxis& axis, const std::string& why);

    const Graph& m_graph;
    ChannelSets m_sets;
    std::vector<ChannelAxis> m_axes; ///< by value
};

/// Labels behind a reshape, transpose, slice, pad, gather, expand, depth_to_space or space_to_depth; `in` are
/// those of its input, with an axis. What cannot be followed is pinned.
[[nodiscard]] ChannelAxis moved(const Graph& graph, const Node& node, const ChannelAxis& in,
                                ChannelSets& sets);
/// Behind a concat; `inputs` in order.
[[nodiscard]] ChannelAxis joined(const Graph& graph, const Node& node,
                                 const std::vector<const ChannelAxis*>& inputs, ChannelSets& sets);

/// "'norm1' (LRN)": how reasons name a node.
[[nodiscard]] std::string title(const Node& node);

} // namespace widthwise::passes
