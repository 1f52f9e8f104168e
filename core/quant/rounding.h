#pragma once
// The loops of rounding, each over `n` values, possibly in place. NaN counts as 0; the same results on every
// ISA.

#include <cstddef>

namespace widthwise::rounding {

/// scale * clamp(round_half_even(x / scale), lo, hi); lo and hi are whole numbers below 2^22.
void uniform(const float* in, float* out, size_t n, float scale, float lo, float hi);
/// +-scale where |x| > threshold, else 0.
void ternary(const float* in, float* out, size_t n, float scale, float threshold);
/// -scale below 0, else scale.
void binary(const float* in, float* out, size_t n, float scale);
/// scale times the power of two nearest to |x| / scale in the logarithm, at most 1; 0 where that lies below
/// `lowest`. The scale is a power of two.
void power_of_two(const float* in, float* out, size_t n, float scale, double lowest);
/// Floats of `mantissa_bits` and of at least 2^min_exponent when normal, half to even, cut to +-largest,
/// which leaves room for 2^(23 - mantissa_bits) times as much.
void small_float(const float* in, float* out, size_t n, int mantissa_bits, int min_exponent, float largest);
/// The upper half of binary32, half to even, cut to +-largest.
void bfloat16(const float* in, float* out, size_t n, float largest);
void divide(const float* in, float* out, size_t n, float scale);
void multiply(float* values, size_t n, float scale);

} // namespace widthwise::rounding
