#include "core/quant/rounding.h"

#include "core/quant/isa_clones.h"

#include <bit>
#include <cmath>
#include <cstdint>

namespace widthwise::rounding {
namespace {

/// Half to even for |x| < 2^22: the addition leaves no room for a fraction. Unlike rint it vectorizes.
inline float round_small(float x) {
    constexpr float magic = 12582912.0F; // 1.5 * 2^23
    return (x + magic) - magic;
}

constexpr int k_f32_mantissa_bits = 23;

} // namespace

/// `lo` and `hi` are whole numbers, so cutting before rounding equals rounding before cutting.
WIDTHWISE_CLONES void uniform(const float* in, float* out, size_t n, float scale, float lo, float hi) {
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) {
        float x = in[i] / scale;
        x = x == x ? x : 0.0F;
        x = x > lo ? x : lo;
        x = x < hi ? x : hi;
        out[i] = scale * round_small(x);
    }
}

WIDTHWISE_CLONES void divide(const float* in, float* out, size_t n, float scale) {
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) out[i] = in[i] / scale;
}
WIDTHWISE_CLONES void multiply(float* values, size_t n, float scale) {
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) values[i] *= scale;
}

WIDTHWISE_CLONES void ternary(const float* in, float* out, size_t n, float scale, float threshold) {
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) {
        const float level = in[i] < 0 ? -scale : scale;
        out[i] = std::fabs(in[i]) > threshold ? level : 0.0F;
    }
}

WIDTHWISE_CLONES void binary(const float* in, float* out, size_t n, float scale) {
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) out[i] = in[i] < 0 ? -scale : scale;
}

/// In double no quotient by the scale, a power of two, is subnormal or inexact. Adding what sqrt(2) lacks to
/// 2 in the mantissa carries into the exponent for all above sqrt(2) * 2^e; no float lies on it, so there are
/// no ties.
WIDTHWISE_CLONES void power_of_two(const float* in, float* out, size_t n, float scale, double lowest) {
    constexpr uint64_t mantissa = (uint64_t{1} << 52) - 1;
    constexpr uint64_t carry = mantissa + 1 - (std::bit_cast<uint64_t>(1.41421356237309504880) & mantissa);
    const double whole = scale, per_scale = 1 / whole;
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) {
        double relative = std::fabs(static_cast<double>(in[i])) * per_scale;
        relative = relative == relative ? relative : 0.0;
        double level = std::bit_cast<double>((std::bit_cast<uint64_t>(relative) + carry) & ~mantissa);
        level = level < 1 ? level : 1.0;
        level = level >= lowest ? level : 0.0;
        const auto real = static_cast<float>(level * whole);
        out[i] = in[i] < 0 ? -real : real;
    }
}

/// Adding the right power of two to |x| lets the hardware round at the wanted bit, half to even; taking it
/// away again is exact. The power is 2^(e + 23 - mantissa_bits), e the exponent of x, at least min_exponent.
WIDTHWISE_CLONES void small_float(const float* in, float* out, size_t n, int mantissa_bits, int min_exponent,
                                  float largest) {
    const auto least = static_cast<uint32_t>(min_exponent + 127) << k_f32_mantissa_bits;
    const auto up = static_cast<uint32_t>(k_f32_mantissa_bits - mantissa_bits) << k_f32_mantissa_bits;
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) {
        const float x = in[i];
        float magnitude = std::fabs(x);
        magnitude = magnitude < largest ? magnitude : largest;
        uint32_t exponent = std::bit_cast<uint32_t>(magnitude) & 0x7F800000U;
        exponent = exponent > least ? exponent : least;
        const auto power = std::bit_cast<float>(exponent + up);
        const float rounded = std::copysign((magnitude + power) - power, x);
        out[i] = x == x ? rounded : 0.0F;
    }
}

/// The upper half of binary32, whose exponents leave no room for the addition.
WIDTHWISE_CLONES void bfloat16(const float* in, float* out, size_t n, float largest) {
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) {
        float cut = in[i] < largest ? in[i] : largest;
        cut = cut > -largest ? cut : -largest;
        const auto bits = std::bit_cast<uint32_t>(cut);
        const uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16) & 1U)) & 0xFFFF0000U;
        out[i] = in[i] == in[i] ? std::bit_cast<float>(rounded) : 0.0F;
    }
}

} // namespace widthwise::rounding
