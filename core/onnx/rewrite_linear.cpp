// QuantizeLinear and DequantizeLinear.

#include "core/base/text.h"
#include "core/onnx/rewrite_state.h"

namespace widthwise::onnx::rewriting {

namespace {

Result<void> refuse_blocks(const RawNode& node) {
    if (attribute<int64_t>(node, "block_size", 0) != 0) return refusal("scales in blocks are not run");
    return {};
}

/// ONNX's number of an 8- or 16-bit integer type; nullopt for others.
std::optional<DataType> integer_type(int64_t onnx_type) {
    switch (onnx_type) {
    case 0: // not given
    case 2:
        return DataType::u8;
    case 3:
        return DataType::i8;
    case 4:
        return DataType::u16;
    case 5:
        return DataType::i16;
    default:
        return std::nullopt;
    }
}

Result<void> quantize_linear(State& state, const RawNode& node) {
    if (auto ok = refuse_blocks(node); !ok) return ok;
    if (node.outputs.size() != 1 || input_of(node, 0).empty())
        return misfit("it needs an input and an output");
    if (state.integers.contains(node.inputs[0])) return refusal("it quantizes integers");
    const auto type = integer_type(attribute<int64_t>(node, "output_dtype", 0));
    if (!type) return refusal("quantizing to anything but integers of 8 and 16 bits is not run");
    auto encoding = encoding_at(state, node, 1, 2, *type, attribute<int64_t>(node, "axis", 1));
    if (!encoding) return forward_error(encoding);
    if (const TensorPtr constant = state.constant(node.inputs[0])) {
        auto values = rounded(*constant, *encoding);
        if (!values) return forward_error(values);
        state.add_constant(node.outputs[0], std::move(*values));
        state.quantized_constants[node.outputs[0]] = *encoding;
    } else {
        emit_quantizer(state, node, node.name, node.inputs[0], node.outputs[0], *encoding);
    }
    state.integers[node.outputs[0]] = std::move(*encoding);
    return {};
}

/// Integers that a quantizer of this network made are reals already.
Result<void> dequantize_known(State& state, const RawNode& node, const Encoding& known) {
    if (known.format.is_dynamic()) {
        const auto scale = state.scales.find(input_of(node, 1));
        const auto zero_point = state.zero_points.find(input_of(node, 2));
        if (scale == state.scales.end() || scale->second.quantized != node.inputs[0] ||
            scale->second.factor || zero_point == state.zero_points.end() ||
            zero_point->second != node.inputs[0]) {
            return refusal("its scale differs from that of the quantizer before it");
        }
        state.alias(node, node.inputs[0], node.outputs[0]);
        return {};
    }
    auto scales = constant_input(state, node, 1, "scale");
    if (!scales) return forward_error(scales);
    if ((*scales)->to_f32() != known.format.scale)
        return refusal("its scale differs from that of the quantizer before it");
    std::vector<int64_t> zeros(known.format.scale.size(), 0);
    if (!input_of(node, 2).empty()) {
        auto constant = constant_input(state, node, 2, "zero point");
        if (!constant) return forward_error(constant);
        zeros = (*constant)->to_i64();
    }
    for (size_t i = 0; i < known.format.scale.size(); ++i) {
        const int32_t own = known.format.zero_point.empty() ? 0 : known.format.zero_point[i];
        if (i >= zeros.size() || zeros[i] + known.shift != own)
            return refusal("its zero point differs from that of the quantizer before it");
    }
    if (known.per_channel() && attribute<int64_t>(node, "axis", 1) != known.axis)
        return refusal("its axis differs from that of the quantizer before it");
    const auto constant = state.quantized_constants.find(node.inputs[0]);
    if (constant == state.quantized_constants.end()) {
        state.alias(node, node.inputs[0], node.outputs[0]);
        return {};
    }
    const Encoding encoding = constant->second;
    state.add_constant(node.outputs[0], state.constant(node.inputs[0]));
    state.quantized_constants[node.outputs[0]] = encoding;
    return {};
}

Result<void> dequantize_linear(State& state, const RawNode& node) {
    if (auto ok = refuse_blocks(node); !ok) return ok;
    if (node.outputs.size() != 1 || input_of(node, 0).empty())
        return misfit("it needs an input and an output");
    if (const auto known = state.integers.find(node.inputs[0]); known != state.integers.end())
        return dequantize_known(state, node, Encoding(known->second));
    const TensorPtr integers = state.constant(node.inputs[0]);
    if (!integers) {
        return refusal("its input " + in_quotes(node.inputs[0]) +
                       " is integers that no quantizer of the network made");
    }
    if (integers->type() == DataType::f32) return misfit("it dequantizes numbers that are no integers");
    if (!stored_integer(integers->type())) { // a bias of 32 bits: folded like any other arithmetic
        state.emit(node);
        return {};
    }
    auto encoding = encoding_at(state, node, 1, 2, integers->type(), attribute<int64_t>(node, "axis", 1));
    if (!encoding) return forward_error(encoding);
    auto values = dequantized(*integers, *encoding);
    if (!values) return forward_error(values);
    state.add_constant(node.outputs[0], std::move(*values));
    state.quantized_constants[node.outputs[0]] = std::move(*encoding);
    return {};
}

} // namespace

Function linear_function(const RawNode& node) {
    if (!node.domain.empty() && node.domain != "com.microsoft") return nullptr;
    if (node.op_type == "QuantizeLinear") return quantize_linear;
    if (node.op_type == "DequantizeLinear") return dequantize_linear;
    return nullptr;
}

} // namespace widthwise::onnx::rewriting
