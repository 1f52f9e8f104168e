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
    // Clamp in float first: the conversion of a huge float to int is undefined. NaN becomes the zero point.
    const float r = std::nearbyint(real / p.scale);
    const float lo = static_cast<float>(p.q_min - p.zero_point);
    const float hi = static_cast<float>(p.q_max - p.zero_point);
    if (std::isnan(r)) return p.zero_point;
    return static_cast<int32_t>(std::fmin(std::fmax(r, lo), hi)) + p.zero_point;
}

/// Parameters for the range [lo, hi] (widened to contain 0, so that zero padding is exact). An empty range
/// gives scale 1.
[[nodiscard]] AffineParams params_for_range(double lo, double hi, const NumberFormat& format);

/// Integer weights with their per-output-channel parameters (one element when per tensor).
struct QuantizedWeights {
    std::vector<int8_t> q; ///< same layout as the f32 weights, output channel outermost
    std::vector<AffineParams> params;
    [[nodiscard]] const AffineParams& channel(size_t c) const {
        return params.size() == 1 ? params[0] : params[c];
    }
};

/// `weights` is O x (anything), f32; `out_channels` = O. A resolved format is taken as it is. Errors:
/// invalid_input when a given scale has neither 1 nor O elements, or weights are not finite.
[[nodiscard]] Result<QuantizedWeights> quantize_weights(std::span<const float> weights, int64_t out_channels,
                                                        const NumberFormat& format);

/// 10 log10(sum x^2 / sum (x - x')^2); +infinity when exact. Spans of equal length, f32.
[[nodiscard]] double sqnr_db(std::span<const float> original, std::span<const float> quantized);

} // namespace widthwise
