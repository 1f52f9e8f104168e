#include "core/engine/kernels.h"

#include "core/quant/isa_clones.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace widthwise::engine::kernels {
namespace {

/// Round half to even for |x| < 2^22: the addition leaves no room for a fraction. Vectorizes everywhere,
/// unlike rint.
inline float round_small(float x) {
    constexpr float magic = 12582912.0F; // 1.5 * 2^23
    return (x + magic) - magic;
}

inline float cut(float x, float lo, float hi) {
    x = x > lo ? x : lo;
    return x < hi ? x : hi;
}

/// Bounds are integers, so cutting before rounding equals rounding before cutting.
inline uint8_t store_u8(float real, float scale, float lo, float hi, int32_t zero_point) {
    float x = real / scale;
    x = x == x ? x : 0.0F;
    return static_cast<uint8_t>(static_cast<int32_t>(round_small(cut(x, lo, hi))) + zero_point);
}

struct Window {
    int64_t y0, y1, x0, x1;
    [[nodiscard]] int64_t count() const { return (y1 - y0) * (x1 - x0); }
};

Window window_at(int64_t y, int64_t x, const Extent& from, const PoolAttributes& a) {
    const int64_t top = y * a.strides[0] - a.pads[0], left = x * a.strides[1] - a.pads[1];
    return {std::max<int64_t>(top, 0), std::min(top + a.kernel[0], from.height), std::max<int64_t>(left, 0),
            std::min(left + a.kernel[1], from.width)};
}

WIDTHWISE_CLONES void max_into(uint8_t* __restrict out, const uint8_t* __restrict in, int64_t n) {
    for (int64_t c = 0; c < n; ++c) out[c] = in[c] > out[c] ? in[c] : out[c];
}
WIDTHWISE_CLONES void max_into_f32(float* out, const float* in, int64_t n) {
    for (int64_t c = 0; c < n; ++c) out[c] = out[c] < in[c] ? in[c] : out[c];
}
WIDTHWISE_CLONES void sum_into(int32_t* __restrict sum, const uint8_t* __restrict in, int64_t n) {
    for (int64_t c = 0; c < n; ++c) sum[c] += in[c];
}
WIDTHWISE_CLONES void sum_into_f32(float* sum, const float* in, int64_t n) {
    for (int64_t c = 0; c < n; ++c) sum[c] += in[c];
}
void max_into(float* out, const float* in, int64_t n) {
    max_into_f32(out, in, n);
}

/// Rows first, as one long maximum each, then the columns: fewer and longer loops than window by window.
template <typename T>
void max_pool_any(const T* in, T* out, const Extent& from, const Extent& to, const PoolAttributes& a) {
    const int64_t row = from.width * from.channels;
    std::vector<T> tallest(static_cast<size_t>(row));
    for (int64_t y = 0; y < to.height; ++y) {
        const Window rows = window_at(y, 0, from, a);
        if (rows.y0 < rows.y1) std::copy_n(in + rows.y0 * row, row, tallest.data());
        for (int64_t iy = rows.y0 + 1; iy < rows.y1; ++iy) max_into(tallest.data(), in + iy * row, row);
        for (int64_t x = 0; x < to.width; ++x, out += to.channels) {
            const Window w = window_at(y, x, from, a);
            if (w.y0 >= w.y1 || w.x0 >= w.x1) {
                std::fill_n(out, to.channels, T{0});
                continue;
            }
            const T* pixel = tallest.data() + w.x0 * from.channels;
            std::copy_n(pixel, from.channels, out);
            for (int64_t ix = w.x0 + 1; ix < w.x1; ++ix) max_into(out, pixel += from.channels, from.channels);
        }
    }
}

/// Binary and ternary: 0, 1 or 2.
WIDTHWISE_CLONES void code_by_sign(const float* __restrict in, uint8_t* __restrict out, size_t n,
                                   const Representation& to) {
    const float above = to.coding == Coding::binary ? 0.0F : to.threshold;
    if (to.coding == Coding::binary) {
        for (size_t i = 0; i < n; ++i) out[i] = in[i] >= 0 ? 2 : 0;
    } else {
        for (size_t i = 0; i < n; ++i) out[i] = static_cast<uint8_t>(1 + (in[i] > above) - (in[i] < -above));
    }
}

/// t / 2^shift with the rounding; t * 2^-shift for a negative shift, saturated.
int64_t shifted(int64_t t, int32_t shift, Rounding rounding) {
    if (shift <= 0) {
        const int left = std::min(-shift, 62);
        const int64_t limit = std::numeric_limits<int64_t>::max() >> left;
        return std::clamp(t, -limit, limit) * (int64_t{1} << left);
    }
    if (shift > 62) return rounding == Rounding::floor && t < 0 ? -1 : 0;
    const int64_t half = int64_t{1} << (shift - 1), floor = t >> shift, rest = t - (floor << shift);
    switch (rounding) {
    case Rounding::floor:
        return floor;
    case Rounding::half_up:
        return floor + (rest >= half);
    case Rounding::half_away:
        return floor + (t >= 0 ? rest >= half : rest > half);
    case Rounding::half_even:
        break;
    }
    return floor + (rest > half || (rest == half && (floor & 1) != 0));
}

/// The low `bits` of a two's complement register.
int32_t wrapped(int32_t a, int bits) {
    const int unused = 32 - bits;
    return static_cast<int32_t>(static_cast<uint32_t>(a) << unused) >> unused;
}

/// The sum that hardware would hold, over the formats' own integers.
int32_t register_value(int32_t acc, const RequantizeStep& step, size_t o) {
    const int32_t a = acc + step.code_shift[o];
    return step.wrap_bits ? wrapped(a, *step.wrap_bits) : a;
}

float real_value(int32_t acc, const RequantizeStep& step, size_t o, const DynamicScale* dynamic) {
    const int32_t a = register_value(acc, step, o);
    const float y = dynamic ? static_cast<float>(a - dynamic->zero_point * step.weight_sum[o]) *
                                      (dynamic->scale * step.multiplier[o]) +
                                  step.bias[o]
                            : (static_cast<float>(a) + step.bias[o]) * step.multiplier[o];
    return cut(y, step.clamp_lo, step.clamp_hi);
}

float divisor(const Window& w, const PoolAttributes& a) {
    return static_cast<float>(a.count_include_pad ? a.kernel[0] * a.kernel[1] : w.count());
}

} // namespace

WIDTHWISE_CLONES void quantize(const float* __restrict in, uint8_t* __restrict out, size_t n,
                               const Representation& to) {
    if (to.coding != Coding::affine) return code_by_sign(in, out, n, to);
    const auto lo = static_cast<float>(-to.zero_point), hi = static_cast<float>(to.q_max - to.zero_point);
    const float scale = to.scale;
    const int32_t zero_point = to.zero_point;
    for (size_t i = 0; i < n; ++i) out[i] = store_u8(in[i], scale, lo, hi, zero_point);
}

void round_to_grid(const float* in, float* out, size_t n, const Buffer& to) {
    const Grid& grid = *to.representation.grid;
    if (grid.channels_each == 0) return grid.quantizers.front().round({in, n}, {out, n});
    const auto channels = static_cast<size_t>(to.extent.channels),
               each = static_cast<size_t>(grid.channels_each);
    for (size_t first = 0; first < n; first += channels)
        for (size_t c = 0; c < channels; c += each) {
            const size_t count = std::min(each, channels - c);
            grid.quantizers[c / each].round({in + first + c, count}, {out + first + c, count});
        }
}

WIDTHWISE_CLONES void dequantize(const uint8_t* __restrict in, float* __restrict out, size_t n,
                                 const Representation& from) {
    const float scale = from.scale;
    const int32_t zero_point = from.zero_point;
    for (size_t i = 0; i < n; ++i) out[i] = scale * static_cast<float>(in[i] - zero_point);
}

WIDTHWISE_CLONES void add_integers(const AddIntegersStep& step, const uint8_t* __restrict a, int32_t zero_a,
                                   const uint8_t* __restrict b, int32_t zero_b, uint8_t* __restrict out,
                                   int32_t zero_out, size_t n) {
    const float multiplier_a = step.multiplier_a, multiplier_b = step.multiplier_b, lo = step.clamp_lo,
                hi = step.clamp_hi;
    for (size_t i = 0; i < n; ++i) {
        const float sum = __builtin_fmaf(static_cast<float>(b[i] - zero_b), multiplier_b,
                                         static_cast<float>(a[i] - zero_a) * multiplier_a);
        out[i] = static_cast<uint8_t>(static_cast<int32_t>(round_small(cut(sum, lo, hi))) + zero_out);
    }
}

WIDTHWISE_CLONES void add_f32(const float* a, const float* b, float* out, const Clamp& clamp, size_t n) {
    const float lo = clamp.lo, hi = clamp.hi;
    for (size_t i = 0; i < n; ++i) out[i] = cut(a[i] + b[i], lo, hi);
}

/// Most steps are these; clamped as binary() clamps the others.
WIDTHWISE_CLONES void add_rows(const float* a, const float* b, float* out, const Clamp& clamp, size_t n) {
    const float lo = clamp.lo, hi = clamp.hi;
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) out[i] = std::min(std::max(a[i] + b[i], lo), hi);
}
WIDTHWISE_CLONES void multiply_rows(const float* a, const float* b, float* out, const Clamp& clamp,
                                    size_t n) {
    const float lo = clamp.lo, hi = clamp.hi;
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) out[i] = std::min(std::max(a[i] * b[i], lo), hi);
}

void binary(BinaryOp op, const float* a, const float* b, float* out, const Clamp& clamp, size_t n) {
    if (op == BinaryOp::add) return add_rows(a, b, out, clamp, n);
    if (op == BinaryOp::mul) return multiply_rows(a, b, out, clamp, n);
    for (size_t i = 0; i < n; ++i) out[i] = std::min(std::max(apply(op, a[i], b[i]), clamp.lo), clamp.hi);
}

void max_pool(const uint8_t* in, uint8_t* out, const Extent& from, const Extent& to,
              const PoolAttributes& a) {
    max_pool_any(in, out, from, to, a);
}
void max_pool(const float* in, float* out, const Extent& from, const Extent& to, const PoolAttributes& a) {
    max_pool_any(in, out, from, to, a);
}

void average_pool(const uint8_t* in, float* out, const Extent& from, const Extent& to,
                  const PoolAttributes& a, const Representation& r) {
    std::vector<int32_t> sum(static_cast<size_t>(from.channels));
    for (int64_t y = 0; y < to.height; ++y)
        for (int64_t x = 0; x < to.width; ++x, out += to.channels) {
            const Window w = window_at(y, x, from, a);
            std::fill(sum.begin(), sum.end(), static_cast<int32_t>(-r.zero_point * w.count()));
            for (int64_t iy = w.y0; iy < w.y1; ++iy)
                for (int64_t ix = w.x0; ix < w.x1; ++ix)
                    sum_into(sum.data(), in + (iy * from.width + ix) * from.channels, from.channels);
            const float n = divisor(w, a);
            for (int64_t c = 0; c < to.channels; ++c)
                out[c] = static_cast<float>(sum[static_cast<size_t>(c)]) / n * r.scale;
        }
}

void average_pool(const float* in, float* out, const Extent& from, const Extent& to,
                  const PoolAttributes& a) {
    for (int64_t y = 0; y < to.height; ++y)
        for (int64_t x = 0; x < to.width; ++x, out += to.channels) {
            const Window w = window_at(y, x, from, a);
            std::fill_n(out, to.channels, 0.0F);
            for (int64_t iy = w.y0; iy < w.y1; ++iy)
                for (int64_t ix = w.x0; ix < w.x1; ++ix)
                    sum_into_f32(out, in + (iy * from.width + ix) * from.channels, from.channels);
            const float n = divisor(w, a);
            for (int64_t c = 0; c < to.channels; ++c) out[c] /= n;
        }
}

void requantize(const int32_t* acc, size_t pixels, const ConvStep& step, uint8_t* out, int32_t zero_point) {
    const auto channels = static_cast<size_t>(step.out_channels);
    for (size_t i = 0; i < pixels * channels; ++i) {
        const size_t o = i % channels;
        const float y = (static_cast<float>(acc[i]) + step.bias[o]) * step.multiplier[o];
        const float kept = cut(y, step.clamp_lo, step.clamp_hi);
        out[i] = static_cast<uint8_t>(static_cast<int32_t>(round_small(kept)) + zero_point);
    }
}

void requantize(const int32_t* acc, size_t pixels, const ConvStep& step, float* out) {
    const auto channels = static_cast<size_t>(step.out_channels);
    for (size_t i = 0; i < pixels * channels; ++i) {
        const size_t o = i % channels;
        out[i] = cut((static_cast<float>(acc[i]) + step.bias[o]) * step.multiplier[o], step.clamp_lo,
                     step.clamp_hi);
    }
}

void requantize(const int32_t* acc, size_t pixels, const RequantizeStep& step, uint8_t* out,
                int32_t zero_point, const DynamicScale* dynamic) {
    const size_t channels = step.code_shift.size();
    const bool in_float = step.how.mode == RequantizationMode::float_scale;
    // Bounds and values round the same way, so cutting after rounding gives the same.
    const auto lo = static_cast<int64_t>(std::nearbyint(step.clamp_lo)),
               hi = static_cast<int64_t>(std::nearbyint(step.clamp_hi));
    for (size_t i = 0; i < pixels * channels; ++i) {
        const size_t o = i % channels;
        if (in_float) {
            const auto rounded = static_cast<int32_t>(round_small(real_value(acc[i], step, o, dynamic)));
            out[i] = static_cast<uint8_t>(rounded + zero_point);
            continue;
        }
        constexpr int64_t largest = std::numeric_limits<int32_t>::max();
        const int64_t biased =
            std::clamp(register_value(acc[i], step, o) + step.integer_bias[o], -largest - 1, largest);
        const int64_t q = shifted(biased * step.integer_multiplier[o], step.shift[o], step.how.rounding);
        out[i] = static_cast<uint8_t>(std::clamp(q, lo, hi) + zero_point);
    }
}

void requantize(const int32_t* acc, size_t pixels, const RequantizeStep& step, float* out,
                const DynamicScale* dynamic) {
    const size_t channels = step.code_shift.size();
    for (size_t i = 0; i < pixels * channels; ++i) out[i] = real_value(acc[i], step, i % channels, dynamic);
}

WIDTHWISE_CLONES void multiply_add(int32_t* __restrict acc, const int16_t* __restrict w,
                                   const uint8_t* __restrict u, int32_t offset, int64_t n,
                                   const Saturation* cut_to) {
    if (!cut_to) {
        for (int64_t i = 0; i < n; ++i) acc[i] += w[i] * (u[i] + offset);
        return;
    }
    const int32_t lo = cut_to->lo, hi = cut_to->hi;
    for (int64_t i = 0; i < n; ++i) {
        const int32_t a = acc[i] + w[i] * (u[i] + offset);
        acc[i] = a < lo ? lo : a > hi ? hi : a;
    }
}

WIDTHWISE_CLONES void multiply_add(int32_t* __restrict acc, const int16_t* __restrict w, int32_t u, int64_t n,
                                   const Saturation* cut_to) {
    if (!cut_to) {
        for (int64_t i = 0; i < n; ++i) acc[i] += w[i] * u;
        return;
    }
    const int32_t lo = cut_to->lo, hi = cut_to->hi;
    for (int64_t i = 0; i < n; ++i) {
        const int32_t a = acc[i] + w[i] * u;
        acc[i] = a < lo ? lo : a > hi ? hi : a;
    }
}

} // namespace widthwise::engine::kernels
