#pragma once
// Small ONNX models written by hand, right and wrong ones.

#include "core/onnx/import.h"
#include "core/onnx/libonnx.h"

#include <initializer_list>
#include <string>
#include <vector>

namespace widthwise::test {

/// Ours; plain `onnx` is ambiguous in tests.
using Imported = widthwise::onnx::Imported;

class ProtoModel {
public:
    explicit ProtoModel(int opset = 13, int ir = 7) {
        proto.set_ir_version(ir);
        auto& import = *proto.add_opset_import();
        import.set_domain("");
        import.set_version(opset);
        graph().set_name("hand");
    }

    ::onnx::GraphProto& graph() { return *proto.mutable_graph(); }

    /// -1: the free dimension "N".
    ProtoModel& input(const std::string& name, std::initializer_list<int64_t> dims,
                      int type = ::onnx::TensorProto::FLOAT) {
        describe(*graph().add_input(), name, dims, type);
        return *this;
    }
    ProtoModel& output(const std::string& name, std::initializer_list<int64_t> dims,
                       int type = ::onnx::TensorProto::FLOAT) {
        describe(*graph().add_output(), name, dims, type);
        return *this;
    }

    ::onnx::TensorProto& floats(const std::string& name, std::initializer_list<int64_t> dims,
                                std::vector<float> values) {
        auto& tensor = *graph().add_initializer();
        tensor.set_name(name);
        tensor.set_data_type(::onnx::TensorProto::FLOAT);
        for (const int64_t dim : dims) tensor.add_dims(dim);
        tensor.mutable_float_data()->Add(values.begin(), values.end());
        return tensor;
    }
    /// Filled with 0.5.
    ::onnx::TensorProto& weights(const std::string& name, std::initializer_list<int64_t> dims) {
        int64_t count = 1;
        for (const int64_t dim : dims) count *= dim;
        return floats(name, dims, std::vector<float>(static_cast<size_t>(count), 0.5F));
    }
    ::onnx::TensorProto& integers(const std::string& name, std::vector<int64_t> values, bool scalar = false) {
        auto& tensor = *graph().add_initializer();
        tensor.set_name(name);
        tensor.set_data_type(::onnx::TensorProto::INT64);
        if (!scalar) tensor.add_dims(static_cast<int64_t>(values.size()));
        tensor.mutable_int64_data()->Add(values.begin(), values.end());
        return tensor;
    }

    ::onnx::NodeProto& node(const std::string& op_type, std::vector<std::string> inputs,
                            std::vector<std::string> outputs, const std::string& name = {}) {
        auto& node = *graph().add_node();
        node.set_op_type(op_type);
        node.set_name(name);
        for (auto& text : inputs) node.add_input(text);
        for (auto& text : outputs) node.add_output(text);
        return node;
    }

    std::string bytes() const { return proto.SerializeAsString(); }
    Result<onnx::Imported> import() const { return onnx::import_model_bytes(bytes(), "hand.onnx"); }

    ::onnx::ModelProto proto;

private:
    static void describe(::onnx::ValueInfoProto& value, const std::string& name,
                         std::initializer_list<int64_t> dims, int type) {
        value.set_name(name);
        auto& tensor = *value.mutable_type()->mutable_tensor_type();
        tensor.set_elem_type(type);
        auto& shape = *tensor.mutable_shape();
        for (const int64_t dim : dims) {
            if (dim == -1)
                shape.add_dim()->set_dim_param("N");
            else
                shape.add_dim()->set_dim_value(dim);
        }
    }
};

inline void set(::onnx::NodeProto& node, const std::string& name, int64_t value) {
    auto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(::onnx::AttributeProto::INT);
    a.set_i(value);
}
inline void set(::onnx::NodeProto& node, const std::string& name, float value) {
    auto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(::onnx::AttributeProto::FLOAT);
    a.set_f(value);
}
inline void set(::onnx::NodeProto& node, const std::string& name, const std::string& value) {
    auto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(::onnx::AttributeProto::STRING);
    a.set_s(value);
}
inline void set(::onnx::NodeProto& node, const std::string& name, const std::vector<int64_t>& values) {
    auto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(::onnx::AttributeProto::INTS);
    a.mutable_ints()->Add(values.begin(), values.end());
}

/// "message, where" or "" on success.
inline std::string error_of(const Result<onnx::Imported>& result) {
    return result ? std::string() : result.error().to_line();
}

/// Attributes of the only node; the Graph lives as long as the Imported.
template <typename T> const T& attributes_of(const onnx::Imported& imported, size_t node = 0) {
    return std::get<T>(imported.graph->nodes()[node].attributes);
}

} // namespace widthwise::test
