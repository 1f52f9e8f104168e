#include "core/onnx/model_file.h"

#include "core/base/text.h"
#include "core/onnx/libonnx.h"
#include "core/onnx/narrow_tensor.h"
#include "core/onnx/proto_tensor.h"
#include "core/onnx/utf8.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

namespace widthwise::onnx {

namespace {

/// Calls `visit(tensor)` on every tensor of the graph, those in attributes and nested graphs included. The
/// depth is bounded by protobuf's own limit of 100 nested messages.
template <typename Visit> Result<void> for_each_tensor(::onnx::GraphProto& graph, const Visit& visit) {
    for (auto& tensor : *graph.mutable_initializer()) {
        if (auto ok = visit(tensor); !ok) return ok;
    }
    for (auto& node : *graph.mutable_node()) {
        for (auto& attribute : *node.mutable_attribute()) {
            if (attribute.has_t()) {
                if (auto ok = visit(*attribute.mutable_t()); !ok) return ok;
            }
            for (auto& tensor : *attribute.mutable_tensors()) {
                if (auto ok = visit(tensor); !ok) return ok;
            }
            if (attribute.has_g()) {
                if (auto ok = for_each_tensor(*attribute.mutable_g(), visit); !ok) return ok;
            }
            for (auto& nested : *attribute.mutable_graphs()) {
                if (auto ok = for_each_tensor(nested, visit); !ok) return ok;
            }
        }
    }
    return {};
}

RawValue read_value(const ::onnx::ValueInfoProto& proto) {
    RawValue value;
    value.name = proto.name();
    if (!proto.type().has_tensor_type()) return value;
    const auto& type = proto.type().tensor_type();
    value.type = data_type_of(type.elem_type());
    if (value.type == DataType::f16 || value.type == DataType::bf16)
        value.type = DataType::f32; // computed in float32 throughout
    value.has_shape = type.has_shape();
    for (const auto& dim : type.shape().dim())
        value.dims.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
    return value;
}

Result<RawAttribute> read_attribute(const ::onnx::AttributeProto& proto) {
    using ::onnx::AttributeProto;
    switch (proto.type()) {
    case AttributeProto::INT:
        return RawAttribute(int64_t{proto.i()});
    case AttributeProto::FLOAT:
        return RawAttribute(proto.f());
    case AttributeProto::STRING:
        return RawAttribute(std::string(proto.s()));
    case AttributeProto::INTS:
        return RawAttribute(std::vector<int64_t>(proto.ints().begin(), proto.ints().end()));
    case AttributeProto::FLOATS:
        return RawAttribute(std::vector<float>(proto.floats().begin(), proto.floats().end()));
    case AttributeProto::TENSOR: {
        auto tensor = read_tensor(proto.t());
        if (!tensor) return forward_error(tensor);
        return *tensor ? RawAttribute(std::move(*tensor)) : RawAttribute{};
    }
    default:
        return RawAttribute{};
    }
}

Result<RawNode> read_node(const ::onnx::NodeProto& proto) {
    RawNode node;
    node.name = proto.name();
    node.op_type = proto.op_type();
    node.domain = proto.domain() == "ai.onnx" ? std::string() : proto.domain();
    node.inputs.assign(proto.input().begin(), proto.input().end());
    node.outputs.assign(proto.output().begin(), proto.output().end());
    for (const auto& attribute : proto.attribute()) {
        node.has_subgraph |= attribute.has_g() || attribute.graphs_size() > 0;
        auto value = read_attribute(attribute);
        if (!value) {
            value.error().where = describe(node) + ", attribute " + in_quotes(attribute.name());
            return forward_error(value);
        }
        node.attributes.insert_or_assign(attribute.name(), std::move(*value));
    }
    return node;
}

/// Every node gets a name of its own: "Conv_3" (its position) where the file gave none, a suffix where it
/// gave one twice.
void name_nodes(RawModel& model) {
    std::unordered_set<std::string> taken;
    for (const RawNode& node : model.nodes) taken.insert(node.name);
    std::unordered_map<std::string, int> seen;
    size_t repeated = 0;
    for (size_t i = 0; i < model.nodes.size(); ++i) {
        std::string& name = model.nodes[i].name;
        const bool unnamed = name.empty();
        if (!unnamed && ++seen[name] == 1) continue;
        const std::string stem = unnamed ? model.nodes[i].op_type + "_" + std::to_string(i) : name;
        std::string candidate = unnamed ? stem : stem + "_" + std::to_string(seen[stem]);
        for (int suffix = 2; taken.contains(candidate); ++suffix)
            candidate = stem + "_" + std::to_string(suffix);
        repeated += !unnamed;
        name = candidate;
        taken.insert(name);
    }
    if (repeated > 0) {
        model.warnings.push_back(std::to_string(repeated) +
                                 " nodes had the name of another; they got a suffix");
    }
}

/// At most 64 entries of 1 MiB: a design may be among them, a hostile file's gigabytes may not.
void read_metadata(const ::onnx::ModelProto& proto, RawModel& model) {
    constexpr int most = 64;
    constexpr size_t longest = size_t{1} << 20;
    int left_out = 0;
    for (const auto& entry : proto.metadata_props()) {
        const bool fine = static_cast<int>(model.metadata.size()) < most && entry.key().size() <= longest &&
                          entry.value().size() <= longest && is_utf8(entry.key()) && is_utf8(entry.value());
        if (fine)
            model.metadata.insert_or_assign(entry.key(), entry.value());
        else
            ++left_out;
    }
    if (left_out > 0)
        model.warnings.push_back(std::to_string(left_out) +
                                 " entries of its metadata are too long or no text");
}

/// Numbers of fewer than 32 bits are only a way to store: the network is computed in float32.
void warn_of_half(const ::onnx::GraphProto& graph, RawModel& model) {
    const auto is_half = [](int type) {
        const auto known = data_type_of(type);
        return known == DataType::f16 || known == DataType::bf16;
    };
    bool half = false;
    for (const auto& tensor : graph.initializer()) half |= is_half(tensor.data_type());
    for (const auto& value : graph.input()) half |= is_half(value.type().tensor_type().elem_type());
    if (half) model.warnings.push_back("its float16 or bfloat16 numbers are computed in float32");
}

Result<void> check_names(const ::onnx::GraphProto& graph) {
    const auto check = [](const std::string& text) -> Result<void> {
        if (is_utf8(text)) return {};
        return fail(ErrorCode::invalid_input, "a name in the file is not UTF-8 text");
    };
    if (auto ok = check(graph.name()); !ok) return ok;
    for (const auto& node : graph.node()) {
        for (const auto* text : {&node.name(), &node.op_type(), &node.domain()}) {
            if (auto ok = check(*text); !ok) return ok;
        }
        for (const auto& name : node.input()) {
            if (auto ok = check(name); !ok) return ok;
        }
        for (const auto& name : node.output()) {
            if (auto ok = check(name); !ok) return ok;
        }
        for (const auto& attribute : node.attribute()) {
            if (auto ok = check(attribute.name()); !ok) return ok;
        }
    }
    for (const auto& tensor : graph.initializer()) {
        if (auto ok = check(tensor.name()); !ok) return ok;
    }
    for (const auto* values : {&graph.input(), &graph.output(), &graph.value_info()}) {
        for (const auto& value : *values) {
            if (auto ok = check(value.name()); !ok) return ok;
        }
    }
    return {};
}

} // namespace

std::string describe(const RawNode& node) {
    return "node " + in_quotes(node.name) + " (" + node.op_type + ")";
}

ModelFile::ModelFile(std::unique_ptr<::onnx::ModelProto> proto) : m_proto(std::move(proto)) {}
ModelFile::ModelFile(ModelFile&&) noexcept = default;
ModelFile::~ModelFile() = default;

const ::onnx::NodeProto& ModelFile::node(size_t index) const {
    return m_proto->graph().node(static_cast<int>(index));
}

Result<ModelFile> ModelFile::parse(std::string_view bytes, const std::filesystem::path& folder) {
    if (bytes.empty()) return fail(ErrorCode::invalid_input, "the file is empty");
    if (bytes.size() > static_cast<size_t>(INT32_MAX)) {
        return fail(ErrorCode::invalid_input, "the file is larger than 2 GiB");
    }
    auto proto = std::make_unique<::onnx::ModelProto>();
    {
        const google::protobuf::LogSilencer quiet; // it would print to stderr what we return
        google::protobuf::io::CodedInputStream stream(
            static_cast<const uint8_t*>(static_cast<const void*>(bytes.data())),
            static_cast<int>(bytes.size()));
        if (!proto->ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
            return fail(ErrorCode::invalid_input, "this is no ONNX model, or only a part of one", {},
                        "check that the file was copied completely");
        }
    }
    if (!proto->has_graph() || proto->graph().node_size() == 0) {
        return fail(ErrorCode::invalid_input, "the file holds no network", {},
                    "open an ONNX model with a graph of nodes");
    }
    proto->clear_training_info();
    auto& graph = *proto->mutable_graph();
    if (auto ok = check_names(graph); !ok) return forward_error(ok);
    if (graph.sparse_initializer_size() > 0) {
        return fail(ErrorCode::unsupported, "sparse initializers are not read by this version", {},
                    "export the model with dense weights");
    }
    auto brought = for_each_tensor(graph, [&](::onnx::TensorProto& tensor) -> Result<void> {
        if (auto ok = bring_in_external_data(tensor, folder); !ok) return ok;
        // Parsed here once for its checks alone: libonnx trusts dimensions more than it should.
        if (auto ok = check_tensor(tensor); !ok) return ok;
        return {};
    });
    if (!brought) return forward_error(brought);
    return ModelFile(std::move(proto));
}

Result<RawModel> ModelFile::read() const {
    const auto& graph = m_proto->graph();
    RawModel model;
    model.name = graph.name();
    model.ir_version = m_proto->ir_version();
    for (const auto& import : m_proto->opset_import()) {
        if (import.domain().empty() || import.domain() == "ai.onnx") model.opset = import.version();
    }
    if (model.opset == 0 && m_proto->opset_import_size() == 0)
        model.opset = 1; // before operator sets had versions
    read_metadata(*m_proto, model);
    for (const auto& proto : graph.node()) {
        auto node = read_node(proto);
        if (!node) return forward_error(node);
        node->position = model.nodes.size();
        model.nodes.push_back(std::move(*node));
    }
    name_nodes(model);
    for (const auto& proto : graph.initializer()) {
        auto tensor = read_tensor(proto);
        if (!tensor) return forward_error(tensor);
        if (const auto narrow = narrow_type(proto.data_type()); narrow && narrow->bits == 4)
            model.four_bits.insert(proto.name());
        if (!*tensor)
            model.warnings.push_back("tensor " + in_quotes(proto.name()) + " is of type " +
                                     name_of_type(proto.data_type()) + ", which is not read");
        const bool fresh = *tensor ? model.initializers.emplace(proto.name(), std::move(*tensor)).second
                                   : model.unreadable.insert(proto.name()).second;
        if (!fresh) {
            return fail(ErrorCode::invalid_input, "two initializers have the same name",
                        "tensor " + in_quotes(proto.name()));
        }
    }
    for (const auto& proto : graph.input()) {
        if (!model.initializers.contains(proto.name()) && !model.unreadable.contains(proto.name())) {
            model.inputs.push_back(read_value(proto));
        }
    }
    warn_of_half(graph, model);
    for (const auto& proto : graph.value_info()) model.declared.emplace(proto.name(), read_value(proto));
    for (const auto& proto : graph.output()) {
        model.outputs.push_back(read_value(proto));
        model.declared.insert_or_assign(proto.name(), model.outputs.back());
    }
    return model;
}

void ModelFile::drop_weights() {
    for (auto& tensor : *m_proto->mutable_graph()->mutable_initializer()) {
        ::onnx::TensorProto bare; // clearing fields would keep their memory
        bare.set_name(tensor.name());
        tensor = std::move(bare);
    }
}

} // namespace widthwise::onnx
