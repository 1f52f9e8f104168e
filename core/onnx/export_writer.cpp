#include "core/onnx/export_writer.h"

#include "core/onnx/proto_tensor.h"

namespace widthwise::onnx {

DataType exported_type(const Graph& graph, ValueId value) {
    for (;;) {
        const NodeId producer = graph.producer(value);
        if (!producer.valid()) return DataType::f32; // inputs of other types are not read by any op of ours
        const Node& node = graph.node(producer);
        const auto* function = std::get_if<FunctionAttributes>(&node.attributes);
        switch (node.op) {
        case Op::compare:
            return DataType::boolean;
        case Op::mul:
            return node.op_type == "And" ? DataType::boolean : DataType::f32;
        case Op::maximum:
            return node.op_type == "Or" ? DataType::boolean : DataType::f32;
        case Op::function:
            if (function->function == Function::logical_not) return DataType::boolean;
            return function->function == Function::truncate ? DataType::i64 : DataType::f32;
        case Op::arg_max:
            return DataType::i64;
        case Op::identity:
            if (node.op_type == "Cast" || node.op_type == "CastLike") return DataType::f32;
            break;
        case Op::reshape:
        case Op::transpose:
        case Op::slice:
        case Op::gather:
        case Op::expand:
            break;
        default:
            return DataType::f32;
        }
        value = node.inputs.front(); // what moves numbers leaves them as they are
    }
}

namespace exporting {

std::string write_integers(const ExportContext& c, const std::string& stem, std::vector<int64_t> values) {
    const auto count = static_cast<int64_t>(values.size());
    return c.write_constant(stem, Tensor::from_i64(Shape{count}, std::move(values)));
}

std::string write_scalar(const ExportContext& c, const std::string& stem, float value) {
    return c.write_constant(stem, Tensor::from_f32(Shape{}, {value}));
}

std::string read_as(const ExportContext& c, ValueId id, DataType type) {
    const Value& value = c.graph.value(id);
    if (value.constant && type == DataType::boolean) {
        Tensor truth(DataType::boolean, value.shape);
        const auto numbers = value.constant->to_f32();
        for (size_t i = 0; i < numbers.size(); ++i) truth.as<uint8_t>()[i] = numbers[i] != 0;
        return c.write_constant(value.name, truth);
    }
    if (value.constant && type == DataType::i64)
        return c.write_constant(value.name, Tensor::from_i64(value.shape, value.constant->to_i64()));
    if (value.constant || exported_type(c.graph, id) == type) return c.name_of(id);
    const std::string name = c.fresh_name(value.name + ".cast");
    NodeWriter(c, name, "Cast").reads(c.name_of(id)).writes(name).integer("to", onnx_type_of(type));
    return name;
}

NodeWriter start(const ExportContext& c, const Node& node, const std::string& op_type) {
    std::vector<std::string> inputs; // a Cast comes before the node
    for (const ValueId input : node.inputs) inputs.push_back(read_as(c, input, DataType::f32));
    NodeWriter writer(c, node.name, op_type);
    for (const std::string& input : inputs) writer.reads(input);
    writer.writes(c.name_of(node.output()));
    return writer;
}

NodeWriter start_moving(const ExportContext& c, const Node& node, const std::string& op_type) {
    NodeWriter writer(c, node.name, op_type);
    writer.reads(c.name_of(node.inputs.front())).writes(c.name_of(node.output()));
    return writer;
}

std::string spelled(const Node& node, std::initializer_list<const char*> allowed) {
    for (const char* name : allowed) {
        if (node.op_type == name) return name;
    }
    return *allowed.begin();
}

} // namespace exporting

} // namespace widthwise::onnx
