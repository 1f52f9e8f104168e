#include "core/passes/channel_means.h"

#include "core/passes/normal_moments.h"

#include <limits>
#include <optional>

namespace widthwise::passes {
namespace {

using Known = std::map<ValueId, ChannelMoments>;

ChannelMoments cut(const ChannelMoments& x, const Clamp& clip) {
    ChannelMoments y;
    for (size_t c = 0; c < x.mean.size(); ++c) {
        const Moments m = clipped_normal({x.mean[c], x.variance[c]}, clip);
        y.mean.push_back(m.mean);
        y.variance.push_back(m.variance);
    }
    return y;
}

/// Each channel becomes `each` inputs of a fully connected layer (Flatten).
ChannelMoments repeated(const ChannelMoments& x, size_t each) {
    ChannelMoments y;
    for (size_t i = 0; i < x.mean.size() * each; ++i) {
        y.mean.push_back(x.mean[i / each]);
        y.variance.push_back(x.variance[i / each]);
    }
    return y;
}

std::optional<ChannelMoments> sum(const Known& known, const Node& node) {
    const auto a = known.find(node.inputs[0]), b = known.find(node.inputs[1]);
    if (a == known.end() || b == known.end() || a->second.mean.size() != b->second.mean.size())
        return std::nullopt;
    ChannelMoments y = a->second;
    for (size_t c = 0; c < y.mean.size(); ++c) {
        y.mean[c] += b->second.mean[c];
        y.variance[c] += b->second.variance[c];
    }
    return y;
}

std::optional<ChannelMoments> joined(const Known& known, const Node& node) {
    if (std::get<ConcatAttributes>(node.attributes).axis != 1) return std::nullopt;
    ChannelMoments y;
    for (const ValueId input : node.inputs) {
        const auto found = known.find(input);
        if (found == known.end()) return std::nullopt;
        y.mean.insert(y.mean.end(), found->second.mean.begin(), found->second.mean.end());
        y.variance.insert(y.variance.end(), found->second.variance.begin(), found->second.variance.end());
    }
    return y;
}

/// Of the values that keep a channel's mean. Averages have less variance than this says; a ReLU after one is
/// rare.
std::optional<ChannelMoments> kept(const Graph& graph, const Known& known, const Node& node) {
    const auto found = known.find(node.inputs[0]);
    if (found == known.end()) return std::nullopt;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    switch (node.op) {
    case Op::relu:
        return cut(found->second, {0, infinity});
    case Op::clip: {
        const auto& a = std::get<ClipAttributes>(node.attributes);
        return cut(found->second, {a.lo, a.hi});
    }
    case Op::identity:
    case Op::average_pool:
    case Op::global_average_pool:
    case Op::resize:
        return found->second;
    case Op::reduce_mean:
        for (const int64_t axis : std::get<ReduceAttributes>(node.attributes).axes)
            if (axis < 2) return std::nullopt;
        return found->second;
    case Op::reshape: {
        const Shape &from = graph.value(node.inputs[0]).shape, &to = graph.value(node.output()).shape;
        if (from.rank() < 2 || to.rank() < 2 || from[1] <= 0 || to[1] % from[1] != 0) return std::nullopt;
        if (to[1] == from[1]) return found->second;
        if (to.rank() != 2) return std::nullopt;
        return repeated(found->second, static_cast<size_t>(to[1] / from[1]));
    }
    default:
        return std::nullopt;
    }
}

} // namespace

std::map<ValueId, ChannelMoments> channel_moments(const Graph& graph, const std::vector<Layer>& layers) {
    std::map<std::string_view, const Layer*> by_name;
    for (const Layer& layer : layers) by_name[layer.name] = &layer;
    Known known;
    for (const Node& node : graph.nodes()) {
        std::optional<ChannelMoments> moments;
        if (const auto layer = by_name.find(node.name); layer != by_name.end()) {
            moments = layer->second->normal;
        } else if (node.op == Op::add && node.inputs.size() == 2) {
            moments = sum(known, node);
        } else if (node.op == Op::concat) {
            moments = joined(known, node);
        } else if (!node.inputs.empty()) {
            moments = kept(graph, known, node);
        }
        if (moments) known[node.output()] = std::move(*moments);
    }
    return known;
}

} // namespace widthwise::passes
