#pragma once
// The one quantization convention: real = scale * (q - zero_point), q = clamp(round_half_even(real / scale) +
// zero_point). All functions round to nearest, ties to even, as ONNX QuantizeLinear does, and give the same
// integers on every ISA.

#include "core/quant/number_format.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace widthwise {

/// One tensor's (or one channel's) resolved quantizer.
struct AffineParams {
    float scale = 1;        ///< > 0
    int32_t zero_point = 0; ///< within [q_min, q_max]
    int32_t q_min = 0;
    int32_t q_max = 255;
    bool operator==(const AffineParams&) const = default;
    [[nodiscard]] float dequantize(int32_t q) const { return scale * static_cast<float>(q - zero_point); }
};

/// Division by scale, not multiplication by its reciprocal: the rounding of the reciprocal would move ties.
[[nodiscard]] inline int32_t quantize_value(float real, const AffineParams& p) {
    // Clamp first: the conversion of a huge float to int is undefined. NaN becomes the zero point.
    const float r = std::nearbyint(real / p.scale);
    // The bounds of 32-bit integers are no floats: double.
    const double lo = static_cast<double>(p.q_min) - p.zero_point;
    const double hi = static_cast<double>(p.q_max) - p.zero_point;
    if (std::isnan(r)) return p.zero_point;
    return static_cast<int32_t>(std::fmin(std::fmax<double>(r, lo), hi) + p.zero_point);
}

/// Parameters of an integer or fixed-point format for the range [lo, hi], widened to contain 0, so that zero
/// padding is exact.
///  real scales     symmetric: max(-lo, hi) / q_max; affine: (hi - lo) / (q_max - q_min)
///  power_of_two    that scale rounded up to 2^k
///  fixed point     2^-fraction_length(...), where given positions that do not hold the range clip it
/// A range too narrow for normal f32 scales gives scale 1; bounds beyond 2^126 clip.
[[nodiscard]] AffineParams params_for_range(double lo, double hi, const NumberFormat& format);

/// The fraction length f (scale 2^-f) of a fixed-point format for values of magnitude up to `magnitude`: the
/// given one; fixed_point: bits / 2; dynamic_fixed_point: bits - ceil(log2(magnitude) + 1) (Gysel et al.
/// 2016, Ristretto), so that only the power of two itself clips, by one step; bits - 1 for magnitude 0.
[[nodiscard]] int fraction_length(double magnitude, const NumberFormat& format);

/// The least 2^k >= x, x > 0 and normal.
[[nodiscard]] double power_of_two_above(double x);

/// 10 log10(sum x^2 / sum (x - x')^2); +infinity when exact. Spans of equal length, f32.
[[nodiscard]] double sqnr_db(std::span<const float> original, std::span<const float> quantized);

} // namespace widthwise
