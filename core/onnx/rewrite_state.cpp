#include "core/onnx/rewrite_state.h"

#include "core/base/text.h"
#include "core/onnx/export_quantizers.h"

namespace widthwise::onnx::rewriting {

State::State(RawModel& model) : m_model(model) {
    for (size_t i = 0; i < model.nodes.size(); ++i) {
        const RawNode& node = model.nodes[i];
        m_names.insert(node.name);
        for (const std::string& name : node.outputs) m_producers.emplace(name, i);
        for (const std::string& name : node.inputs) ++m_readers[name];
    }
    for (const RawValue& output : model.outputs) ++m_readers[output.name];
    for (const RawValue& input : model.inputs) m_names.insert(input.name);
    for (const auto& [name, position] : m_producers) m_names.insert(name);
    for (const auto& [name, tensor] : model.initializers) {
        m_names.insert(name);
        m_bytes_left += 8 * static_cast<int64_t>(tensor->bytes().size());
    }
}

void State::add_constant(const std::string& name, TensorPtr tensor) {
    m_bytes_left -= static_cast<int64_t>(tensor->bytes().size());
    m_model.initializers[name] = std::move(tensor);
}

bool State::keeps_unrounded() const {
    return m_model.metadata.contains(k_design_key);
}

size_t State::readers(const std::string& name) const {
    const auto it = m_readers.find(name);
    return it == m_readers.end() ? 0 : it->second;
}

std::string State::fresh(const std::string& stem) {
    if (m_names.insert(stem).second) return stem;
    std::string name;
    int& suffix = m_suffixes.try_emplace(stem, 1).first->second;
    do name = stem + "_" + std::to_string(++suffix);
    while (!m_names.insert(name).second);
    return name;
}

TensorPtr State::constant(const std::string& name) {
    constexpr int longest_chain = 64;
    return folded(name, longest_chain);
}

TensorPtr State::folded(const std::string& name, int depth) {
    if (name.empty() || depth == 0) return nullptr;
    if (const auto it = m_model.initializers.find(name); it != m_model.initializers.end()) return it->second;
    if (const auto it = m_folded.find(name); it != m_folded.end()) return it->second;
    const auto producer = m_producers.find(name);
    if (producer == m_producers.end()) return nullptr;
    m_folded[name] = nullptr; // not asked for twice
    const RawNode& node = m_model.nodes[producer->second];
    if (!can_fold(node.op_type)) return nullptr;
    std::vector<Operand> operands;
    for (const std::string& input : node.inputs) {
        Operand operand;
        operand.name = input;
        operand.constant = folded(input, depth - 1);
        if (operand.is_activation()) return nullptr;
        if (operand.constant) {
            operand.type = operand.constant->type();
            operand.shape = operand.constant->shape();
        }
        operands.push_back(std::move(operand));
    }
    NodeView view(node, m_model.opset, operands);
    auto tensor = fold(view, m_budget);
    if (!tensor) return nullptr; // the importer meets it again and says what is wrong
    m_folded[name] = *tensor;
    return *tensor;
}

void State::refuse(RawNode node, std::string why) {
    node.refused = std::move(why);
    emit(std::move(node));
}

void State::alias(const RawNode& node, const std::string& from, const std::string& to) {
    RawNode out;
    out.name = node.name;
    out.op_type = node.op_type;
    out.inputs = {from};
    out.outputs = {to};
    out.is_alias = true;
    emit(std::move(out));
}

const std::string& input_of(const RawNode& node, size_t index) {
    static const std::string none;
    return index < node.inputs.size() ? node.inputs[index] : none;
}

Result<TensorPtr> constant_input(State& state, const RawNode& node, size_t index, const std::string& what) {
    const std::string& name = input_of(node, index);
    if (name.empty()) return misfit("it has no " + what);
    TensorPtr tensor = state.constant(name);
    if (!tensor) return refusal("its " + what + " (" + in_quotes(name) + ") is computed, not constant");
    return tensor;
}

Result<Encoding> encoding_at(State& state, const RawNode& node, size_t scale, size_t zero_point,
                             DataType type, int64_t axis) {
    auto scales = constant_input(state, node, scale, "scale");
    if (!scales) return forward_error(scales);
    TensorPtr zeros;
    if (!input_of(node, zero_point).empty()) {
        auto constant = constant_input(state, node, zero_point, "zero point");
        if (!constant) return forward_error(constant);
        zeros = *constant;
        type = zeros->type();
    }
    auto stored = stored_integer(type);
    if (!stored) return refusal("quantizing to " + std::string(to_string(type)) + " is not run");
    const auto& narrow = state.model().four_bits;
    if (narrow.contains(input_of(node, zero_point)) || narrow.contains(input_of(node, 0))) stored->bits = 4;
    return linear_encoding(**scales, zeros.get(), *stored, axis);
}

void emit_quantizer(State& state, const RawNode& node, const std::string& name, const std::string& from,
                    const std::string& to, const Encoding& encoding) {
    RawNode out;
    out.name = name;
    out.op_type = node.op_type;
    out.inputs = {from};
    out.outputs = {to};
    out.quantizer = encoding;
    state.emit(std::move(out));
}

} // namespace widthwise::onnx::rewriting
