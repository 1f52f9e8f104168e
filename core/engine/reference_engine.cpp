#include "core/engine/reference_engine.h"

#include "core/engine/representation.h"
#include "core/quant/affine.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine {
namespace {

/// A register of `bits` bits after it took `value`.
int64_t in_register(int64_t value, int bits, Overflow overflow) {
    const int64_t span = int64_t{1} << bits, highest = span / 2 - 1, lowest = -span / 2;
    if (overflow == Overflow::saturate) return std::clamp(value, lowest, highest);
    return ((value - lowest) % span + span) % span + lowest;
}

/// value / 2^shift, rounded; in long double, whose 64 bits hold every product exactly.
long double divided(long double value, int shift, Rounding rounding) {
    const long double exact = std::ldexp(value, -shift), below = std::floor(exact), rest = exact - below;
    switch (rounding) {
    case Rounding::floor:
        return below;
    case Rounding::half_up:
        return rest >= 0.5L ? below + 1 : below;
    case Rounding::half_away:
        return std::round(exact);
    case Rounding::half_even:
        break;
    }
    return std::nearbyint(exact);
}

float cut(float value, float lo, float hi) {
    return std::min(std::max(value, lo), hi);
}

/// Calls visit(output y, output x, kernel y, kernel x, input offset of channel 0) for each tap that meets the
/// image.
template <typename Visit>
void for_each_tap(const Extent& in, const Extent& out, const ConvAttributes& a, Visit visit) {
    for (int64_t y = 0; y < out.height; ++y)
        for (int64_t x = 0; x < out.width; ++x)
            for (int64_t ky = 0; ky < a.kernel[0]; ++ky)
                for (int64_t kx = 0; kx < a.kernel[1]; ++kx) {
                    const int64_t iy = y * a.strides[0] - a.pads[0] + ky * a.dilations[0];
                    const int64_t ix = x * a.strides[1] - a.pads[1] + kx * a.dilations[1];
                    if (iy < 0 || iy >= in.height || ix < 0 || ix >= in.width) continue;
                    visit(y, x, ky, kx, (iy * in.width + ix) * in.channels);
                }
}

} // namespace

struct ReferenceEngine::Interpreter {
    ReferenceEngine& self;

    const Buffer& buffer(BufferId id) const { return self.m_program.buffers[id.position()]; }
    std::vector<float>& f32(BufferId id) const { return self.m_f32[self.storage(id)]; }
    std::vector<uint8_t>& u8(BufferId id) const { return self.m_u8[self.storage(id)]; }
    std::vector<int32_t>& s32(BufferId id) const { return self.m_s32[self.storage(id)]; }
    bool quantized(BufferId id) const { return buffer(id).representation.element == Element::u8; }
    DynamicScale& dynamic(BufferId id) const { return self.m_dynamic[self.storage(id)]; }
    /// As this image has it.
    Representation representation(BufferId id) const {
        Representation r = buffer(id).representation;
        if (r.dynamic) {
            r.scale = dynamic(id).scale;
            r.zero_point = dynamic(id).zero_point;
        }
        return r;
    }

    float real(BufferId id, size_t i) const {
        if (!quantized(id)) return f32(id)[i];
        const Representation r = representation(id);
        return r.scale * static_cast<float>(u8(id)[i] - r.zero_point);
    }
    void store(BufferId id, size_t i, float value) const {
        if (quantized(id)) {
            u8(id)[i] = stored(value, representation(id));
        } else {
            f32(id)[i] = value;
        }
    }
    size_t elements(BufferId id) const { return static_cast<size_t>(buffer(id).extent.elements()); }

    void operator()(const QuantizeStep& s) const {
        const Buffer& out = buffer(s.out);
        if (out.representation.dynamic) dynamic(s.out) = dynamic_scale(f32(s.in));
        if (const auto& grid = out.representation.grid) {
            for (size_t i = 0; i < elements(s.out); ++i) {
                const auto channel = static_cast<int64_t>(i) % out.extent.channels;
                const int64_t which = grid->channels_each == 0 ? 0 : channel / grid->channels_each;
                f32(s.out)[i] = grid->quantizers[static_cast<size_t>(which)].round(f32(s.in)[i]);
            }
            return;
        }
        for (size_t i = 0; i < elements(s.out); ++i) store(s.out, i, f32(s.in)[i]);
    }
    void operator()(const DequantizeStep& s) const {
        for (size_t i = 0; i < elements(s.out); ++i) f32(s.out)[i] = real(s.in, i);
    }

    void operator()(const ConvStep& s) const {
        const Extent& in = buffer(s.in).extent;
        const Extent& out = buffer(s.out).extent;
        const int64_t group_in = s.in_channels / s.attributes.group,
                      group_out = s.out_channels / s.attributes.group;
        const int64_t taps = s.attributes.kernel[0] * s.attributes.kernel[1];
        std::vector<int32_t> acc(s.is_integer() ? elements(s.out) : 0, 0);
        std::vector<double> sum(s.is_integer() ? 0 : elements(s.out), 0);
        for_each_tap(in, out, s.attributes, [&](int64_t y, int64_t x, int64_t ky, int64_t kx, int64_t from) {
            for (int64_t o = 0; o < s.out_channels; ++o) {
                const auto to = static_cast<size_t>((y * out.width + x) * out.channels + o);
                const int64_t first = o / group_out * group_in;
                for (int64_t c = 0; c < group_in; ++c) {
                    const auto w =
                        static_cast<size_t>((o * group_in + c) * taps + ky * s.attributes.kernel[1] + kx);
                    const auto i = static_cast<size_t>(from + first + c);
                    if (s.is_integer()) {
                        const auto& zero = s.weight_zero_points;
                        const int32_t weight =
                            s.weights_q[w] -
                            (zero.empty() ? 0 : zero[zero.size() == 1 ? 0 : static_cast<size_t>(o)]);
                        if (s.saturate_bits) {
                            const int32_t code = u8(s.in)[i] + buffer(s.in).representation.code_offset;
                            acc[to] = static_cast<int32_t>(in_register(int64_t{acc[to]} + weight * code,
                                                                       *s.saturate_bits, Overflow::saturate));
                        } else {
                            acc[to] += weight * int32_t{u8(s.in)[i]};
                        }
                    } else {
                        sum[to] += static_cast<double>(s.weights_f32[w]) * static_cast<double>(f32(s.in)[i]);
                    }
                }
            }
        });
        if (buffer(s.out).representation.element == Element::s32) {
            s32(s.out) = acc;
            return;
        }
        for (size_t i = 0; i < elements(s.out); ++i) {
            const size_t o = i % static_cast<size_t>(s.out_channels);
            if (!s.is_integer()) {
                f32(s.out)[i] =
                    cut(static_cast<float>(sum[i] + static_cast<double>(s.bias[o])), s.clamp_lo, s.clamp_hi);
                continue;
            }
            const float biased = static_cast<float>(acc[i]) + s.bias[o];
            const float y = cut(biased * s.multiplier[o], s.clamp_lo, s.clamp_hi);
            if (quantized(s.out)) {
                u8(s.out)[i] = static_cast<uint8_t>(static_cast<int32_t>(std::nearbyint(y)) +
                                                    buffer(s.out).representation.zero_point);
            } else {
                f32(s.out)[i] = y;
            }
        }
    }

    void operator()(const RequantizeStep& s) const {
        const int32_t zero_point = buffer(s.out).representation.zero_point;
        for (size_t i = 0; i < elements(s.out); ++i) {
            const size_t o = i % s.code_shift.size();
            int64_t a = int64_t{s32(s.in)[i]} + s.code_shift[o];
            if (s.wrap_bits) a = in_register(a, *s.wrap_bits, Overflow::wrap);
            if (s.how.mode != RequantizationMode::float_scale) {
                const int64_t biased = in_register(a + s.integer_bias[o], 32, Overflow::saturate);
                const auto product = static_cast<long double>(biased * s.integer_multiplier[o]);
                const long double q = divided(product, s.shift[o], s.how.rounding);
                const auto lo = static_cast<long double>(std::nearbyint(s.clamp_lo)),
                           hi = static_cast<long double>(std::nearbyint(s.clamp_hi));
                const long double kept = std::clamp(q, lo, hi);
                u8(s.out)[i] = static_cast<uint8_t>(static_cast<int32_t>(kept) + zero_point);
                continue;
            }
            float y = 0;
            if (s.dynamic_input.valid()) {
                const DynamicScale scale = dynamic(s.dynamic_input);
                const auto corrected = static_cast<int32_t>(a - int64_t{scale.zero_point} * s.weight_sum[o]);
                y = static_cast<float>(corrected) * (scale.scale * s.multiplier[o]) + s.bias[o];
            } else {
                y = (static_cast<float>(static_cast<int32_t>(a)) + s.bias[o]) * s.multiplier[o];
            }
            y = cut(y, s.clamp_lo, s.clamp_hi);
            if (quantized(s.out)) {
                u8(s.out)[i] = static_cast<uint8_t>(static_cast<int32_t>(std::nearbyint(y)) + zero_point);
            } else {
                f32(s.out)[i] = y;
            }
        }
    }

    void operator()(const AddIntegersStep& s) const {
        const int32_t zero_a = buffer(s.a).representation.zero_point,
                      zero_b = buffer(s.b).representation.zero_point;
        for (size_t i = 0; i < elements(s.out); ++i) {
            const float a = static_cast<float>(u8(s.a)[i] - zero_a) * s.multiplier_a;
            const float sum = std::fma(static_cast<float>(u8(s.b)[i] - zero_b), s.multiplier_b, a);
            const auto rounded = static_cast<int32_t>(std::nearbyint(cut(sum, s.clamp_lo, s.clamp_hi)));
            u8(s.out)[i] = static_cast<uint8_t>(rounded + buffer(s.out).representation.zero_point);
        }
    }

    void operator()(const BinaryStep& s) const {
        const auto operand = [&](BufferId id, const std::vector<int32_t>& index, size_t i) {
            const size_t from = index.empty() ? i : static_cast<size_t>(index[i]);
            return id.valid() ? real(id, from) : s.constant[from];
        };
        for (size_t i = 0; i < elements(s.out); ++i) {
            const float a = operand(s.a, s.index_a, i), b = operand(s.b, s.index_b, i);
            store(s.out, i, cut(apply(s.op, a, b), s.clamp.lo, s.clamp.hi));
        }
    }

    void operator()(const PoolStep& s) const {
        const Extent& in = buffer(s.in).extent;
        const Extent& out = buffer(s.out).extent;
        const int32_t zero = quantized(s.in) ? buffer(s.in).representation.zero_point : 0;
        const ConvAttributes window{s.attributes.kernel, s.attributes.strides, s.attributes.pads, {1, 1}, 1};
        std::vector<int32_t> integer(elements(s.out), 0);
        std::vector<float> value(elements(s.out), 0), count(elements(s.out), 0);
        for_each_tap(in, out, window, [&](int64_t y, int64_t x, int64_t, int64_t, int64_t from) {
            for (int64_t c = 0; c < in.channels; ++c) {
                const auto to = static_cast<size_t>((y * out.width + x) * out.channels + c);
                const auto i = static_cast<size_t>(from + c);
                const int32_t q = quantized(s.in) ? u8(s.in)[i] - zero : 0;
                const float v = quantized(s.in) ? 0.0F : f32(s.in)[i];
                const bool first = count[to] == 0;
                count[to] += 1;
                if (s.average) {
                    integer[to] += q;
                    value[to] += v;
                } else {
                    integer[to] = first ? q : std::max(integer[to], q);
                    value[to] = first ? v : std::max(value[to], v);
                }
            }
        });
        for (size_t i = 0; i < elements(s.out); ++i) {
            if (!s.average) {
                if (quantized(s.in))
                    u8(s.out)[i] = static_cast<uint8_t>(integer[i] + zero);
                else
                    f32(s.out)[i] = value[i];
                continue;
            }
            const float sum = quantized(s.in) ? static_cast<float>(integer[i]) : value[i];
            const float n = s.attributes.count_include_pad
                                ? static_cast<float>(s.attributes.kernel[0] * s.attributes.kernel[1])
                                : count[i];
            store(s.out, i, sum / n * (quantized(s.in) ? buffer(s.in).representation.scale : 1.0F));
        }
    }

    void operator()(const FloatStep& s) const {
        std::vector<std::span<const float>> in;
        for (const BufferId id : s.in) in.emplace_back(f32(id));
        engine::run(s.operation, in, f32(s.out));
    }

    void operator()(const MoveStep& s) const {
        if (buffer(s.out).representation.dynamic) dynamic(s.out) = dynamic(s.in[0]);
        const uint8_t fill =
            buffer(s.out).representation.dynamic ? stored(s.fill_f32, representation(s.out)) : s.fill_u8;
        for (const MoveStep::Run& run : s.runs)
            for (int64_t i = 0; i < run.length; ++i) {
                const auto to = static_cast<size_t>(run.to + i), from = static_cast<size_t>(run.from + i);
                if (quantized(s.out)) {
                    u8(s.out)[to] = run.source < 0 ? fill : u8(s.in[static_cast<size_t>(run.source)])[from];
                } else {
                    f32(s.out)[to] =
                        run.source < 0 ? s.fill_f32 : f32(s.in[static_cast<size_t>(run.source)])[from];
                }
            }
    }
};

ReferenceEngine::ReferenceEngine(const Program& program) : m_program(program) {
    for (const Buffer& b : program.buffers) {
        const auto n = b.alias.valid() ? 0 : static_cast<size_t>(b.extent.elements());
        m_f32.emplace_back(b.representation.element == Element::f32 ? n : 0);
        m_u8.emplace_back(b.representation.element == Element::u8 ? n : 0);
        m_s32.emplace_back(b.representation.element == Element::s32 ? n : 0);
    }
    m_dynamic.resize(program.buffers.size());
}

size_t ReferenceEngine::storage(BufferId id) const {
    while (m_program.buffers[id.position()].alias.valid()) id = m_program.buffers[id.position()].alias;
    return id.position();
}

void ReferenceEngine::run(std::span<const float> input) {
    std::copy(input.begin(), input.end(), m_f32[storage(m_program.input)].begin());
    for (const Step& step : m_program.steps) std::visit(Interpreter{*this}, step.operation);
}

} // namespace widthwise::engine
