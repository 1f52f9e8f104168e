#pragma once
// ONNX files written byte by byte, so that they can be wrong in ways that no library would write.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise::test {

/// A protobuf message as its wire format (protobuf.dev, "Encoding").
class Message {
public:
    Message& number(int field, uint64_t value) {
        varint(static_cast<uint64_t>(field) << 3);
        varint(value);
        return *this;
    }
    Message& text(int field, std::string_view value) {
        varint(static_cast<uint64_t>(field) << 3 | 2);
        varint(value.size());
        m_bytes += value;
        return *this;
    }
    Message& message(int field, const Message& value) { return text(field, value.m_bytes); }
    [[nodiscard]] const std::string& bytes() const { return m_bytes; }

private:
    void varint(uint64_t value) {
        for (; value >= 0x80; value >>= 7) m_bytes += static_cast<char>(value | 0x80);
        m_bytes += static_cast<char>(value);
    }
    std::string m_bytes;
};

// Field numbers of onnx.proto: ModelProto ir_version 1, graph 7, opset_import 8; GraphProto node 1, name 2,
// initializer 5, input 11, output 12; NodeProto input 1, output 2, name 3, op_type 4; ValueInfoProto name 1,
// type 2; TensorProto dims 1, data_type 2, name 8, raw_data 9, external_data 13, data_location 14.

enum class ElementType : uint64_t { float32 = 1, int64 = 7, text = 8 };

inline Message value_info(std::string_view name, const std::vector<int64_t>& shape,
                          ElementType type = ElementType::float32) {
    Message dims;
    for (const int64_t dim : shape) dims.message(1, Message().number(1, static_cast<uint64_t>(dim)));
    const Message tensor = Message().number(1, static_cast<uint64_t>(type)).message(2, dims);
    return Message().text(1, name).message(2, Message().message(1, tensor));
}

inline Message node(std::string_view op, std::string_view name, const std::vector<std::string>& inputs,
                    const std::vector<std::string>& outputs) {
    Message message;
    for (const std::string& input : inputs) message.text(1, input);
    for (const std::string& output : outputs) message.text(2, output);
    return message.text(3, name).text(4, op);
}

struct ModelParts {
    std::vector<Message> nodes = {}, initializers = {};
    std::vector<int64_t> shape{1, 3, 32, 32}; ///< of input "x" and output "y"
    ElementType type = ElementType::float32;
};

inline std::string model_bytes(const ModelParts& parts) {
    Message graph;
    for (const Message& part : parts.nodes) graph.message(1, part);
    graph.text(2, "test");
    for (const Message& part : parts.initializers) graph.message(5, part);
    graph.message(11, value_info("x", parts.shape, parts.type))
        .message(12, value_info("y", parts.shape, parts.type));
    return Message().number(1, 7).message(7, graph).message(8, Message().text(1, "").number(2, 13)).bytes();
}

} // namespace widthwise::test
