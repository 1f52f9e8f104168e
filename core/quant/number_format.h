#pragma once
// How a tensor's numbers are written: the user's choice per layer, before any statistics are seen.

#include "core/base/result.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace widthwise {

enum class FormatType { float32, integer };
enum class Granularity { tensor, channel };
enum class RangeRuleType { minmax, percentile, given };

/// How a range is taken from statistics. `percentile`: the two-sided share of values kept, in percent (99.99
/// keeps all but 0.01 %). `given`: [lo, hi] in real units.
struct RangeRule {
    RangeRuleType type = RangeRuleType::minmax;
    double percentile = 99.99;
    double lo = 0, hi = 0;
    bool operator==(const RangeRule&) const = default;
};

/// Affine integers: real = scale * (q - zero_point), scale f32 > 0, zero_point an int32 within [q_min,
/// q_max]. Symmetric formats have zero_point 0 and are signed, [-2^(b-1), 2^(b-1)-1] or, narrow,
/// [-(2^(b-1)-1), 2^(b-1)-1]; affine ones are unsigned, [0, 2^b-1].
struct NumberFormat {
    FormatType type = FormatType::float32;
    int bits = 32; ///< 2..8 for integers
    bool symmetric = false;
    bool narrow = false;
    Granularity granularity = Granularity::tensor;
    RangeRule range;
    /// Resolved parameters that stand as they are, without calibration: one element, one per channel, or
    /// (element-wise layers' activations) one per input. Empty: to be calibrated.
    std::vector<float> scale;
    std::vector<int32_t> zero_point;

    bool operator==(const NumberFormat&) const = default;
    [[nodiscard]] bool is_integer() const { return type == FormatType::integer; }
    [[nodiscard]] bool is_resolved() const { return !is_integer() || !scale.empty(); }
    [[nodiscard]] int32_t q_min() const;
    [[nodiscard]] int32_t q_max() const;
    /// "float32", "int4 per channel", "uint8".
    [[nodiscard]] std::string to_string() const;
};

[[nodiscard]] NumberFormat float32_format();
/// The documented default for weights: symmetric, narrow ([-(2^(b-1)-1), 2^(b-1)-1]), per channel, min-max.
[[nodiscard]] NumberFormat weight_integer(int bits);
/// The documented default for activations: affine, unsigned, per tensor, percentile 99.99.
[[nodiscard]] NumberFormat activation_integer(int bits);

/// Bits outside 2..8, symmetric with a zero point, scale <= 0 or not finite, zero point out of range, lo >=
/// hi.
[[nodiscard]] Result<void> validate(const NumberFormat& format);

/// Widths that this version runs.
inline constexpr int k_min_bits = 2;
inline constexpr int k_max_bits = 8;

} // namespace widthwise
