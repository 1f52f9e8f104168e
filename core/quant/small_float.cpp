#include "core/quant/small_float.h"

#include "core/quant/rounding.h"

#include <cmath>

namespace widthwise {

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
        return {23, -126, 0x1.FFFFFEp127F};
    }
}

float round_to(const SmallFloat& format, float x) {
    float out = 0;
    round_to(format, std::span(&x, 1), std::span(&out, 1));
    return out;
}

void round_to(const SmallFloat& format, std::span<const float> in, std::span<float> out) {
    if (format == small_float(FormatType::bfloat16))
        rounding::bfloat16(in.data(), out.data(), in.size(), format.largest);
    else
        rounding::small_float(in.data(), out.data(), in.size(), format.mantissa_bits, format.min_exponent,
                              format.largest);
}

} // namespace widthwise
