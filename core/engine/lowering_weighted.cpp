#include "core/engine/lowering.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine {

Result<void> Lowering::lower_weighted(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const LayerPrecision& precision = m_plan.at(node.name);
    const Shape& weight_shape = m_graph.value(node.inputs[1]).shape;
    FoldedWeights folded = folded_weights(m_graph, unit);
    ConvStep step;
    step.fully_connected = node.op == Op::gemm;
    if (node.op == Op::conv) step.attributes = std::get<ConvAttributes>(node.attributes);
    step.out_channels = weight_shape[0];
    step.in_channels = weight_shape[1] * step.attributes.group;
    step.in = buffer_for(node.inputs[0], read_representation(node, 0));

    const bool integer = precision.weights.is_integer() && precision.activations.is_integer();
    if (precision.weights.is_integer()) {
        Result<QuantizedWeights> q = quantize_weights(folded.weights, step.out_channels, precision.weights);
        if (!q) return forward_error(q);
        if (integer) return lower_integer(unit, std::move(step), folded, std::move(*q));
        const size_t per_channel = folded.weights.size() / static_cast<size_t>(step.out_channels);
        for (size_t i = 0; i < folded.weights.size(); ++i)
            folded.weights[i] = q->channel(i / per_channel).dequantize(q->q[i]);
    }
    // One operand float: the other one is rounded to its format and the layer runs in float.
    if (buffer(step.in).representation.element == Element::u8) {
        const BufferId real = add_buffer({buffer(step.in).extent, {}, {}, {}});
        emit(DequantizeStep{step.in, real});
        step.in = real;
    }
    step.weights_f32 = std::move(folded.weights);
    step.bias = std::move(folded.bias);
    step.clamp_lo = unit.clamp.lo;
    step.clamp_hi = unit.clamp.hi;
    step.out = new_buffer(unit.output, {});
    emit(std::move(step));
    return {};
}

Result<void> Lowering::lower_integer(const Unit& unit, ConvStep step, const FoldedWeights& folded,
                                     QuantizedWeights q) {
    const Representation in = buffer(step.in).representation;
    const Representation out = preferred(unit.output);
    const auto channels = static_cast<size_t>(step.out_channels);
    const size_t per_channel = q.q.size() / channels;
    if (per_channel > (size_t{1} << 31) / (255 * 128))
        return fail(ErrorCode::unsupported,
                    "sums of " + std::to_string(per_channel) + " products do not fit a 32-bit accumulator");
    const double out_scale = out.element == Element::u8 ? static_cast<double>(out.scale) : 1.0;
    for (size_t c = 0; c < channels; ++c) {
        int64_t weight_sum = 0;
        for (size_t i = 0; i < per_channel; ++i) weight_sum += q.q[c * per_channel + i];
        const double scale = static_cast<double>(in.scale) * static_cast<double>(q.channel(c).scale);
        const double bias = std::nearbyint(folded.bias[c] / scale);
        step.bias.push_back(static_cast<float>(bias - static_cast<double>(in.zero_point * weight_sum)));
        step.multiplier.push_back(static_cast<float>(scale / out_scale));
    }
    step.clamp_lo = unit.clamp.lo;
    step.clamp_hi = unit.clamp.hi;
    if (out.element == Element::u8) {
        step.clamp_lo = std::max(unit.clamp.lo / out.scale, static_cast<float>(-out.zero_point));
        step.clamp_hi = std::min(unit.clamp.hi / out.scale, static_cast<float>(out.q_max - out.zero_point));
    }
    const auto& pads = step.attributes.pads;
    if (in.zero_point != 0 && std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; }))
        step.in = padded(step.in, step.attributes);
    step.weights_q = std::move(q.q);
    step.out = new_buffer(unit.output, out);
    emit(std::move(step));
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
    emit(move_step(in, out, map));
    return out;
}

Result<void> Lowering::lower_batch_norm(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const auto constant = [&](size_t input) { return m_graph.value(node.inputs[input]).constant->to_f32(); };
    const auto gamma = constant(1), beta = constant(2), mean = constant(3), variance = constant(4);
    const double epsilon = std::get<BatchNormAttributes>(node.attributes).epsilon;
    ScaleShiftStep step;
    step.clamp = unit.clamp;
    const Shape& shape = m_graph.value(unit.output).shape;
    if (shape.rank() != 4 && shape.rank() != 2)
        return fail(ErrorCode::unsupported, "BatchNormalization of rank " + std::to_string(shape.rank()));
    for (size_t c = 0; c < gamma.size(); ++c) {
        const double factor = gamma[c] / std::sqrt(variance[c] + epsilon);
        step.scale.push_back(static_cast<float>(factor));
        step.shift.push_back(static_cast<float>(beta[c] - mean[c] * factor));
    }
    step.in = buffer_for(node.inputs[0], {});
    step.out = new_buffer(unit.output, {});
    emit(std::move(step));
    return {};
}

} // namespace widthwise::engine
