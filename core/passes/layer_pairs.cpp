#include "core/passes/equalization.h"

#include <algorithm>
#include <map>

namespace widthwise::passes {
namespace {

NodeId only_reader(const Graph& graph, ValueId value) {
    const auto& consumers = graph.consumers(value);
    return consumers.size() == 1 && !graph.is_output(value) ? consumers.front() : NodeId{};
}

bool any(const auto& pads) {
    return std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; });
}

/// What a node between two layers does to channels (axis 1).
struct Passage {
    bool scales = false;     ///< commutes with positive factors per channel
    bool shifts = false;     ///< commutes with constants per channel
    bool pads = false;       ///< brings in zeros
    int64_t inputs_each = 1; ///< channels that each channel becomes
};

Passage pooling(const PoolAttributes& a, bool average) {
    // Max pooling's padding never wins; an average that counts it sees zeros.
    return {true, true, average && a.count_include_pad && any(a.pads), 1};
}

Passage reshaping(const Shape& from, const Shape& to) {
    // [1, C, ...] -> [1, C x ...] or [1, C, 1...]: channel-major either way.
    if (from.rank() < 2 || to.rank() < 2 || from[1] <= 0 || to[1] <= 0) return {};
    if (to[1] == from[1] && to.elements() == from.elements()) return {true, true, false, 1};
    if (to.rank() == 2 && to[1] % from[1] == 0) return {true, true, false, to[1] / from[1]};
    return {};
}

Passage passage(const Graph& graph, const Node& node) {
    switch (node.op) {
    case Op::relu:
    case Op::identity:
    case Op::global_average_pool:
        return {true, true, false, 1};
    case Op::leaky_relu:
        return {std::get<LeakyReluAttributes>(node.attributes).alpha >= 0, false, false, 1};
    case Op::clip: {
        const auto& a = std::get<ClipAttributes>(node.attributes);
        return {a.lo == 0 && a.hi > 0, true, false, 1};
    }
    case Op::max_pool:
        return pooling(std::get<PoolAttributes>(node.attributes), false);
    case Op::average_pool:
        return pooling(std::get<PoolAttributes>(node.attributes), true);
    case Op::reduce_mean: {
        const auto& axes = std::get<ReduceAttributes>(node.attributes).axes;
        const bool keeps = std::none_of(axes.begin(), axes.end(), [](int64_t axis) { return axis < 2; });
        return {keeps, keeps, false, 1};
    }
    case Op::pad: {
        const auto& a = std::get<PadAttributes>(node.attributes);
        const bool spatial = a.before.size() >= 2 && a.before[1] == 0 && a.after[1] == 0;
        return {a.value == 0 && spatial, true, any(a.before) || any(a.after), 1};
    }
    case Op::resize:
        return {true, true, false, 1};
    case Op::reshape:
        return reshaping(graph.value(node.inputs[0]).shape, graph.value(node.output()).shape);
    default:
        return {};
    }
}

} // namespace

std::vector<LayerPair> layer_pairs(const Graph& graph, const std::vector<Layer>& layers) {
    std::map<NodeId, size_t> index;
    for (size_t i = 0; i < layers.size(); ++i) index[layers[i].node] = i;
    std::vector<LayerPair> pairs;
    for (size_t i = 0; i < layers.size(); ++i) {
        ValueId value = layers[i].sums;
        // A fully connected layer over more axes has its channels last.
        if (graph.value(value).shape.rank() != 4 && graph.value(value).shape.rank() != 2) continue;
        LayerPair pair{i, 0, 1, true, false};
        while (true) {
            const NodeId reader = only_reader(graph, value);
            if (!reader.valid()) break;
            const Node& node = graph.node(reader);
            if (const auto found = index.find(reader); found != index.end() && node.inputs[0] == value) {
                const Layer& second = layers[found->second];
                const bool flat = graph.value(value).shape.rank() == (second.convolution ? 4 : 2);
                if (!flat || second.in() != layers[i].out * pair.inputs_each) break;
                pair.second = found->second;
                if (second.convolution) {
                    const auto& a = std::get<ConvAttributes>(node.attributes);
                    pair.padded = pair.padded || any(a.pads);
                }
                pairs.push_back(pair);
                break;
            }
            const Passage p = passage(graph, node);
            if (!p.scales) break;
            // Scaled channels of a Clip need bounds that only the layer's own Clip can move.
            if (node.op == Op::clip && reader != layers[i].clip) break;
            pair.shifts = pair.shifts && p.shifts;
            pair.padded = pair.padded || p.pads;
            pair.inputs_each *= static_cast<size_t>(p.inputs_each);
            value = node.output();
        }
    }
    return pairs;
}

} // namespace widthwise::passes
