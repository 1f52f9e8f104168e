#pragma once
// The gradient of rounding, for activations and weights alike.

#include "core/quant/quantizer.h"

#include <cstddef>

namespace widthwise::train {

/// Where rounding passes gradients straight through: within the format's range. Binary and ternary ones have
/// no range: binary within 1.25 scales (the scale is the mean of |x|, which is 0.8 deviations of a normal
/// distribution: Hubara et al. 2016 pass one deviation), ternary within twice the scale.
struct PassingRange {
    float lo = 0, hi = 0;
};
[[nodiscard]] PassingRange passing_range(const Quantizer& quantizer);

/// What the derivative by the scale counts inside the passing range.
enum class InsideTerm {
    rounding_error, ///< LSQ, equation 3: (q - x) / s
    none            ///< PACT: only what is cut moves the clip
};

/// For x rounded to q and a loss with derivatives `g` by q, over `n` values: writes derivatives by x, g
/// inside the range and 0 outside, to `gx`; returns s times d loss / d s = sum of g (q - x) inside and g q
/// outside. The sum's order depends on nothing but n.
double straight_through(const float* x, const float* q, const float* g, float* gx, size_t n,
                        PassingRange range, InsideTerm inside);

} // namespace widthwise::train
