#include "core/onnx/reference_checks.h"

#include "core/base/text.h"
#include "core/onnx/libonnx.h"
#include "core/onnx/proto_tensor.h"

#include <onnx/checker.h>
#include <onnx/defs/schema.h>
#include <onnx/shape_inference/implementation.h>

namespace widthwise::onnx {

namespace {

using ::onnx::OpSchemaRegistry;

/// The first line of what libonnx says, without its "[ShapeInferenceError]" tags.
std::string first_line(const std::exception& problem) {
    std::string text = problem.what();
    text = text.substr(0, text.find('\n'));
    while (!text.empty() && (text.front() == '[' || text.front() == '(')) {
        const size_t end = text.find(text.front() == '[' ? "] " : "): ");
        if (end == std::string::npos) break;
        text = trim(text.substr(end + 2));
    }
    constexpr size_t longest = 300;
    return text.size() > longest ? text.substr(0, longest) + "..." : text;
}

/// libonnx divides by some attributes and multiplies others without a look.
bool sensible(const RawNode& node) {
    static const std::set<std::string> positive{"strides",   "dilations",    "kernel_shape", "group",
                                                "blocksize", "output_shape", "hidden_size"};
    constexpr int64_t limit = int64_t{1} << 31;
    constexpr int64_t positive_limit = int64_t{1} << 15; // its square must fit into 32 bits
    for (const auto& [name, attribute] : node.attributes) {
        const bool is_positive = positive.contains(name);
        const auto fine = [&](int64_t v) {
            return is_positive ? v > 0 && v <= positive_limit : v >= -limit && v <= limit;
        };
        if (const auto* value = std::get_if<int64_t>(&attribute)) {
            if (!fine(*value)) return false;
        } else if (const auto* values = std::get_if<std::vector<int64_t>>(&attribute)) {
            for (const int64_t v : *values) {
                if (!fine(v)) return false;
            }
        }
    }
    return true;
}

/// Ops of operator sets 18 to 21 (onnx/docs/Changelog.md) that an older schema would misjudge, with the set
/// that changed them first.
const std::map<std::string, int64_t>& changed_ops() {
    static const std::map<std::string, int64_t> ops{{"GroupNormalization", 18},
                                                    {"LpPool", 18},
                                                    {"Mish", 18},
                                                    {"Pad", 18},
                                                    {"ReduceL1", 18},
                                                    {"ReduceL2", 18},
                                                    {"ReduceLogSum", 18},
                                                    {"ReduceLogSumExp", 18},
                                                    {"ReduceMax", 18},
                                                    {"ReduceMean", 18},
                                                    {"ReduceMin", 18},
                                                    {"ReduceProd", 18},
                                                    {"ReduceSumSquare", 18},
                                                    {"Resize", 18},
                                                    {"Split", 18},
                                                    {"ScatterElements", 18},
                                                    {"ScatterND", 18},
                                                    {"BitwiseAnd", 18},
                                                    {"BitwiseNot", 18},
                                                    {"BitwiseOr", 18},
                                                    {"BitwiseXor", 18},
                                                    {"CenterCropPad", 18},
                                                    {"Col2Im", 18},
                                                    {"OptionalGetElement", 18},
                                                    {"AveragePool", 19},
                                                    {"Cast", 19},
                                                    {"CastLike", 19},
                                                    {"Constant", 19},
                                                    {"DeformConv", 19},
                                                    {"DequantizeLinear", 19},
                                                    {"QuantizeLinear", 19},
                                                    {"If", 19},
                                                    {"Loop", 19},
                                                    {"Scan", 19},
                                                    {"Reshape", 19},
                                                    {"AffineGrid", 20},
                                                    {"ConstantOfShape", 20},
                                                    {"DFT", 20},
                                                    {"Gelu", 20},
                                                    {"GridSample", 20},
                                                    {"ImageDecoder", 20},
                                                    {"IsInf", 20},
                                                    {"IsNaN", 20},
                                                    {"RegexFullMatch", 20},
                                                    {"StringConcat", 20},
                                                    {"StringSplit", 20},
                                                    {"QLinearMatMul", 21}};
    return ops;
}

/// libonnx takes the spatial rank from one input and indexes what it reads of the others with it.
bool window_fits(const RawNode& node, const std::vector<Operand>& inputs) {
    static const std::map<std::string, size_t> weights{
        {"Conv", 1},    {"ConvTranspose", 1},     {"ConvInteger", 1},   {"QLinearConv", 3}, {"DeformConv", 1},
        {"MaxPool", 0}, {"AveragePool", 0},       {"LpPool", 0},        {"MaxUnpool", 0},   {"MaxRoiPool", 0},
        {"Col2Im", 0},  {"GlobalAveragePool", 0}, {"GlobalMaxPool", 0}, {"GlobalLpPool", 0}};
    const auto it = weights.find(node.op_type);
    if (it == weights.end()) return true;
    const size_t w = it->second;
    if (inputs.size() <= w || !inputs[0].shape || !inputs[w].shape) return false;
    const size_t rank = inputs[0].shape->rank();
    if (rank < 3 || inputs[w].shape->rank() != rank) return false;
    for (const char* name :
         {"kernel_shape", "strides", "dilations", "pads", "output_padding", "output_shape"}) {
        const auto attribute = node.attributes.find(name);
        if (attribute == node.attributes.end()) continue;
        const auto* values = std::get_if<std::vector<int64_t>>(&attribute->second);
        const bool pads = std::string_view(name) == "pads";
        if (!values || values->size() != (pads ? 2 : 1) * (rank - 2)) return false;
    }
    return true;
}

/// The rules of operator sets before 9 index the matrices' dimensions unasked.
bool product_fits(const RawNode& node, const std::vector<Operand>& inputs) {
    if (node.op_type != "Gemm") return true;
    for (size_t i = 0; i < std::min<size_t>(inputs.size(), 2); ++i)
        if (!inputs[i].shape || inputs[i].shape->rank() != 2) return false;
    return true;
}

/// Inputs that the schema wants are there: inference reads them unasked.
bool has_needed_inputs(const ::onnx::OpSchema& schema, const std::vector<Operand>& inputs) {
    const auto count = static_cast<int>(inputs.size());
    if (count < schema.min_input() || count > schema.max_input()) return false;
    for (size_t i = 0; i < inputs.size(); ++i) {
        const auto& formal = schema.inputs()[std::min(i, schema.inputs().size() - 1)];
        if (!inputs[i].present() && formal.GetOption() != ::onnx::OpSchema::Optional) return false;
    }
    return true;
}

void set_type(::onnx::ValueInfoProto& value, const Operand& operand) {
    value.set_name(operand.name);
    auto& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx_type_of(*operand.type));
    if (!operand.shape) return;
    auto& shape = *type.mutable_shape();
    for (const int64_t dim : operand.shape->dims()) shape.add_dim()->set_dim_value(dim);
}

void add_initializer(::onnx::GraphProto& graph, const Operand& operand) {
    auto& tensor = *graph.add_initializer();
    tensor.set_name(operand.name);
    tensor.set_data_type(onnx_type_of(operand.constant->type()));
    for (const int64_t dim : operand.constant->shape().dims()) tensor.add_dims(dim);
    const auto bytes = operand.constant->bytes();
    tensor.set_raw_data(bytes.data(), bytes.size());
}

ReferenceChecks::Output read_output(const ::onnx::ValueInfoProto& value) {
    ReferenceChecks::Output output;
    if (!value.type().has_tensor_type()) return output;
    const auto& type = value.type().tensor_type();
    output.type = data_type_of(type.elem_type());
    if (!type.has_shape()) return output;
    std::vector<int64_t> dims;
    for (const auto& dim : type.shape().dim()) {
        if (!dim.has_dim_value()) return output;
        dims.push_back(dim.dim_value());
    }
    Shape shape(std::move(dims));
    if (shape.checked_elements()) output.shape = std::move(shape);
    return output;
}

} // namespace

int ReferenceChecks::newest_opset() {
    static const int newest = OpSchemaRegistry::DomainToVersionRange::Instance().Map().at("").second;
    return newest;
}

int ReferenceChecks::newest_ir() {
    return ::onnx::Version_MAX;
}

ReferenceChecks::ReferenceChecks(const ModelFile& file) : m_file(file) {
    for (const auto& import : file.proto().opset_import()) {
        if (!import.domain().empty() && import.domain() != "ai.onnx") continue;
        m_newer = import.version() > newest_opset();
        m_file_opset = import.version();
        m_opset = m_newer ? newest_opset() : static_cast<int>(std::max<int64_t>(1, import.version()));
    }
}

bool ReferenceChecks::knows(const RawNode& node) const {
    return OpSchemaRegistry::Instance()->GetSchema(node.op_type, m_opset, node.domain) != nullptr;
}

bool ReferenceChecks::changed_since(const RawNode& node) const {
    if (!m_newer || !node.domain.empty()) return false;
    const auto it = changed_ops().find(node.op_type);
    return it != changed_ops().end() && it->second <= m_file_opset;
}

/// Every node whose op means what this libonnx knows.
Result<void> ReferenceChecks::check_nodes(const RawModel& model) const {
    ::onnx::checker::CheckerContext context;
    context.set_ir_version(static_cast<int>(std::clamp<int64_t>(model.ir_version, 3, newest_ir())));
    context.set_opset_imports({{"", m_opset}});
    const ::onnx::checker::LexicalScopeContext scope;
    for (const RawNode& node : model.nodes) {
        if (!node.position || node.has_subgraph || !knows(node) || !node.domain.empty() ||
            changed_since(node))
            continue;
        try {
            ::onnx::checker::check_node(m_file.node(*node.position), context, scope);
        } catch (const std::bad_alloc&) {
            return fail(ErrorCode::out_of_memory, "not enough memory to check the model");
        } catch (const std::exception& problem) {
            return fail(ErrorCode::invalid_input, "it is not valid ONNX: " + first_line(problem),
                        describe(node));
        }
    }
    return {};
}

Result<std::vector<std::string>> ReferenceChecks::check_model(const RawModel& model) const {
    std::vector<std::string> warnings;
    if (model.ir_version > newest_ir()) {
        warnings.push_back("the official checker here knows IR version " + std::to_string(newest_ir()) +
                           " at most, the file has " + std::to_string(model.ir_version) +
                           "; only its nodes were checked");
    }
    std::set<std::string> foreign, changed;
    for (const RawNode& node : model.nodes) {
        if (changed_since(node))
            changed.insert(node.op_type);
        else if (!knows(node))
            foreign.insert(node.op_type);
    }
    const auto listed = [](const std::set<std::string>& names) {
        return join(std::vector<std::string>(names.begin(), names.end()), ", ");
    };
    if (m_newer) {
        warnings.push_back(
            "the official checker here knows operator set " + std::to_string(newest_opset()) +
            " at most, the file has " + std::to_string(model.opset) +
            (changed.empty() ? "; its ops have not changed since" : "; not checked: " + listed(changed)));
    }
    if (!foreign.empty())
        warnings.push_back("not checked by the official checker, which does not know " + listed(foreign));
    constexpr int64_t oldest = 7, newest = 21;
    if (model.opset < oldest || model.opset > newest) {
        warnings.push_back("operator set " + std::to_string(model.opset) + " is " +
                           (model.opset < oldest ? "older than 7, the first" : "newer than 21, the last") +
                           " that this version knows; it is read as that one");
    }
    if (model.ir_version > newest_ir() || m_newer || !foreign.empty()) {
        if (auto ok = check_nodes(model); !ok) return forward_error(ok);
        return warnings;
    }
    try {
        ::onnx::checker::check_model(m_file.proto());
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::out_of_memory, "not enough memory to check the model");
    } catch (const std::exception& problem) {
        return fail(ErrorCode::invalid_input, "the model is not valid ONNX: " + first_line(problem));
    }
    return warnings;
}

Result<std::vector<ReferenceChecks::Output>>
ReferenceChecks::infer(const RawNode& node, const std::vector<Operand>& inputs) const {
    std::vector<Output> outputs(node.outputs.size());
    if (!node.position || node.has_subgraph || !knows(node) || !sensible(node) || changed_since(node))
        return outputs;
    const auto* schema = OpSchemaRegistry::Instance()->GetSchema(node.op_type, m_opset, node.domain);
    // Before operator set 7, the first that we read, many rules trust the file's ranks.
    constexpr int oldest = 7;
    if (m_opset < oldest || !window_fits(node, inputs) || !product_fits(node, inputs) ||
        !has_needed_inputs(*schema, inputs))
        return outputs;
    for (const Operand& input : inputs) {
        if (input.present() && !input.type) return outputs;
    }
    try {
        ::onnx::ModelProto model;
        model.set_ir_version(7);
        auto& opset = *model.add_opset_import();
        opset.set_domain(node.domain);
        opset.set_version(m_opset);
        auto& graph = *model.mutable_graph();
        graph.set_name("node");
        *graph.add_node() = m_file.node(*node.position);
        graph.mutable_node(0)->set_domain(node.domain);
        std::set<std::string> added;
        for (const Operand& input : inputs) {
            if (!input.present() || !added.insert(input.name).second) continue;
            set_type(*graph.add_input(), input);
            if (input.constant && input.constant->elements() <= 1024) add_initializer(graph, input);
        }
        for (const std::string& name : node.outputs) {
            if (!name.empty()) graph.add_output()->set_name(name);
        }
        ::onnx::checker::CheckerContext context;
        context.set_ir_version(7);
        context.set_opset_imports({{node.domain, m_opset}});
        ::onnx::checker::LexicalScopeContext scope;
        ::onnx::checker::check_node(graph.node(0), context, scope);
        const ::onnx::ShapeInferenceOptions strict{true, 1, true};
        ::onnx::shape_inference::InferShapes(model, OpSchemaRegistry::Instance(), strict);
        int position = 0;
        for (size_t i = 0; i < node.outputs.size(); ++i) {
            if (!node.outputs[i].empty()) outputs[i] = read_output(model.graph().output(position++));
        }
        return outputs;
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::out_of_memory, "not enough memory to check the model");
    } catch (const std::exception& problem) {
        // A newer operator set may mean something else than the one that libonnx knows.
        if (m_newer) return std::vector<Output>(node.outputs.size());
        return fail(ErrorCode::invalid_input, first_line(problem));
    }
}

} // namespace widthwise::onnx
