// Where channels are after an operation that only moves elements.

#include "core/passes/channel_labels.h"

namespace widthwise::passes {
namespace {

/// Elements of a value that are looked at one by one: maps of this size are followed, larger ones stay.
constexpr int64_t k_most_elements = int64_t{1} << 25;

ChannelAxis stays(const Node& node, const ChannelAxis& in, ChannelSets& sets) {
    for (const int channel : in.channels)
        sets.pin(channel, title(node) + " moves it in a way that is not followed");
    return {};
}

/// Element by element: the output's axis is the one along which channels change; where several do, the
/// longest, and what shares an index of it is joined.
ChannelAxis reshaped(const Graph& graph, const Node& node, const ChannelAxis& in, ChannelSets& sets) {
    const Shape& from = graph.value(node.inputs[0]).shape;
    const Shape& to = graph.value(node.output()).shape;
    if (from.elements() > k_most_elements) return stays(node, in, sets);
    int64_t behind = 1; // elements that follow one another within a channel
    for (size_t i = *in.axis + 1; i < from.rank(); ++i) behind *= from[i];
    std::vector<int> roots;
    for (const int channel : in.channels) roots.push_back(sets.root(channel));
    const auto channels = static_cast<int64_t>(roots.size());
    const auto root_of = [&](int64_t element) {
        return roots[static_cast<size_t>(element / behind % channels)];
    };

    std::optional<size_t> best;
    std::vector<int64_t> strides(to.rank(), 1);
    for (size_t i = to.rank(); i-- > 1;) strides[i - 1] = strides[i] * to[i];
    for (size_t axis = 0; axis < to.rank(); ++axis) {
        if (best && to[axis] <= to[*best]) continue;
        const auto changes = [&] {
            for (int64_t e = 0; e < from.elements(); ++e) {
                const int64_t index = e / strides[axis] % to[axis];
                if (index > 0 && root_of(e) != root_of(e - strides[axis])) return true;
            }
            return false;
        };
        if (to[axis] > 1 && changes()) best = axis;
    }
    if (!best) return stays(node, in, sets); // one set in all
    ChannelAxis out;
    out.axis = best;
    out.channels.assign(static_cast<size_t>(to[*best]), -1);
    for (int64_t e = 0; e < from.elements(); ++e) {
        int& channel = out.channels[static_cast<size_t>(e / strides[*best] % to[*best])];
        if (channel < 0)
            channel = root_of(e);
        else if (channel != root_of(e))
            sets.join(channel, root_of(e));
    }
    return out;
}

ChannelAxis transposed(const TransposeAttributes& a, const ChannelAxis& in) {
    ChannelAxis out = in;
    for (size_t i = 0; i < a.perm.size(); ++i)
        if (static_cast<size_t>(a.perm[i]) == *in.axis) out.axis = i;
    return out;
}

ChannelAxis sliced(const Node& node, const SliceAttributes& a, const ChannelAxis& in, ChannelSets& sets) {
    const size_t axis = *in.axis;
    if (a.steps[axis] != 1 || a.ends[axis] <= a.starts[axis]) return stays(node, in, sets);
    ChannelAxis out;
    out.axis = axis;
    out.channels.assign(in.channels.begin() + a.starts[axis], in.channels.begin() + a.ends[axis]);
    return out;
}

ChannelAxis padded(const PadAttributes& a, const ChannelAxis& in, ChannelSets& sets) {
    ChannelAxis out;
    out.axis = in.axis;
    for (int64_t i = 0; i < a.before[*in.axis]; ++i) out.channels.push_back(sets.add());
    out.channels.insert(out.channels.end(), in.channels.begin(), in.channels.end());
    for (int64_t i = 0; i < a.after[*in.axis]; ++i) out.channels.push_back(sets.add());
    return out;
}

ChannelAxis gathered(const Node& node, const GatherAttributes& a, const ChannelAxis& in, ChannelSets& sets) {
    const auto axis = static_cast<size_t>(a.axis);
    ChannelAxis out = in;
    if (axis != *in.axis) {
        if (a.drop_axis && axis < *in.axis) --*out.axis;
        return out;
    }
    if (a.drop_axis) return stays(node, in, sets);
    out.channels.clear();
    for (const int64_t index : a.indices) out.channels.push_back(in.channels[static_cast<size_t>(index)]);
    return out;
}

ChannelAxis expanded(const Graph& graph, const Node& node, const ChannelAxis& in, ChannelSets& sets) {
    const Shape& from = graph.value(node.inputs[0]).shape;
    const Shape& to = graph.value(node.output()).shape;
    ChannelAxis out;
    out.axis = *in.axis + to.rank() - from.rank();
    const auto target = static_cast<size_t>(to[*out.axis]);
    if (target > in.channels.size() && in.channels.size() == 1) return stays(node, in, sets);
    while (out.channels.size() < target) // tiles repeat it
        out.channels.insert(out.channels.end(), in.channels.begin(), in.channels.end());
    return out;
}

/// Input channel of depth_to_space for `part` of output channel `channel`, of space_to_depth the reverse.
size_t block_channel(const BlockAttributes& a, size_t channel, size_t part, size_t channels) {
    const auto parts = static_cast<size_t>(a.block * a.block);
    return a.column_row_depth ? channel * parts + part : part * channels + channel;
}

ChannelAxis depth_to_space(const Node& node, const ChannelAxis& in, ChannelSets& sets) {
    const auto& a = std::get<BlockAttributes>(node.attributes);
    if (*in.axis != 1) return stays(node, in, sets);
    const auto parts = static_cast<size_t>(a.block * a.block);
    const size_t channels = in.channels.size() / parts;
    ChannelAxis out;
    out.axis = 1;
    for (size_t c = 0; c < channels; ++c) {
        const int first = in.channels[block_channel(a, c, 0, channels)];
        for (size_t p = 1; p < parts; ++p) sets.join(first, in.channels[block_channel(a, c, p, channels)]);
        out.channels.push_back(first);
    }
    return out;
}

ChannelAxis space_to_depth(const Node& node, const ChannelAxis& in, ChannelSets& sets) {
    const auto& a = std::get<BlockAttributes>(node.attributes);
    if (*in.axis != 1) return stays(node, in, sets);
    ChannelAxis out;
    out.axis = 1;
    for (int64_t p = 0; p < a.block * a.block; ++p)
        out.channels.insert(out.channels.end(), in.channels.begin(), in.channels.end());
    return out;
}

} // namespace

ChannelAxis moved(const Graph& graph, const Node& node, const ChannelAxis& in, ChannelSets& sets) {
    switch (node.op) {
    case Op::reshape:
        return reshaped(graph, node, in, sets);
    case Op::transpose:
        return transposed(std::get<TransposeAttributes>(node.attributes), in);
    case Op::slice:
        return sliced(node, std::get<SliceAttributes>(node.attributes), in, sets);
    case Op::pad:
        return padded(std::get<PadAttributes>(node.attributes), in, sets);
    case Op::gather:
        return gathered(node, std::get<GatherAttributes>(node.attributes), in, sets);
    case Op::expand:
        return expanded(graph, node, in, sets);
    case Op::depth_to_space:
        return depth_to_space(node, in, sets);
    case Op::space_to_depth:
        return space_to_depth(node, in, sets);
    default:
        return stays(node, in, sets);
    }
}

ChannelAxis joined(const Graph& graph, const Node& node, const std::vector<const ChannelAxis*>& inputs,
                   ChannelSets& sets) {
    const auto axis = static_cast<size_t>(std::get<ConcatAttributes>(node.attributes).axis);
    ChannelAxis out;
    bool any = false;
    for (const ChannelAxis* in : inputs) {
        if (in->axis && *in->axis != axis) {
            for (const ChannelAxis* other : inputs)
                if (other->axis) stays(node, *other, sets);
            return {};
        }
        any = any || in->axis;
    }
    if (!any) return {};
    out.axis = axis;
    for (size_t i = 0; i < inputs.size(); ++i) {
        out.channels.insert(out.channels.end(), inputs[i]->channels.begin(), inputs[i]->channels.end());
        if (inputs[i]->axis) continue;
        for (int64_t n = 0; n < graph.value(node.inputs[i]).shape[axis]; ++n) {
            out.channels.push_back(sets.add());
            sets.pin(out.channels.back(), title(node) + " joins it with values that stay");
        }
    }
    return out;
}

} // namespace widthwise::passes
