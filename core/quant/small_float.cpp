#include "core/quant/small_float.h"

#include "core/quant/isa_clones.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace widthwise {
namespace {

constexpr int k_f32_mantissa_bits = 23;

/// Adding the right power of two to |x| lets the hardware round at the wanted bit, half to even; taking it
/// away again is exact. The power is 2^(e + 23 - mantissa_bits), e the exponent of x, at least min_exponent.
WIDTHWISE_QUANT_CLONES void round_by_addition(const float* in, float* out, size_t n, int mantissa_bits,
                                              int min_exponent, float largest) {
    const auto least = static_cast<uint32_t>(min_exponent + 127) << k_f32_mantissa_bits;
    const auto up = static_cast<uint32_t>(k_f32_mantissa_bits - mantissa_bits) << k_f32_mantissa_bits;
    WIDTHWISE_QUANT_IN_PLACE
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
WIDTHWISE_QUANT_CLONES void round_upper_half(const float* in, float* out, size_t n, float largest) {
    WIDTHWISE_QUANT_IN_PLACE
    for (size_t i = 0; i < n; ++i) {
        float cut = in[i] < largest ? in[i] : largest;
        cut = cut > -largest ? cut : -largest;
        const auto bits = std::bit_cast<uint32_t>(cut);
        const uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16) & 1U)) & 0xFFFF0000U;
        out[i] = in[i] == in[i] ? std::bit_cast<float>(rounded) : 0.0F;
    }
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
    float out = 0;
    round_to(format, std::span(&x, 1), std::span(&out, 1));
    return out;
}

void round_to(const SmallFloat& format, std::span<const float> in, std::span<float> out) {
    if (is_upper_half(format))
        round_upper_half(in.data(), out.data(), in.size(), format.largest);
    else
        round_by_addition(in.data(), out.data(), in.size(), format.mantissa_bits, format.min_exponent,
                          format.largest);
}

} // namespace widthwise
