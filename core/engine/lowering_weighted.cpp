#include "core/engine/lowering.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine {
namespace {

/// The convolution that a conv_transpose equals over its spread-out, padded input.
ConvAttributes over_spread_input(const ConvTransposeAttributes& a) {
    ConvAttributes conv = a.conv;
    conv.strides = {1, 1};
    conv.pads = {};
    return conv;
}

/// Real zero, even where it is no value of the format: signs are padded with what adds nothing.
MoveStep filled_with_zero(MoveStep step, const Representation& r) {
    step.fill_f32 = 0;
    step.fill_u8 = static_cast<uint8_t>(r.zero_point);
    return step;
}

} // namespace

Result<void> Lowering::lower_weighted(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const LayerPrecision& precision = m_plan.at(node.name);
    const FoldedWeights layer = folded_weights(m_graph, unit, m_plan.folds_batch_norm());
    ConvStep step;
    step.out_channels = output_channels(m_graph, node);
    step.in = buffer_for(node.inputs[0], read_representation(node, 0));
    if (is_gemm_of_maps(node)) step.in = rows_of(step.in, m_graph.value(node.inputs[0]).shape);
    step.in_channels = buffer(step.in).extent.channels;
    // A row of a rank-3 value is a pixel.
    step.fully_connected = node.op == Op::gemm && m_graph.value(node.inputs[0]).shape.rank() == 2;
    if (const auto* a = std::get_if<ConvAttributes>(&node.attributes)) step.attributes = *a;
    if (const auto* a = std::get_if<ConvTransposeAttributes>(&node.attributes)) {
        step.attributes = over_spread_input(*a);
        step.in = spread(step.in, *a, extent_of(m_graph.value(node.output()).shape));
    }

    std::vector<float> weights = layer.weights;
    if (precision.weights.is_quantized()) {
        Result<QuantizedWeights> q = quantize_weights(weights, step.out_channels, precision.weights);
        if (!q) return forward_error(q);
        if (buffer(step.in).representation.element == Element::u8)
            if (auto kernel = kernel_weights(*q, precision.weights, step.out_channels))
                return lower_integer(unit, std::move(step), layer, std::move(*kernel));
        weights = std::move(q->values);
    }
    // Simulated: what is quantized was rounded to its format, and the layer runs in float.
    if (buffer(step.in).representation.element == Element::u8) {
        const BufferId real = add_buffer({buffer(step.in).extent, {}, {}, {}});
        add_step(DequantizeStep{step.in, real});
        step.in = real;
    }
    step.weights_f32 = std::move(weights);
    const size_t per_channel = step.weights_f32.size() / static_cast<size_t>(step.out_channels);
    for (size_t i = 0; i < step.weights_f32.size() && !layer.after.empty(); ++i)
        step.weights_f32[i] *= layer.after[i / per_channel];
    step.bias = layer.bias;
    step.clamp_lo = unit.clamp.lo;
    step.clamp_hi = unit.clamp.hi;
    step.out = new_buffer(unit.output, {});
    add_step(std::move(step));
    return {};
}

BufferId Lowering::padded(BufferId in, ConvAttributes& attributes) {
    const auto [top, left, bottom, right] = attributes.pads;
    const Extent from = buffer(in).extent;
    const Extent to{from.height + top + bottom, from.width + left + right, from.channels};
    ElementMap map{std::vector<int32_t>(static_cast<size_t>(to.elements()), -1), 0};
    for (int64_t h = 0; h < from.height; ++h)
        for (int64_t i = 0; i < from.width * from.channels; ++i)
            map.source[static_cast<size_t>(((h + top) * to.width + left) * to.channels + i)] =
                static_cast<int32_t>(h * from.width * from.channels + i);
    attributes.pads = {};
    const BufferId out = add_buffer({to, buffer(in).representation, {}, {}});
    add_step(filled_with_zero(move_step(in, out, map), buffer(out).representation));
    return out;
}

BufferId Lowering::spread(BufferId in, const ConvTransposeAttributes& a, const Extent& out) {
    const Extent from = buffer(in).extent;
    const auto reach = [&](size_t axis) { return (a.conv.kernel[axis] - 1) * a.conv.dilations[axis]; };
    // A kernel over the whole of `to` gives the output's size; pixels lie `stride` apart, the first one
    // behind what the kernel reaches back less the cropped padding.
    const Extent to{out.height + reach(0), out.width + reach(1), from.channels};
    const int64_t top = reach(0) - a.conv.pads[0], left = reach(1) - a.conv.pads[1];
    ElementMap map{std::vector<int32_t>(static_cast<size_t>(to.elements()), -1), 0};
    for (int64_t h = 0; h < from.height; ++h)
        for (int64_t w = 0; w < from.width; ++w) {
            const int64_t y = top + h * a.conv.strides[0], x = left + w * a.conv.strides[1];
            if (y < 0 || y >= to.height || x < 0 || x >= to.width) continue;
            for (int64_t c = 0; c < from.channels; ++c)
                map.source[static_cast<size_t>((y * to.width + x) * to.channels + c)] =
                    static_cast<int32_t>((h * from.width + w) * from.channels + c);
        }
    const BufferId spread_out = add_buffer({to, buffer(in).representation, {}, {}});
    add_step(filled_with_zero(move_step(in, spread_out, map), buffer(spread_out).representation));
    return spread_out;
}

Result<void> Lowering::lower_batch_norm(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const auto constant = [&](size_t input) { return m_graph.value(node.inputs[input]).constant->to_f32(); };
    const auto gamma = constant(1), beta = constant(2), mean = constant(3), variance = constant(4);
    const double epsilon = std::get<BatchNormAttributes>(node.attributes).epsilon;
    ScaleShiftOperation operation;
    operation.clamp = unit.clamp;
    operation.stride = channel_stride(m_graph.value(unit.output).shape);
    for (size_t c = 0; c < gamma.size(); ++c) {
        const double factor = gamma[c] / std::sqrt(variance[c] + epsilon);
        operation.scale.push_back(static_cast<float>(factor));
        operation.shift.push_back(static_cast<float>(beta[c] - mean[c] * factor));
    }
    const BufferId in = buffer_for(node.inputs[0], {});
    add_step(FloatStep{{in}, new_buffer(unit.output, {}), std::move(operation)});
    return {};
}

} // namespace widthwise::engine
