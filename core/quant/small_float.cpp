#include "core/quant/small_float.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace widthwise {
namespace {

constexpr int k_f32_mantissa_bits = 23;

/// Adding the right power of two to |x| lets the hardware round at the wanted bit, half to even; taking it
/// away again is exact. The power is 2^(e + 23 - mantissa_bits), e the exponent of x, at least min_exponent.
inline float round_by_addition(const SmallFloat& format, float x) {
    const float magnitude = std::fabs(x) <= format.largest ? std::fabs(x) : format.largest;
    const uint32_t exponent = std::bit_cast<uint32_t>(magnitude) & 0x7F800000U;
    const auto least = static_cast<uint32_t>(format.min_exponent + 127) << k_f32_mantissa_bits;
    const auto up = static_cast<uint32_t>(k_f32_mantissa_bits - format.mantissa_bits) << k_f32_mantissa_bits;
    const auto power = std::bit_cast<float>(std::max(exponent, least) + up);
    const float rounded = std::copysign((magnitude + power) - power, x);
    return x != x ? 0.0F : rounded;
}

/// The upper half of binary32, whose exponents leave no room for the addition.
inline float round_upper_half(const SmallFloat& format, float x) {
    const float cut = std::fabs(x) <= format.largest ? x : std::copysign(format.largest, x);
    const auto bits = std::bit_cast<uint32_t>(cut);
    const uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16) & 1U)) & 0xFFFF0000U;
    return x != x ? 0.0F : std::bit_cast<float>(rounded);
}

bool is_upper_half(const SmallFloat& format) {
    return format.min_exponent == -126;
}

} // namespace

double SmallFloat::smallest() const {
    return std::ldexp(1.0, min_exponent - mantissa_bits);
}

SmallFloat small_float(FormatType type) {
    switch (type) {
    case FormatType::float16:
        return {10, -14, 65504.0F};
    case FormatType::bfloat16:
        return {7, -126, 0x1.FEp127F};
    case FormatType::float8_e4m3:
        return {3, -6, 448.0F};
    case FormatType::float8_e5m2:
        return {2, -14, 57344.0F};
    default:
        return {k_f32_mantissa_bits, -126, 0x1.FFFFFEp127F};
    }
}

float round_to(const SmallFloat& format, float x) {
    return is_upper_half(format) ? round_upper_half(format, x) : round_by_addition(format, x);
}

void round_to(const SmallFloat& format, std::span<const float> in, std::span<float> out) {
    if (is_upper_half(format))
        for (size_t i = 0; i < in.size(); ++i) out[i] = round_upper_half(format, in[i]);
    else
        for (size_t i = 0; i < in.size(); ++i) out[i] = round_by_addition(format, in[i]);
}

} // namespace widthwise
