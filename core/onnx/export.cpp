#include "core/onnx/export.h"

#include "core/onnx/export_node.h"
#include "core/onnx/export_quantizers.h"
#include "core/onnx/libonnx.h"
#include "core/onnx/proto_tensor.h"
#include "core/onnx/reference_checks.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/checker.h>

#include <unordered_map>
#include <unordered_set>

namespace widthwise::onnx {

namespace {

class Exporter {
public:
    Exporter(const Graph& graph, int opset, const QuantizerWriter* quantizers, ::onnx::GraphProto& proto)
        : m_graph(graph)
        , m_quantizers(quantizers)
        , m_proto(proto)
        , m_names(graph.values().size())
        , m_context{m_graph,
                    m_proto,
                    [this](ValueId id) { return name_of(id); },
                    [this](const std::string& stem) { return fresh_name(stem); },
                    [this](const std::string& stem, const Tensor& tensor) {
                        std::string name = fresh_name(stem);
                        write_tensor(name, tensor);
                        return name;
                    },
                    opset} {}

    Result<void> run() {
        m_proto.set_name(m_graph.name().empty() ? "network" : m_graph.name());
        // Inputs and outputs keep their names whatever else wants them.
        for (const auto* ids : {&m_graph.inputs(), &m_graph.outputs()}) {
            for (const ValueId id : *ids) name_of(id);
        }
        for (const ValueId id : m_graph.inputs()) write_value(*m_proto.add_input(), id);
        for (const ValueId id : m_graph.outputs()) write_value(*m_proto.add_output(), id);
        for (const Node& node : m_graph.nodes()) {
            if (m_quantizers && m_quantizers->write_node(m_context, node)) continue;
            if (auto ok = export_node(m_context, node); !ok) return ok;
        }
        return {};
    }

private:
    std::string fresh_name(const std::string& stem) {
        std::string name = stem.empty() ? "value" : stem;
        for (int suffix = 2; !m_taken.insert(name).second; ++suffix)
            name = stem + "_" + std::to_string(suffix);
        return name;
    }

    std::string name_of(ValueId id) {
        if (!m_names[id.position()].empty()) return m_names[id.position()];
        const Value& value = m_graph.value(id);
        const std::string name = m_names[id.position()] = fresh_name(value.name);
        if (value.constant && !(m_quantizers && m_quantizers->write_constant(m_context, id, name)))
            write_tensor(name, *value.constant);
        return name;
    }

    void write_tensor(const std::string& name, const Tensor& tensor) {
        auto& proto = *m_proto.add_initializer();
        proto.set_name(name);
        proto.set_data_type(onnx_type_of(tensor.type()));
        for (const int64_t dim : tensor.shape().dims()) proto.add_dims(dim);
        proto.set_raw_data(tensor.bytes().data(), tensor.bytes().size());
    }

    void write_value(::onnx::ValueInfoProto& proto, ValueId id) {
        const Value& value = m_graph.value(id);
        proto.set_name(name_of(id));
        auto& type = *proto.mutable_type()->mutable_tensor_type();
        const DataType called = value.type == DataType::f32 ? exported_type(m_graph, id) : value.type;
        type.set_elem_type(onnx_type_of(called));
        auto& shape = *type.mutable_shape();
        for (size_t i = 0; i < value.shape.rank(); ++i) {
            auto& dim = *shape.add_dim();
            if (i == 0)
                dim.set_dim_param("N");
            else
                dim.set_dim_value(value.shape[i]);
        }
    }

    const Graph& m_graph;
    const QuantizerWriter* m_quantizers;
    ::onnx::GraphProto& m_proto;
    std::vector<std::string> m_names;
    std::unordered_set<std::string> m_taken;
    ExportContext m_context;
};

Result<std::string> serialized(const ::onnx::ModelProto& model) {
    std::string bytes;
    if (model.ByteSizeLong() > static_cast<size_t>(INT32_MAX)) {
        return fail(ErrorCode::unsupported, "the network is larger than 2 GiB, more than an ONNX file holds");
    }
    {
        google::protobuf::io::StringOutputStream stream(&bytes);
        google::protobuf::io::CodedOutputStream coded(&stream);
        coded.SetSerializationDeterministic(true);
        if (!model.SerializeToCodedStream(&coded))
            return fail(ErrorCode::failed, "the network cannot be serialized");
    }
    return bytes;
}

} // namespace

Result<std::string> export_model(const Graph& graph, const std::map<std::string, std::string>& metadata) {
    return export_graph(graph, nullptr, metadata);
}

Result<std::string> export_graph(const Graph& graph, const QuantizerWriter* quantizers,
                                 const std::map<std::string, std::string>& metadata) {
    try {
        ::onnx::ModelProto model;
        const int version = needed_opset(graph);
        // The IR version that came with each operator set (onnx/docs/Versioning.md).
        model.set_ir_version(version < 15 ? 7 : version < 19 ? 8 : 9);
        model.set_producer_name("Widthwise");
        auto& opset = *model.add_opset_import();
        opset.set_domain("");
        opset.set_version(version);
        const bool foreign = quantizers && quantizers->form() == QuantizedForm::qonnx;
        if (foreign) {
            auto& import = *model.add_opset_import();
            import.set_domain(k_qonnx_domain);
            import.set_version(1);
        }
        Exporter exporter(graph, version, quantizers, *model.mutable_graph());
        if (auto ok = exporter.run(); !ok) return forward_error(ok);
        for (const auto& [key, value] : metadata) {
            auto& entry = *model.add_metadata_props();
            entry.set_key(key);
            entry.set_value(value);
        }
        // The checker knows neither newer operator sets nor QONNX's.
        if (version <= ReferenceChecks::newest_opset() && !foreign) ::onnx::checker::check_model(model);
        return serialized(model);
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::out_of_memory, "not enough memory to export the network", graph.name());
    } catch (const std::exception& problem) {
        return fail(ErrorCode::failed,
                    std::string("the exported network fails the ONNX checker: ") + problem.what(),
                    graph.name());
    }
}

} // namespace widthwise::onnx
