// QONNX's quantizers. Older files name their domain without importing it.

#include "core/base/text.h"
#include "core/onnx/rewrite_state.h"

#include <algorithm>
#include <cctype>

namespace widthwise::onnx::rewriting {

namespace {

/// Constants are rounded at once, activations when the network runs.
Result<void> place(State& state, const RawNode& node, Encoding encoding) {
    if (node.outputs.size() != 1 || input_of(node, 0).empty())
        return misfit("it needs an input and an output");
    const TensorPtr constant = state.constant(node.inputs[0]);
    if (!constant) {
        emit_quantizer(state, node, node.name, node.inputs[0], node.outputs[0], encoding);
        return {};
    }
    auto values = rounded(*constant, encoding);
    if (!values) return forward_error(values);
    state.add_constant(node.outputs[0], std::move(*values));
    state.quantized_constants[node.outputs[0]] = std::move(encoding);
    return {};
}

Result<void> quant(State& state, const RawNode& node) {
    auto scale = constant_input(state, node, 1, "scale");
    if (!scale) return forward_error(scale);
    auto zero_point = constant_input(state, node, 2, "zero point");
    if (!zero_point) return forward_error(zero_point);
    auto bits = constant_input(state, node, 3, "bit width");
    if (!bits) return forward_error(bits);
    std::string rounding = attribute<std::string>(node, "rounding_mode", "ROUND");
    std::transform(rounding.begin(), rounding.end(), rounding.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (rounding != "ROUND" && rounding != "HALF_EVEN")
        return refusal("rounding_mode " + in_quotes(rounding) + " is not run, only ROUND");
    auto encoding = quant_encoding(
        **scale, **zero_point, **bits,
        {attribute<int64_t>(node, "signed", 1) != 0, attribute<int64_t>(node, "narrow", 0) != 0});
    if (!encoding) return forward_error(encoding);
    return place(state, node, std::move(*encoding));
}

Result<void> bipolar_quant(State& state, const RawNode& node) {
    auto scale = constant_input(state, node, 1, "scale");
    if (!scale) return forward_error(scale);
    auto encoding = bipolar_encoding(**scale);
    if (!encoding) return forward_error(encoding);
    return place(state, node, std::move(*encoding));
}

Result<void> trunc(State&, const RawNode&) {
    return refusal(
        "Trunc is not run: what it cuts off depends on the width of sums, which no layer here has");
}

Result<void> multi_threshold(State& state, const RawNode& node) {
    if (attribute<std::string>(node, "data_layout", "NCHW").ends_with("C"))
        return refusal("MultiThreshold with the channels last is not run");
    RawNode out = node;
    out.domain.clear();
    out.position.reset();
    state.emit(std::move(out));
    return {};
}

} // namespace

Function qonnx_function(const RawNode& node) {
    if (node.domain != "onnx.brevitas" && node.domain != "qonnx.custom_op.general" &&
        node.domain != "finn.custom_op.general") {
        return nullptr;
    }
    if (node.op_type == "Quant" || node.op_type == "IntQuant") return quant;
    if (node.op_type == "BipolarQuant") return bipolar_quant;
    if (node.op_type == "Trunc") return trunc;
    if (node.op_type == "MultiThreshold") return multi_threshold;
    return nullptr;
}

} // namespace widthwise::onnx::rewriting
