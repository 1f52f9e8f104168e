// QONNX's quantizers. Older files name their domain without importing it.

#include "core/base/text.h"
#include "core/onnx/rewrite_state.h"

#include <algorithm>
#include <cctype>
#include <cmath>

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
    if (state.keeps_unrounded()) state.unrounded[node.outputs[0]] = constant;
    return {};
}

/// In capitals.
std::string rounding_mode(const RawNode& node, const char* fallback) {
    std::string mode = attribute<std::string>(node, "rounding_mode", fallback);
    std::transform(mode.begin(), mode.end(), mode.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return mode;
}

Result<void> quant(State& state, const RawNode& node) {
    auto scale = constant_input(state, node, 1, "scale");
    if (!scale) return forward_error(scale);
    auto zero_point = constant_input(state, node, 2, "zero point");
    if (!zero_point) return forward_error(zero_point);
    auto bits = constant_input(state, node, 3, "bit width");
    if (!bits) return forward_error(bits);
    const std::string rounding = rounding_mode(node, "ROUND");
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

/// One function of the ONNX standard on `inputs`; its output's name.
std::string emit_step(State& state, const RawNode& node, const std::string& op,
                      std::vector<std::string> inputs, const std::string& output = {}) {
    RawNode step;
    step.name = state.fresh(node.name + "." + op);
    step.op_type = op;
    step.inputs = std::move(inputs);
    step.outputs = {output.empty() ? step.name : output};
    state.emit(step);
    return step.outputs.front();
}

/// y = (floor(round(x / scale + zero_point) / 2^k) - zero_point) * scale, k the bits that are cut off (QONNX,
/// version 1): in float, since no layer's format says it.
Result<void> trunc(State& state, const RawNode& node) {
    if (node.outputs.size() != 1 || input_of(node, 0).empty())
        return misfit("it needs an input and an output");
    float widths[2] = {};
    for (size_t i = 0; i < 2; ++i) {
        auto bits = constant_input(state, node, 3 + i, i == 0 ? "input bit width" : "output bit width");
        if (!bits) return forward_error(bits);
        if ((*bits)->elements() != 1) return refusal("bit widths by channel are not run");
        widths[i] = (*bits)->to_f32().front();
    }
    const float cut = widths[0] - widths[1];
    if (!(widths[1] >= 1) || !(cut >= 0) || !(cut <= 32)) return misfit("its bit widths make no sense");
    for (size_t i = 1; i <= 2; ++i)
        if (auto ok = constant_input(state, node, i, i == 1 ? "scale" : "zero point"); !ok)
            return forward_error(ok);
    const std::string mode = rounding_mode(node, "FLOOR");
    const bool known = mode == "FLOOR" || mode == "CEIL" || mode == "ROUND";
    if (!known) return refusal("rounding_mode " + in_quotes(mode) + " is not run");
    const std::string factor = state.fresh(node.name + ".factor");
    state.add_constant(factor, std::make_shared<Tensor>(Tensor::from_f32({}, {std::exp2(-cut)})));
    const std::string &scale = node.inputs[1], &zero_point = node.inputs[2];
    std::string y = emit_step(state, node, "Div", {node.inputs[0], scale});
    y = emit_step(state, node, "Add", {y, zero_point});
    y = emit_step(state, node, "Round", {y});
    y = emit_step(state, node, "Mul", {y, factor});
    y = emit_step(state, node, mode == "FLOOR" ? "Floor" : mode == "CEIL" ? "Ceil" : "Round", {y});
    y = emit_step(state, node, "Sub", {y, zero_point});
    emit_step(state, node, "Mul", {y, scale}, node.outputs[0]);
    return {};
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
