// Layers whose weights and activations are integers of at most 8 bits.

#include "core/engine/lowering.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine {
namespace {

/// value = multiplier * 2^-shift with 31 significant bits (Jacob et al. 2018, equation 6: M = 2^-n M0, M0 in
/// [0.5, 1) as a 31-bit fraction).
void split_multiplier(double value, int32_t& multiplier, int32_t& shift) {
    int exponent = 0;
    const double fraction = std::frexp(value, &exponent); // [0.5, 1) in magnitude
    auto scaled = static_cast<int64_t>(std::nearbyint(std::ldexp(fraction, 31)));
    if (std::abs(scaled) == int64_t{1} << 31) {
        scaled /= 2;
        ++exponent;
    }
    multiplier = static_cast<int32_t>(scaled);
    shift = 31 - exponent;
}

/// The power of two nearest in the logarithm, with the value's sign.
void split_power(double value, int32_t& multiplier, int32_t& shift) {
    multiplier = value < 0 ? -1 : value > 0 ? 1 : 0;
    shift = value == 0 ? 0 : -static_cast<int32_t>(std::lround(std::log2(std::abs(value))));
}

} // namespace

/// What turns a layer's sums into real numbers: y = (sum + bias[o]) * scale[o].
struct Lowering::IntegerLayer {
    std::vector<double> bias, scale; ///< [O]; the bias in units of the sums, input zero point included
    std::vector<double> real_bias;   ///< [O]; in real units, without the input's zero point
    std::vector<int32_t> weight_sum; ///< [O]; of w - w_z
    AccumulatorFormat accumulator;
    bool narrow_accumulator = false; ///< some sum may not fit it
};

Result<void> Lowering::lower_integer(const Unit& unit, ConvStep step, const FoldedWeights& folded,
                                     KernelWeights weights) {
    const Representation in = buffer(step.in).representation;
    const auto channels = static_cast<size_t>(step.out_channels);
    const size_t per_channel = weights.q.size() / channels;
    if (per_channel > (size_t{1} << 31) / (255 * 256))
        return fail(ErrorCode::unsupported,
                    "sums of " + std::to_string(per_channel) + " products do not fit a 32-bit accumulator");
    IntegerLayer layer;
    layer.accumulator = m_plan.at(m_graph.node(unit.node).name).accumulator;
    layer.narrow_accumulator = accumulator_bits(weights, step.out_channels, in.code_offset,
                                                in.code_offset + in.q_max) > layer.accumulator.bits;
    for (size_t c = 0; c < channels; ++c) {
        int32_t weight_sum = 0;
        for (size_t i = 0; i < per_channel; ++i)
            weight_sum += weights.q[c * per_channel + i] - weights.zero_point(c);
        const double after = folded.after.empty() ? 1.0 : static_cast<double>(folded.after[c]);
        const double in_scale = in.dynamic ? 1.0 : static_cast<double>(in.scale);
        double scale = in_scale * static_cast<double>(weights.scale[c]) * after;
        if (std::abs(scale) < std::numeric_limits<float>::min()) {
            // A channel that its BatchNormalization switches off is its bias alone.
            const auto first = weights.q.begin() + static_cast<std::ptrdiff_t>(c * per_channel);
            std::fill_n(first, per_channel, static_cast<int8_t>(weights.zero_point(c)));
            weight_sum = 0;
            scale = in_scale * static_cast<double>(weights.scale[c]);
        }
        // Biases are 32-bit integers, as hardware holds them; BatchNormalization that was not folded adds
        // thresholds that are no integers.
        double bias = folded.bias[c] / scale;
        if (folded.after.empty()) bias = std::nearbyint(bias);
        layer.real_bias.push_back(folded.bias[c]);
        layer.bias.push_back(bias - static_cast<double>(in.zero_point) * weight_sum);
        layer.scale.push_back(scale);
        layer.weight_sum.push_back(weight_sum);
    }
    step.weights_q = std::move(weights.q);
    step.weight_zero_points = std::move(weights.zero_points);
    const auto& pads = step.attributes.pads;
    if ((in.zero_point != 0 || in.dynamic) &&
        std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; }))
        step.in = padded(step.in, step.attributes);

    const bool plain = !in.dynamic && !layer.narrow_accumulator && !m_options.observe_accumulators &&
                       m_plan.requantization() == Requantization();
    if (!plain) {
        lower_in_two_steps(unit, std::move(step), layer);
        return {};
    }
    const Representation out = preferred(unit.output);
    const double out_scale = out.element == Element::u8 ? static_cast<double>(out.scale) : 1.0;
    for (size_t c = 0; c < channels; ++c) {
        step.bias.push_back(static_cast<float>(layer.bias[c]));
        step.multiplier.push_back(static_cast<float>(layer.scale[c] / out_scale));
    }
    const OutputCut cut =
        out.element == Element::u8 ? output_cut(unit.clamp, out) : OutputCut{unit.clamp.lo, unit.clamp.hi};
    step.clamp_lo = cut.lo;
    step.clamp_hi = cut.hi;
    step.out = new_buffer(unit.output, out);
    add_step(std::move(step));
    return {};
}

void Lowering::lower_in_two_steps(const Unit& unit, ConvStep step, const IntegerLayer& layer) {
    const Representation in = buffer(step.in).representation;
    const Representation out = preferred(unit.output);
    const bool to_integers = out.element == Element::u8;
    RequantizeStep requantize;
    if (layer.narrow_accumulator && layer.accumulator.overflow == Overflow::saturate)
        step.saturate_bits = layer.accumulator.bits;
    if (layer.narrow_accumulator && layer.accumulator.overflow == Overflow::wrap)
        requantize.wrap_bits = layer.accumulator.bits;
    if (to_integers && !in.dynamic) requantize.how = m_plan.requantization();
    const bool in_float = requantize.how.mode == RequantizationMode::float_scale;
    const double out_scale = to_integers ? static_cast<double>(out.scale) : 1.0;
    for (size_t c = 0; c < layer.scale.size(); ++c) {
        const int32_t shift_of_codes = in.code_offset * layer.weight_sum[c];
        const double multiplier = layer.scale[c] / out_scale;
        // The sum over codes is that over stored values plus code_shift: the bias gives it back.
        const double bias = layer.bias[c] - shift_of_codes;
        requantize.code_shift.push_back(step.saturate_bits ? 0 : shift_of_codes);
        if (in.dynamic) {
            requantize.bias.push_back(static_cast<float>(layer.real_bias[c] / out_scale));
            requantize.multiplier.push_back(static_cast<float>(multiplier));
        } else if (in_float) {
            requantize.bias.push_back(static_cast<float>(bias));
            requantize.multiplier.push_back(static_cast<float>(multiplier));
        } else {
            int32_t factor = 0, shift = 0;
            (requantize.how.mode == RequantizationMode::integer_multiplier ? split_multiplier : split_power)(
                multiplier, factor, shift);
            requantize.integer_bias.push_back(static_cast<int64_t>(std::nearbyint(bias)));
            requantize.integer_multiplier.push_back(factor);
            requantize.shift.push_back(shift);
        }
    }
    if (in.dynamic) {
        requantize.dynamic_input = step.in;
        requantize.weight_sum = layer.weight_sum;
    }
    const OutputCut cut = to_integers ? output_cut(unit.clamp, out) : OutputCut{unit.clamp.lo, unit.clamp.hi};
    requantize.clamp_lo = cut.lo;
    requantize.clamp_hi = cut.hi;
    const Extent extent = extent_of(m_graph.value(unit.output).shape);
    Representation sums;
    sums.element = Element::s32;
    step.out = add_buffer({extent, sums, {}, {}});
    requantize.in = step.out;
    add_step(std::move(step));
    requantize.out = new_buffer(unit.output, out);
    add_step(std::move(requantize));
}

} // namespace widthwise::engine
