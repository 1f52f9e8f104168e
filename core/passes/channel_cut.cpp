#include "core/passes/channel_cut.h"

#include "core/passes/graph_copy.h"

#include <algorithm>

namespace widthwise::passes {
namespace {

/// A constant on its way to be cut.
struct Array {
    Shape shape;
    std::vector<float> values;

    void take(size_t axis, const std::vector<int64_t>& indices) {
        int64_t outer = 1, inner = 1;
        for (size_t i = 0; i < axis; ++i) outer *= shape[i];
        for (size_t i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
        std::vector<float> taken;
        taken.reserve(static_cast<size_t>(outer * inner) * indices.size());
        for (int64_t o = 0; o < outer; ++o)
            for (const int64_t index : indices) {
                const auto from = values.begin() + (o * shape[axis] + index) * inner;
                taken.insert(taken.end(), from, from + inner);
            }
        values = std::move(taken);
        shape[axis] = static_cast<int64_t>(indices.size());
    }
};

int64_t count_below(const std::vector<int64_t>& indices, int64_t bound) {
    return std::lower_bound(indices.begin(), indices.end(), bound) - indices.begin();
}

class Cut {
public:
    Cut(const Graph& graph, const ChannelLabels& labels, const std::vector<bool>& removed)
        : m_graph(graph), m_labels(labels), m_removed(removed), m_copy(graph) {}

    Result<GraphPtr> run() {
        for (const Node& node : m_graph.nodes())
            if (Result<void> ok = copy(node); !ok) return forward_error(ok);
        return m_copy.finish(m_graph.outputs());
    }

private:
    [[nodiscard]] bool loses(ValueId value) const {
        const ChannelAxis& axis = m_labels.at(value);
        return std::any_of(axis.channels.begin(), axis.channels.end(), [&](int channel) {
            return m_removed[static_cast<size_t>(m_labels.sets().root(channel))];
        });
    }
    [[nodiscard]] std::vector<int64_t> kept(ValueId value) const {
        return kept_indices(m_labels.at(value), m_labels.sets(), m_removed);
    }
    [[nodiscard]] Array array(ValueId constant) const {
        const Value& value = m_graph.value(constant);
        return {value.shape, value.constant->to_f32()};
    }
    ValueId add(ValueId old, Array array) {
        return m_copy.constant(m_graph.value(old).name, std::move(array.shape), std::move(array.values));
    }

    Result<void> copy(const Node& node) {
        bool touched = loses(node.output());
        for (const ValueId input : node.inputs) touched = touched || loses(input);
        if (!touched) return m_copy.copy(node);
        switch (node.op) {
        case Op::conv:
        case Op::conv_transpose:
        case Op::gemm:
            return copy_weighted(node);
        case Op::batch_norm:
        case Op::instance_norm:
        case Op::multi_threshold:
            return copy_by_channel(node);
        default:
            return m_copy.copy(node, attributes_of(node), elementwise_inputs(node));
        }
    }

    Result<void> copy_weighted(const Node& node);
    Result<void> copy_by_channel(const Node& node);
    [[nodiscard]] Attributes attributes_of(const Node& node) const;
    [[nodiscard]] std::vector<ValueId> elementwise_inputs(const Node& node);

    const Graph& m_graph;
    const ChannelLabels& m_labels;
    const std::vector<bool>& m_removed;
    GraphCopy m_copy;
};

/// Channels of the first group that has any left, as positions within it: the same in all that have.
std::vector<int64_t> positions(const std::vector<int64_t>& kept, int64_t each) {
    std::vector<int64_t> result;
    for (const int64_t index : kept)
        if (index / each == kept.front() / each) result.push_back(index % each);
    return result;
}

int64_t groups_left(const std::vector<int64_t>& kept, int64_t each) {
    int64_t count = 0, last = -1;
    for (const int64_t index : kept) {
        count += index / each != last;
        last = index / each;
    }
    return count;
}

Result<void> Cut::copy_weighted(const Node& node) {
    Attributes attributes = node.attributes;
    const bool transposed = node.op == Op::conv_transpose;
    ConvAttributes* conv = transposed ? &std::get<ConvTransposeAttributes>(attributes).conv
                                      : std::get_if<ConvAttributes>(&attributes);
    const int64_t groups = conv ? conv->group : 1;
    const std::vector<int64_t> out = kept(node.output());
    Array weights = array(node.inputs[1]);
    const int64_t out_each = static_cast<int64_t>(m_labels.at(node.output()).channels.size()) / groups;
    const int64_t in_each = transposed ? weights.shape[0] / groups : weights.shape[1];
    std::vector<int64_t> in(static_cast<size_t>(in_each * groups));
    for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int64_t>(i);
    if (loses(node.inputs[0])) in = kept(node.inputs[0]);
    weights.take(0, transposed ? in : out);
    weights.take(1, transposed ? positions(out, out_each) : positions(in, in_each));
    if (conv) conv->group = groups_left(out, out_each);
    std::vector<ValueId> inputs{m_copy.map(node.inputs[0]), add(node.inputs[1], std::move(weights))};
    if (node.inputs.size() > 2) {
        Array bias = array(node.inputs[2]);
        bias.take(0, out);
        inputs.push_back(add(node.inputs[2], std::move(bias)));
    }
    return m_copy.copy(node, std::move(attributes), std::move(inputs));
}

/// Constants [C] or [C, ...] (or one for all channels).
Result<void> Cut::copy_by_channel(const Node& node) {
    std::vector<ValueId> inputs{m_copy.map(node.inputs[0])};
    const std::vector<int64_t> channels = kept(node.inputs[0]);
    const int64_t before = m_graph.value(node.inputs[0]).shape[1];
    for (size_t i = 1; i < node.inputs.size(); ++i) {
        Array constant = array(node.inputs[i]);
        if (constant.shape[0] == before) constant.take(0, channels);
        inputs.push_back(add(node.inputs[i], std::move(constant)));
    }
    return m_copy.copy(node, node.attributes, std::move(inputs));
}

/// Constants lie under the output as numpy broadcasts them.
std::vector<ValueId> Cut::elementwise_inputs(const Node& node) {
    std::vector<ValueId> inputs;
    const ChannelAxis& out = m_labels.at(node.output());
    const Shape& shape = m_graph.value(node.output()).shape;
    for (const ValueId input : node.inputs) {
        const Value& value = m_graph.value(input);
        const size_t offset = shape.rank() - std::min(shape.rank(), value.shape.rank());
        const bool under = value.constant && out.axis && *out.axis >= offset &&
                           value.shape[*out.axis - offset] == shape[*out.axis];
        if (under && loses(node.output())) {
            Array constant = array(input);
            constant.take(*out.axis - offset, kept(node.output()));
            inputs.push_back(add(input, std::move(constant)));
        } else {
            inputs.push_back(m_copy.map(input));
        }
    }
    return inputs;
}

/// What names sizes or positions along the axis.
Attributes Cut::attributes_of(const Node& node) const {
    Attributes attributes = node.attributes;
    const ChannelAxis& in = m_labels.at(node.inputs[0]);
    const ChannelAxis& out = m_labels.at(node.output());
    if (auto* reshape = std::get_if<ReshapeAttributes>(&attributes); reshape && out.axis) {
        reshape->shape[*out.axis] = static_cast<int64_t>(kept(node.output()).size());
    } else if (auto* expand = std::get_if<ExpandAttributes>(&attributes); expand && out.axis) {
        expand->shape[*out.axis] = static_cast<int64_t>(kept(node.output()).size());
    } else if (auto* slice = std::get_if<SliceAttributes>(&attributes); slice && in.axis) {
        const std::vector<int64_t> left = kept(node.inputs[0]);
        slice->starts[*in.axis] = count_below(left, slice->starts[*in.axis]);
        slice->ends[*in.axis] = count_below(left, slice->ends[*in.axis]);
    } else if (auto* pad = std::get_if<PadAttributes>(&attributes); pad && out.axis) {
        const std::vector<int64_t> left = kept(node.output());
        const int64_t before = pad->before[*out.axis];
        const int64_t input = m_graph.value(node.inputs[0]).shape[*out.axis];
        pad->before[*out.axis] = count_below(left, before);
        pad->after[*out.axis] = static_cast<int64_t>(left.size()) - count_below(left, before + input);
    } else if (auto* gather = std::get_if<GatherAttributes>(&attributes);
               gather && in.axis == static_cast<size_t>(gather->axis)) {
        const std::vector<int64_t> left = kept(node.inputs[0]);
        std::vector<int64_t> indices;
        for (const int64_t i : kept(node.output()))
            indices.push_back(count_below(left, gather->indices[static_cast<size_t>(i)]));
        gather->indices = std::move(indices);
    }
    return attributes;
}

} // namespace

std::vector<int64_t> kept_indices(const ChannelAxis& axis, const ChannelSets& sets,
                                  const std::vector<bool>& removed) {
    std::vector<int64_t> indices;
    for (size_t i = 0; i < axis.channels.size(); ++i)
        if (!removed[static_cast<size_t>(sets.root(axis.channels[i]))])
            indices.push_back(static_cast<int64_t>(i));
    return indices;
}

Result<GraphPtr> without_channels(const Graph& graph, const ChannelLabels& labels,
                                  const std::vector<bool>& removed) {
    return Cut(graph, labels, removed).run();
}

} // namespace widthwise::passes
