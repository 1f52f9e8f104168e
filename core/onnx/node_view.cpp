#include "core/onnx/node_view.h"

#include "core/base/text.h"

namespace widthwise::onnx {

const Operand* NodeView::input(size_t index) const {
    return index < m_inputs.size() && m_inputs[index].present() ? &m_inputs[index] : nullptr;
}

template <typename T> const T* NodeView::find(const std::string& name) {
    const auto it = m_node.attributes.find(name);
    if (it == m_node.attributes.end()) return nullptr;
    const T* value = std::get_if<T>(&it->second);
    if (!value && !m_problem) {
        m_problem = Error{
            ErrorCode::invalid_input, "its attribute " + in_quotes(name) + " is of the wrong kind", {}, {}};
    }
    return value;
}

int64_t NodeView::integer(const std::string& name, int64_t fallback) {
    const auto* value = find<int64_t>(name);
    return value ? *value : fallback;
}

float NodeView::real(const std::string& name, float fallback) {
    const auto* value = find<float>(name);
    return value ? *value : fallback;
}

std::string NodeView::text(const std::string& name, const std::string& fallback) {
    const auto* value = find<std::string>(name);
    return value ? *value : fallback;
}

std::optional<std::vector<int64_t>> NodeView::integers(const std::string& name) {
    const auto* value = find<std::vector<int64_t>>(name);
    return value ? std::optional(*value) : std::nullopt;
}

TensorPtr NodeView::tensor(const std::string& name) {
    const auto* value = find<TensorPtr>(name);
    return value ? *value : nullptr;
}

Result<std::optional<std::vector<int64_t>>> NodeView::integers(const std::string& name, size_t index) {
    if (has(name)) return integers(name);
    const Operand* operand = input(index);
    if (!operand) return std::optional<std::vector<int64_t>>{};
    if (!operand->constant) {
        return fail(ErrorCode::unsupported,
                    "its " + name + " are computed from the image (" + in_quotes(operand->name) + ")");
    }
    if (operand->constant->type() != DataType::i64 && operand->constant->type() != DataType::i32) {
        return fail(ErrorCode::invalid_input, "its " + name + " are " +
                                                  std::string(to_string(operand->constant->type())) +
                                                  ", not integers");
    }
    if (operand->constant->elements() > 64) {
        return fail(ErrorCode::invalid_input,
                    "its " + name + " are " + std::to_string(operand->constant->elements()) + " values");
    }
    return std::optional(operand->constant->to_i64());
}

} // namespace widthwise::onnx
