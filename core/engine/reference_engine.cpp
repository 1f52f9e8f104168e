#include "core/engine/reference_engine.h"

#include "core/engine/float_ops.h"
#include "core/quant/affine.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine {
namespace {

AffineParams stored_params(const Representation& r) {
    return {r.scale, r.zero_point, 0, r.q_max};
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
    bool quantized(BufferId id) const { return buffer(id).representation.element == Element::u8; }

    float real(BufferId id, size_t i) const {
        if (!quantized(id)) return f32(id)[i];
        return stored_params(buffer(id).representation).dequantize(u8(id)[i]);
    }
    void store(BufferId id, size_t i, float value) const {
        if (quantized(id)) {
            u8(id)[i] = static_cast<uint8_t>(quantize_value(value, stored_params(buffer(id).representation)));
        } else {
            f32(id)[i] = value;
        }
    }
    size_t elements(BufferId id) const { return static_cast<size_t>(buffer(id).extent.elements()); }

    void operator()(const QuantizeStep& s) const {
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
                        acc[to] += int32_t{s.weights_q[w]} * int32_t{u8(s.in)[i]};
                    } else {
                        sum[to] += static_cast<double>(s.weights_f32[w]) * static_cast<double>(f32(s.in)[i]);
                    }
                }
            }
        });
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

    void operator()(const AddIntegersStep& s) const {
        const int32_t zero_a = buffer(s.a).representation.zero_point,
                      zero_b = buffer(s.b).representation.zero_point;
        for (size_t i = 0; i < elements(s.out); ++i) {
            const float a = static_cast<float>(u8(s.a)[i] - zero_a) * s.multiplier_a;
            const float b = static_cast<float>(u8(s.b)[i] - zero_b) * s.multiplier_b;
            const auto rounded = static_cast<int32_t>(std::nearbyint(cut(a + b, s.clamp_lo, s.clamp_hi)));
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

    void operator()(const ScaleShiftStep& s) const {
        for (size_t i = 0; i < elements(s.out); ++i) {
            const size_t c = i % s.scale.size();
            f32(s.out)[i] = cut(f32(s.in)[i] * s.scale[c] + s.shift[c], s.clamp.lo, s.clamp.hi);
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

    void operator()(const UnaryStep& s) const {
        for (size_t i = 0; i < elements(s.out); ++i) f32(s.out)[i] = apply(s, f32(s.in)[i]);
    }
    void operator()(const SoftmaxStep& s) const { softmax(s, f32(s.in), f32(s.out)); }
    void operator()(const MeanStep& s) const { mean(s, f32(s.in), f32(s.out)); }

    void operator()(const MoveStep& s) const {
        for (const MoveStep::Run& run : s.runs)
            for (int64_t i = 0; i < run.length; ++i) {
                const auto to = static_cast<size_t>(run.to + i), from = static_cast<size_t>(run.from + i);
                if (quantized(s.out)) {
                    u8(s.out)[to] =
                        run.source < 0 ? s.fill_u8 : u8(s.in[static_cast<size_t>(run.source)])[from];
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
    }
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
