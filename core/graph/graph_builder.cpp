#include "core/graph/graph.h"

#include "core/base/text.h"

#include <algorithm>
#include <cassert>

namespace widthwise {

GraphBuilder::GraphBuilder(std::string name, int opset) {
    m_graph.m_name = std::move(name);
    m_graph.m_opset = opset;
}

ValueId GraphBuilder::new_value(Value value) {
    const ValueId id{static_cast<int>(m_graph.m_values.size())};
    m_graph.m_values.push_back(std::move(value));
    m_graph.m_producers.emplace_back();
    m_graph.m_consumers.emplace_back();
    return id;
}

NodeId GraphBuilder::new_node(Node node) {
    const NodeId id{static_cast<int>(m_graph.m_nodes.size())};
    for (const ValueId input : node.inputs) m_graph.m_consumers[input.position()].push_back(id);
    for (const ValueId output : node.outputs) m_graph.m_producers[output.position()] = id;
    m_node_names.insert(node.name);
    m_graph.m_nodes.push_back(std::move(node));
    return id;
}

std::string GraphBuilder::unique_name(std::string name, const std::string& op_type) const {
    if (name.empty()) name = op_type + "_" + std::to_string(m_graph.m_nodes.size());
    if (!m_node_names.contains(name)) return name;
    for (int i = 2;; ++i) {
        std::string candidate = name + "_" + std::to_string(i);
        if (!m_node_names.contains(candidate)) return candidate;
    }
}

ValueId GraphBuilder::input(std::string name, Shape shape, DataType type) {
    assert(shape.rank() >= 1);
    const ValueId id = new_value(Value{std::move(name), std::move(shape), true, type, nullptr});
    m_graph.m_inputs.push_back(id);
    return id;
}

ValueId GraphBuilder::constant(std::string name, TensorPtr tensor) {
    assert(tensor);
    const DataType type = tensor->type();
    Shape shape = tensor->shape();
    return new_value(Value{std::move(name), std::move(shape), true, type, std::move(tensor)});
}

Result<ValueId> GraphBuilder::add(Op op, std::string op_type, std::string name, Attributes attributes,
                                  std::vector<ValueId> inputs, std::string output_name) {
    if (!name.empty() && m_node_names.contains(name)) {
        return fail(ErrorCode::invalid_input, "two nodes have the same name", "node " + in_quotes(name));
    }
    name = unique_name(std::move(name), op_type);
    const std::string where = "node " + in_quotes(name);
    if (op == Op::unsupported) {
        return fail(ErrorCode::unsupported, "an unsupported op needs its reason", where);
    }
    std::vector<const Value*> values;
    bool known = true;
    for (const ValueId id : inputs) {
        if (!id.valid() || id.position() >= m_graph.m_values.size()) {
            return fail(ErrorCode::invalid_input, "it reads a value that nothing produces", where);
        }
        values.push_back(&m_graph.value(id));
        known = known && values.back()->shape_known;
    }
    Value out;
    out.name = output_name.empty() ? name : std::move(output_name);
    out.shape_known = known;
    if (known) {
        auto shape = infer_shape(op, attributes, values);
        if (!shape) {
            shape.error().where = where;
            return forward_error(shape);
        }
        out.shape = std::move(*shape);
    }
    const ValueId output = new_value(std::move(out));
    new_node(Node{
        std::move(name), std::move(op_type), op, std::move(attributes), std::move(inputs), {output}, {}});
    return output;
}

std::vector<ValueId> GraphBuilder::add_unsupported(std::string op_type, std::string name, std::string why,
                                                   std::vector<ValueId> inputs, std::vector<Value> outputs,
                                                   Attributes attributes) {
    Node node;
    node.name = unique_name(std::move(name), op_type);
    node.op_type = std::move(op_type);
    node.op = Op::unsupported;
    node.attributes = std::move(attributes);
    node.inputs = std::move(inputs);
    node.why_unsupported = std::move(why);
    for (Value& value : outputs) node.outputs.push_back(new_value(std::move(value)));
    std::vector<ValueId> ids = node.outputs;
    new_node(std::move(node));
    return ids;
}

void GraphBuilder::output(ValueId value) {
    m_graph.m_outputs.push_back(value);
}

Result<GraphPtr> GraphBuilder::build() {
    if (m_graph.m_inputs.empty())
        return fail(ErrorCode::invalid_input, "the network has no input", m_graph.m_name);
    if (m_graph.m_outputs.empty())
        return fail(ErrorCode::invalid_input, "the network has no output", m_graph.m_name);
    for (const ValueId id : m_graph.m_outputs) {
        if (!id.valid() || id.position() >= m_graph.m_values.size()) {
            return fail(ErrorCode::invalid_input, "an output of the network is produced by nothing",
                        m_graph.m_name);
        }
    }
    return std::make_shared<const Graph>(std::move(m_graph));
}

} // namespace widthwise
