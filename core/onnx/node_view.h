#pragma once
// One node and what is known of its inputs, as folding and translation read it.

#include "core/base/result.h"
#include "core/onnx/operand.h"
#include "core/onnx/raw_model.h"

#include <span>

namespace widthwise::onnx {

/// Attribute getters return the fallback where the attribute is missing; one of another kind is remembered in
/// problem().
class NodeView {
public:
    NodeView(const RawNode& node, int64_t opset, std::span<const Operand> inputs)
        : m_node(node), m_inputs(inputs), m_opset(opset) {}

    [[nodiscard]] const RawNode& node() const { return m_node; }
    [[nodiscard]] const std::string& op_type() const { return m_node.op_type; }
    [[nodiscard]] int64_t opset() const { return m_opset; }
    [[nodiscard]] std::span<const Operand> inputs() const { return m_inputs; }
    /// Null where the input is left out.
    [[nodiscard]] const Operand* input(size_t index) const;

    [[nodiscard]] bool has(const std::string& name) const { return m_node.attributes.contains(name); }
    [[nodiscard]] int64_t integer(const std::string& name, int64_t fallback);
    [[nodiscard]] float real(const std::string& name, float fallback);
    [[nodiscard]] std::string text(const std::string& name, const std::string& fallback);
    [[nodiscard]] std::optional<std::vector<int64_t>> integers(const std::string& name);
    [[nodiscard]] TensorPtr tensor(const std::string& name);

    /// Integers that older operator sets keep in attribute `name` and newer ones in input `index`; nullopt
    /// where neither is there. Errors: unsupported where the input is computed.
    [[nodiscard]] Result<std::optional<std::vector<int64_t>>> integers(const std::string& name, size_t index);

    /// The first attribute of a wrong kind, as an invalid_input error.
    [[nodiscard]] const std::optional<Error>& problem() const { return m_problem; }

private:
    template <typename T> const T* find(const std::string& name);
    const RawNode& m_node;
    std::span<const Operand> m_inputs;
    int64_t m_opset;
    std::optional<Error> m_problem;
};

} // namespace widthwise::onnx
