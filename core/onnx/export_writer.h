#pragma once
// Writing NodeProtos: what the translations of export_*.cpp share.

#include "core/onnx/export_node.h"
#include "core/onnx/libonnx.h"

#include <initializer_list>

namespace widthwise::onnx::exporting {

/// Fills one NodeProto.
class NodeWriter {
public:
    NodeWriter(const ExportContext& context, const std::string& name, const std::string& op_type)
        : m_proto(*context.proto.add_node()) {
        m_proto.set_name(name);
        m_proto.set_op_type(op_type);
    }
    NodeWriter& domain(const std::string& name) {
        m_proto.set_domain(name);
        return *this;
    }
    NodeWriter& reads(const std::string& name) {
        m_proto.add_input(name);
        return *this;
    }
    NodeWriter& writes(const std::string& name) {
        m_proto.add_output(name);
        return *this;
    }
    NodeWriter& integer(const std::string& name, int64_t value) {
        attribute(name, ::onnx::AttributeProto::INT).set_i(value);
        return *this;
    }
    NodeWriter& text(const std::string& name, const std::string& value) {
        attribute(name, ::onnx::AttributeProto::STRING).set_s(value);
        return *this;
    }
    NodeWriter& real(const std::string& name, float value) {
        attribute(name, ::onnx::AttributeProto::FLOAT).set_f(value);
        return *this;
    }
    template <typename Values> NodeWriter& integers(const std::string& name, const Values& values) {
        auto& out = attribute(name, ::onnx::AttributeProto::INTS);
        for (const int64_t v : values) out.add_ints(v);
        return *this;
    }

private:
    ::onnx::AttributeProto& attribute(const std::string& name, ::onnx::AttributeProto::AttributeType type) {
        auto& out = *m_proto.add_attribute();
        out.set_name(name);
        out.set_type(type);
        return out;
    }
    ::onnx::NodeProto& m_proto;
};

/// Constants under fresh names.
[[nodiscard]] std::string write_integers(const ExportContext& c, const std::string& stem,
                                         std::vector<int64_t> values);
[[nodiscard]] std::string write_scalar(const ExportContext& c, const std::string& stem, float value);

/// The name of `value` as numbers of `type`: a Cast is written before the node where ONNX calls them
/// otherwise; a constant is written anew.
[[nodiscard]] std::string read_as(const ExportContext& c, ValueId value, DataType type);

/// A node that reads all inputs of ours as float32.
NodeWriter start(const ExportContext& c, const Node& node, const std::string& op_type);
/// The same, whatever ONNX calls the numbers of the inputs: ops that move them.
NodeWriter start_moving(const ExportContext& c, const Node& node, const std::string& op_type);

/// The file's own word for the op where several mean the same to us.
[[nodiscard]] std::string spelled(const Node& node, std::initializer_list<const char*> allowed);

void write_reshape_to(const ExportContext& c, const std::string& name, const std::string& from,
                      const std::string& to, const Shape& shape);

/// Whether the op belongs to the family and was written.
using Family = bool (*)(const ExportContext& c, const Node& node);
[[nodiscard]] bool write_layer(const ExportContext& c, const Node& node);
[[nodiscard]] bool write_pointwise(const ExportContext& c, const Node& node);
[[nodiscard]] bool write_reduction(const ExportContext& c, const Node& node);
[[nodiscard]] bool write_move(const ExportContext& c, const Node& node);

} // namespace widthwise::onnx::exporting
