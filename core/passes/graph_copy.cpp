#include "core/passes/graph_copy.h"

#include <algorithm>

namespace widthwise::passes {

GraphCopy::GraphCopy(const Graph& from) : m_from(from), m_builder(from.name(), from.opset()) {
    for (const ValueId id : from.inputs()) {
        const Value& value = from.value(id);
        m_mapped[id] = m_builder.input(value.name, value.shape, value.type);
    }
}

ValueId GraphCopy::map(ValueId old) {
    if (const auto found = m_mapped.find(old); found != m_mapped.end()) return found->second;
    const Value& value = m_from.value(old);
    if (!value.constant) return {};
    return m_mapped[old] = m_builder.constant(value.name, value.constant);
}

Result<void> GraphCopy::copy(const Node& node, Attributes attributes) {
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(map(input));
    return copy(node, std::move(attributes), std::move(inputs));
}

Result<void> GraphCopy::copy(const Node& node, Attributes attributes, std::vector<ValueId> inputs) {
    if (node.op == Op::unsupported)
        return fail(ErrorCode::unsupported, node.op_type + " cannot be run: " + node.why_unsupported,
                    node.name);
    Result<ValueId> added = m_builder.add(node.op, node.op_type, node.name, std::move(attributes),
                                          std::move(inputs), m_from.value(node.output()).name);
    if (!added) return forward_error(added);
    m_mapped[node.output()] = *added;
    return {};
}

Result<ValueId> GraphCopy::add(const Node& node, Attributes attributes, std::vector<ValueId> inputs) {
    return m_builder.add(node.op, node.op_type, node.name, std::move(attributes), std::move(inputs));
}

ValueId GraphCopy::constant(std::string name, Shape shape, std::vector<float> values) {
    return m_builder.constant(std::move(name), std::make_shared<const Tensor>(
                                                   Tensor::from_f32(std::move(shape), std::move(values))));
}

Result<void> GraphCopy::copy_up_to(std::span<const ValueId> values) {
    std::vector<bool> needed(m_from.values().size(), false);
    for (const ValueId value : values) needed[value.position()] = true;
    const auto& nodes = m_from.nodes();
    const auto used = [&](const Node& node) {
        return std::any_of(node.outputs.begin(), node.outputs.end(),
                           [&](ValueId output) { return needed[output.position()]; });
    };
    for (size_t n = nodes.size(); n-- > 0;)
        if (used(nodes[n]))
            for (const ValueId input : nodes[n].inputs) needed[input.position()] = true;
    for (const Node& node : nodes)
        if (used(node))
            if (Result<void> ok = copy(node); !ok) return ok;
    return {};
}

Result<GraphPtr> GraphCopy::finish(std::span<const ValueId> outputs) {
    for (const ValueId output : outputs) m_builder.output(map(output));
    return m_builder.build();
}

Result<GraphPtr> up_to(const Graph& graph, std::span<const ValueId> values) {
    GraphCopy copy(graph);
    if (Result<void> ok = copy.copy_up_to(values); !ok) return forward_error(ok);
    return copy.finish(values);
}

Result<GraphPtr> input_as_read(const Graph& graph, NodeId layer) {
    GraphCopy copy(graph);
    const Node& node = graph.node(layer);
    const ValueId input = node.inputs[0];
    if (Result<void> ok = copy.copy_up_to({&input, 1}); !ok) return forward_error(ok);
    Node quantize;
    quantize.name = node.name;
    quantize.op_type = "Quantize";
    quantize.op = Op::quantize;
    quantize.inputs = {input};
    quantize.outputs = {node.output()};
    if (Result<void> ok = copy.copy(quantize); !ok) return forward_error(ok);
    const ValueId output = node.output();
    return copy.finish({&output, 1});
}

} // namespace widthwise::passes
