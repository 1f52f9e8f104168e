#include "core/quant/affine.h"

#include <algorithm>
#include <limits>

namespace widthwise {

double power_of_two_above(double x) {
    int exponent = 0;
    const double mantissa = std::frexp(x, &exponent); // [0.5, 1)
    return std::ldexp(1.0, mantissa == 0.5 ? exponent - 1 : exponent);
}

int fraction_length(double magnitude, const NumberFormat& format) {
    if (format.fraction_bits) return *format.fraction_bits;
    if (format.type == FormatType::fixed_point) return format.bits / 2;
    if (magnitude < std::numeric_limits<float>::min()) return format.bits - 1;
    const int integer_length = std::ilogb(power_of_two_above(magnitude)) + 1;
    return std::clamp(format.bits - integer_length, -k_max_fraction_bits, k_max_fraction_bits);
}

AffineParams params_for_range(double lo, double hi, const NumberFormat& format) {
    AffineParams p{1.0F, 0, format.q_min(), format.q_max()};
    const double limit = std::ldexp(1.0, 126); // leaves room for a scale's rounding up
    lo = std::clamp(lo, -limit, 0.0);
    hi = std::clamp(hi, 0.0, limit);
    if (format.type == FormatType::fixed_point || format.type == FormatType::dynamic_fixed_point) {
        p.scale = std::ldexp(1.0F, -fraction_length(std::max(-lo, hi), format));
        return p;
    }
    const double steps = format.symmetric ? p.q_max : static_cast<double>(p.q_max) - p.q_min;
    double scale = (format.symmetric ? std::max(-lo, hi) : hi - lo) / steps;
    // A scale below the normal floats would lose the precision that the convention promises.
    if (scale < std::numeric_limits<float>::min()) return p;
    if (format.scale_type == ScaleType::power_of_two) scale = power_of_two_above(scale);
    p.scale = static_cast<float>(scale);
    if (!format.symmetric) {
        const double zero = std::nearbyint(-lo / static_cast<double>(p.scale)) + p.q_min;
        p.zero_point = static_cast<int32_t>(std::clamp<double>(zero, p.q_min, p.q_max));
    }
    return p;
}

double sqnr_db(std::span<const float> original, std::span<const float> quantized) {
    double signal = 0, noise = 0;
    for (size_t i = 0; i < original.size(); ++i) {
        const double x = original[i], d = x - static_cast<double>(quantized[i]);
        signal += x * x;
        noise += d * d;
    }
    if (noise == 0) return std::numeric_limits<double>::infinity();
    return 10 * std::log10(signal / noise);
}

} // namespace widthwise
