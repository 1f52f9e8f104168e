#include "core/passes/channel_labels.h"

#include "core/base/text.h"
#include "core/graph/layer_work.h"

#include <algorithm>

namespace widthwise::passes {

std::string title(const Node& node) {
    return in_quotes(node.name) + " (" + node.op_type + ")";
}

ChannelLabels::ChannelLabels(const Graph& graph) : m_graph(graph), m_axes(graph.values().size()) {
    for (const Node& node : graph.nodes()) {
        if (node.outputs.size() == 1)
            m_axes[node.output().position()] = follow(node);
        else
            mixed(node);
    }
    for (const ValueId output : graph.outputs()) pin(at(output), "the network gives its channels out");
}

void ChannelLabels::pin(const ChannelAxis& axis, const std::string& why) {
    for (const int channel : axis.channels) m_sets.pin(channel, why);
}

ChannelAxis ChannelLabels::mixed(const Node& node) {
    for (const ValueId input : node.inputs) pin(at(input), title(node) + " works across channels");
    return {};
}

ChannelAxis ChannelLabels::along(const Node& node, size_t axis) {
    const ChannelAxis& in = at(node.inputs[0]);
    if (in.axis == axis) return in;
    pin(in, title(node) + " reads its channels along another axis");
    return {};
}

ChannelAxis ChannelLabels::weighted(const Node& node, int64_t groups) {
    const Shape& in_shape = m_graph.value(node.inputs[0]).shape;
    const Shape& out_shape = m_graph.value(node.output()).shape;
    const bool fully_connected = node.op == Op::gemm;
    const ChannelAxis in = along(node, fully_connected ? in_shape.rank() - 1 : 1);
    ChannelAxis out;
    out.axis = fully_connected ? out_shape.rank() - 1 : 1;
    for (int64_t i = 0; i < out_shape[*out.axis]; ++i) out.channels.push_back(m_sets.add());
    if (groups == 1) return out;

    const auto count = static_cast<size_t>(groups);
    const size_t out_each = out.channels.size() / count, in_each = static_cast<size_t>(in_shape[1]) / count;
    if (count >= out_each && count >= in_each) {
        for (size_t g = 0; g < count; ++g) {
            const int first = out.channels[g * out_each];
            for (size_t i = 1; i < out_each; ++i) m_sets.join(first, out.channels[g * out_each + i]);
            if (!in.axis)
                m_sets.pin(first, "its groups read channels that stay");
            else
                for (size_t i = 0; i < in_each; ++i) m_sets.join(first, in.channels[g * in_each + i]);
        }
        return out;
    }
    const auto tie_positions = [&](const std::vector<int>& channels, size_t each) {
        for (size_t i = each; i < channels.size(); ++i) m_sets.join(channels[i % each], channels[i]);
    };
    tie_positions(out.channels, out_each);
    if (in.axis) tie_positions(in.channels, in_each);
    return out;
}

ChannelAxis ChannelLabels::elementwise(const Node& node) {
    const Shape& shape = m_graph.value(node.output()).shape;
    ChannelAxis result;
    const auto offset = [&](ValueId input) { return shape.rank() - m_graph.value(input).shape.rank(); };
    for (const ValueId input : node.inputs) {
        const ChannelAxis& own = at(input);
        if (!own.axis) continue;
        const size_t axis = *own.axis + offset(input);
        if (static_cast<int64_t>(own.channels.size()) != shape[axis])
            pin(own, title(node) + " spreads it over many elements");
        else if (!result.axis)
            result = {axis, own.channels};
        else if (*result.axis == axis)
            for (size_t i = 0; i < own.channels.size(); ++i) m_sets.join(result.channels[i], own.channels[i]);
        else
            pin(own, title(node) + " meets other channels along another axis");
    }
    if (!result.axis) return result;
    for (const ValueId input : node.inputs) {
        const Value& value = m_graph.value(input);
        if (value.constant || *result.axis < offset(input)) continue;
        const size_t axis = *result.axis - offset(input);
        if (at(input).axis != axis && value.shape[axis] > 1)
            pin(result, title(node) + " meets values that stay");
    }
    return result;
}

ChannelAxis ChannelLabels::follow(const Node& node) {
    switch (node.op) {
    case Op::conv:
    case Op::conv_transpose:
    case Op::gemm: {
        const auto constant = [&](ValueId input) { return m_graph.value(input).constant != nullptr; };
        if (!std::all_of(node.inputs.begin() + 1, node.inputs.end(), constant)) return mixed(node);
        if (const auto* conv = std::get_if<ConvAttributes>(&node.attributes))
            return weighted(node, conv->group);
        if (const auto* transposed = std::get_if<ConvTransposeAttributes>(&node.attributes))
            return weighted(node, transposed->conv.group);
        return weighted(node, 1);
    }
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::div:
    case Op::pow:
    case Op::minimum:
    case Op::maximum:
    case Op::prelu:
    case Op::compare:
    case Op::where:
        return elementwise(node);
    case Op::concat: {
        std::vector<const ChannelAxis*> inputs;
        for (const ValueId input : node.inputs) inputs.push_back(&at(input));
        return joined(m_graph, node, inputs, m_sets);
    }
    case Op::matmul:
    case Op::lrn:
    case Op::unsupported:
        return mixed(node);
    default:
        return at(node.inputs[0]).axis ? follow_reading(node, at(node.inputs[0])) : ChannelAxis{};
    }
}

ChannelAxis ChannelLabels::follow_reading(const Node& node, const ChannelAxis& in) {
    switch (node.op) {
    case Op::batch_norm:
    case Op::instance_norm:
    case Op::max_pool:
    case Op::average_pool:
    case Op::global_average_pool:
    case Op::resize:
    case Op::multi_threshold:
        return along(node, 1);
    case Op::layer_norm:
        if (*in.axis < static_cast<size_t>(std::get<NormAttributes>(node.attributes).axis)) return in;
        return mixed(node);
    case Op::softmax: {
        const auto& a = std::get<SoftmaxAttributes>(node.attributes);
        const auto axis = static_cast<size_t>(a.axis);
        return *in.axis == axis || (a.flatten_trailing && *in.axis > axis) ? mixed(node) : in;
    }
    case Op::reduce:
    case Op::reduce_mean: {
        const auto& a = std::get<ReduceAttributes>(node.attributes);
        ChannelAxis out = in;
        for (const int64_t axis : a.axes) {
            if (static_cast<size_t>(axis) == *in.axis) return mixed(node);
            if (!a.keep_dims && static_cast<size_t>(axis) < *in.axis) --*out.axis;
        }
        return out;
    }
    case Op::arg_max: {
        const auto& a = std::get<ArgMaxAttributes>(node.attributes);
        const auto axis = static_cast<size_t>(a.axis);
        if (axis == *in.axis) return mixed(node);
        ChannelAxis out = in;
        if (!a.keep_dims && axis < *in.axis) --*out.axis;
        return out;
    }
    case Op::slice:
    case Op::pad:
    case Op::reshape:
    case Op::transpose:
    case Op::gather:
    case Op::expand:
    case Op::depth_to_space:
    case Op::space_to_depth:
        return moved(m_graph, node, in, m_sets);
    default: // element by element
        return in;
    }
}

} // namespace widthwise::passes
