// Functions of one number and element-wise ops of several.

#include "core/onnx/export_writer.h"
#include "core/onnx/proto_tensor.h"

#include <cmath>

namespace widthwise::onnx::exporting {

namespace {

void write_clip(const ExportContext& c, const Node& node) {
    const auto& a = std::get<ClipAttributes>(node.attributes);
    const auto bound = [&](const char* suffix, float value) {
        return std::isinf(value) ? std::string() : write_scalar(c, node.name + suffix, value);
    };
    const std::string lo = bound(".min", a.lo), hi = bound(".max", a.hi);
    const std::string input = read_as(c, node.inputs[0], DataType::f32);
    NodeWriter writer(c, node.name, "Clip");
    writer.reads(input);
    if (!lo.empty() || !hi.empty()) writer.reads(lo);
    if (!hi.empty()) writer.reads(hi);
    writer.writes(c.name_of(node.output()));
}

/// x sigmoid(x) has no op of its own before operator set 24.
void write_silu(const ExportContext& c, const Node& node) {
    const std::string input = read_as(c, node.inputs[0], DataType::f32),
                      gate = c.fresh_name(node.name + ".gate");
    NodeWriter(c, gate, "Sigmoid").reads(input).writes(gate);
    NodeWriter(c, node.name, "Mul").reads(input).reads(gate).writes(c.name_of(node.output()));
}

const char* name_of(Function function) {
    switch (function) {
    case Function::hard_sigmoid:
        return "HardSigmoid";
    case Function::hard_swish:
        return "HardSwish";
    case Function::gelu:
    case Function::gelu_tanh:
        return "Gelu";
    case Function::erf:
        return "Erf";
    case Function::log:
        return "Log";
    case Function::sqrt:
        return "Sqrt";
    case Function::neg:
        return "Neg";
    case Function::abs:
        return "Abs";
    case Function::reciprocal:
        return "Reciprocal";
    case Function::floor:
        return "Floor";
    case Function::ceil:
        return "Ceil";
    case Function::round:
        return "Round";
    case Function::sign:
        return "Sign";
    case Function::truncate:
        return "Cast";
    case Function::elu:
        return "Elu";
    case Function::selu:
        return "Selu";
    case Function::softplus:
        return "Softplus";
    case Function::softsign:
        return "Softsign";
    case Function::mish:
        return "Mish";
    case Function::silu:
        return "Sigmoid"; // write_silu
    case Function::logical_not:
        return "Not";
    }
    return "";
}

void write_function(const ExportContext& c, const Node& node) {
    const auto& a = std::get<FunctionAttributes>(node.attributes);
    switch (a.function) {
    case Function::silu:
        write_silu(c, node);
        return;
    case Function::logical_not: {
        const std::string input = read_as(c, node.inputs[0], DataType::boolean);
        NodeWriter(c, node.name, "Not").reads(input).writes(c.name_of(node.output()));
        return;
    }
    default:
        break;
    }
    auto writer = start(c, node, name_of(a.function));
    switch (a.function) {
    case Function::hard_sigmoid:
        writer.real("alpha", a.alpha).real("beta", a.beta);
        break;
    case Function::gelu_tanh:
        writer.text("approximate", "tanh");
        break;
    case Function::elu:
        writer.real("alpha", a.alpha);
        break;
    case Function::selu:
        writer.real("alpha", a.alpha).real("gamma", a.beta);
        break;
    case Function::truncate:
        writer.integer("to", onnx_type_of(DataType::i64));
        break;
    default:
        break;
    }
}

const char* name_of(Comparison comparison) {
    switch (comparison) {
    case Comparison::equal:
        return "Equal";
    case Comparison::less:
        return "Less";
    case Comparison::less_or_equal:
        return "LessOrEqual";
    case Comparison::greater:
        return "Greater";
    case Comparison::greater_or_equal:
        return "GreaterOrEqual";
    }
    return "";
}

/// Comparisons take what both sides are called: booleans (Equal alone), integers, float32.
void write_compare(const ExportContext& c, const Node& node) {
    const auto& a = std::get<CompareAttributes>(node.attributes);
    const auto type_of = [&](size_t i, size_t other) {
        const bool constant = c.graph.value(node.inputs[i]).constant != nullptr;
        return exported_type(c.graph, node.inputs[constant ? other : i]);
    };
    DataType type = type_of(0, 1) == type_of(1, 0) ? type_of(0, 1) : DataType::f32;
    if (type == DataType::boolean && a.comparison != Comparison::equal) type = DataType::f32;
    const std::string left = read_as(c, node.inputs[0], type), right = read_as(c, node.inputs[1], type);
    NodeWriter(c, node.name, name_of(a.comparison)).reads(left).reads(right).writes(c.name_of(node.output()));
}

/// And and Or of ONNX take booleans; Mul and Max numbers.
void write_logic(const ExportContext& c, const Node& node, const char* logic, const std::string& arithmetic) {
    if (node.op_type != logic) {
        start(c, node, arithmetic);
        return;
    }
    const std::string a = read_as(c, node.inputs[0], DataType::boolean),
                      b = read_as(c, node.inputs[1], DataType::boolean);
    NodeWriter(c, node.name, logic).reads(a).reads(b).writes(c.name_of(node.output()));
}

void write_where(const ExportContext& c, const Node& node) {
    const std::string condition = read_as(c, node.inputs[0], DataType::boolean),
                      yes = read_as(c, node.inputs[1], DataType::f32),
                      no = read_as(c, node.inputs[2], DataType::f32);
    NodeWriter(c, node.name, "Where").reads(condition).reads(yes).reads(no).writes(c.name_of(node.output()));
}

/// Cast makes float32 of anything; Identity and Dropout keep what they get.
void write_identity(const ExportContext& c, const Node& node) {
    if (node.op_type == "Cast" || node.op_type == "CastLike")
        start_moving(c, node, "Cast").integer("to", onnx_type_of(DataType::f32));
    else
        start_moving(c, node, spelled(node, {"Identity", "Dropout"}));
}

std::string plain_name(const Node& node) {
    switch (node.op) {
    case Op::relu:
        return "Relu";
    case Op::sigmoid:
        return "Sigmoid";
    case Op::tanh:
        return "Tanh";
    case Op::exp:
        return "Exp";
    case Op::prelu:
        return "PRelu";
    case Op::add:
        return spelled(node, {"Add", "Sum"});
    case Op::sub:
        return "Sub";
    case Op::div:
        return "Div";
    case Op::pow:
        return "Pow";
    case Op::minimum:
        return "Min";
    default:
        return {};
    }
}

} // namespace

bool write_pointwise(const ExportContext& c, const Node& node) {
    switch (node.op) {
    case Op::leaky_relu:
        start(c, node, "LeakyRelu").real("alpha", std::get<LeakyReluAttributes>(node.attributes).alpha);
        return true;
    case Op::clip:
        write_clip(c, node);
        return true;
    case Op::function:
        write_function(c, node);
        return true;
    case Op::mul:
        write_logic(c, node, "And", "Mul");
        return true;
    case Op::maximum:
        write_logic(c, node, "Or", "Max");
        return true;
    case Op::compare:
        write_compare(c, node);
        return true;
    case Op::where:
        write_where(c, node);
        return true;
    case Op::identity:
        write_identity(c, node);
        return true;
    default:
        break;
    }
    const std::string name = plain_name(node);
    if (!name.empty()) start(c, node, name);
    return !name.empty();
}

} // namespace widthwise::onnx::exporting
