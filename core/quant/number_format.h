#pragma once
// How a tensor's numbers are written: the user's choice per layer, before any statistics are seen.

#include "core/base/result.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace widthwise {

/// Number types of the field.
///  float32            IEEE 754 binary32: no quantization.
///  float16, bfloat16  IEEE binary16; the upper half of binary32. Subnormals kept, saturating, no scale.
///  float8_e4m3/e5m2   OCP 8-bit floating point (OFP8 1.0, 2023), saturating; real = scale * value.
///  integer            real = scale * (q - zero_point), see NumberFormat. Affine ones of one bit are {0, 1};
///  a
///                      symmetric one of one bit does not exist: it is written as binary.
///  fixed_point        symmetric integer with scale 2^-fraction_bits, one position for all tensors: given, or
///                     bits / 2.
///  dynamic_fixed_point  symmetric integer with scale 2^-f, f chosen per tensor (or channel, group) so that
///                     the range just fits (Gysel et al. 2016, Ristretto).
///  power_of_two       0 and +-scale * 2^-k, k in [0, 2^(bits-1) - 2], scale itself a power of two, the
///                     nearest level in the logarithm (Miyashita et al. 2016, LogNet).
///  ternary            scale * {-1, 0, +1} (Li et al. 2016, TWN): 0 below the threshold 0.7 mean |x|, scale
///                     the mean of |x| above it. Two bits of storage.
///  binary             scale * {-1, +1}, sign(0) = +1, scale the mean of |x| (Rastegari et al. 2016, BWN,
///                     XNOR-Net). One bit.
///  codebook           the nearest of at most 256 given levels (Han et al. 2016, Deep Compression); weights
///                     only, one codebook per layer. Without levels: 2^bits of them by k-means.
enum class FormatType {
    float32,
    float16,
    bfloat16,
    float8_e4m3,
    float8_e5m2,
    integer,
    fixed_point,
    dynamic_fixed_point,
    power_of_two,
    ternary,
    binary,
    codebook
};
inline constexpr std::array k_format_types = {
    FormatType::float32,      FormatType::float16, FormatType::bfloat16,    FormatType::float8_e4m3,
    FormatType::float8_e5m2,  FormatType::integer, FormatType::fixed_point, FormatType::dynamic_fixed_point,
    FormatType::power_of_two, FormatType::ternary, FormatType::binary,      FormatType::codebook};
/// The name in design files: "float8_e4m3".
[[nodiscard]] std::string_view to_string(FormatType type);

/// What shares one scale. Weights O x I x KH x KW: channel is one output channel; group is `group_size`
/// consecutive weights of one output channel (the last group may be shorter). Activations N x C x ...:
/// channel is one input channel, group is `group_size` consecutive channels.
enum class Granularity { tensor, channel, group };

enum class RangeRuleType { minmax, moving_average, percentile, mse, entropy, given, dynamic };

/// How a range is taken from streamed statistics.
///  minmax          smallest and largest value seen
///  moving_average  exponential moving averages (momentum 0.9) of the minima and maxima of calibration
///                  batches of 32 images in the data's order; for weights the same as minmax
///  percentile      the two-sided share of values kept, in percent (99.99 keeps all but 0.01 %)
///  mse             the range with the least expected squared error
///  entropy         the least Kullback-Leibler divergence (Migacz 2017, TensorRT)
///  given           [lo, hi] in real units
///  dynamic         smallest and largest value of each image as it comes (ONNX DynamicQuantizeLinear);
///                  activations in affine 8-bit integers only
struct RangeRule {
    RangeRuleType type = RangeRuleType::minmax;
    double percentile = 99.99;
    double lo = 0, hi = 0;
    bool operator==(const RangeRule&) const = default;
};

enum class ScaleType {
    real,
    power_of_two
}; ///< power_of_two: rounded up to 2^k, so that the range still fits

/// Integers: real = scale * (q - zero_point), scale f32 > 0, zero_point an int32 within [q_min, q_max].
/// Symmetric formats have zero_point 0 and are signed, [-2^(b-1), 2^(b-1)-1] or, narrow, [-(2^(b-1)-1),
/// 2^(b-1)-1]; affine ones are unsigned, [0, 2^b-1] or, narrow, [0, 2^b-2]. A signed affine quantizer is the
/// unsigned one with q and zero_point shifted by 2^(b-1).
struct NumberFormat {
    FormatType type = FormatType::float32;
    int bits = 32; ///< integers 1..16 or 32, fixed point 2..16, power_of_two 2..8, codebook 1..8; else the
                   ///< type's own
    bool symmetric = false;
    bool narrow = false;
    Granularity granularity = Granularity::tensor;
    int group_size = 0; ///< >= 1 when granularity is group
    ScaleType scale_type = ScaleType::real;
    RangeRule range;
    std::optional<int> fraction_bits; ///< fixed_point and dynamic_fixed_point: given
    /// Resolved parameters that stand as they are, without calibration: one element, one per channel or group
    /// (channel-major), or (element-wise layers' activations) one per input. Empty: to be calibrated.
    std::vector<float> scale;
    std::vector<int32_t> zero_point; ///< affine integers: as many as scales; else empty or zeros
    std::vector<float> threshold;    ///< ternary: |x| <= threshold becomes 0; as many as scales
    std::vector<float> codebook;     ///< codebook: the levels, ascending, at most 2^bits; empty: to be chosen

    bool operator==(const NumberFormat&) const = default;
    /// Anything but float32.
    [[nodiscard]] bool is_quantized() const { return type != FormatType::float32; }
    /// Values lie on scale * (q - zero_point) with a whole q: integer, fixed point, ternary, binary.
    [[nodiscard]] bool is_integer() const;
    /// float16 to float8.
    [[nodiscard]] bool is_small_float() const;
    [[nodiscard]] bool has_scale() const; ///< false for float32, float16, bfloat16, codebook
    [[nodiscard]] bool is_dynamic() const {
        return range.type == RangeRuleType::dynamic && scale.empty() && is_quantized();
    }
    [[nodiscard]] bool is_resolved() const {
        if (type == FormatType::codebook) return !codebook.empty();
        return !has_scale() || is_dynamic() || !scale.empty();
    }
    /// Codes of integers; binary: -1 and 1 (0 is no code), ternary: -1..1.
    [[nodiscard]] int32_t q_min() const;
    [[nodiscard]] int32_t q_max() const;
    /// Bits that one number takes in memory: ternary 2, binary 1.
    [[nodiscard]] int storage_bits() const;
    /// "float32", "int4 per channel", "uint8", "fixed8.4", "bfloat16", "log4", "ternary per channel".
    [[nodiscard]] std::string to_string() const;
};

[[nodiscard]] NumberFormat float32_format();
/// The documented default for weights: symmetric, narrow ([-(2^(b-1)-1), 2^(b-1)-1]), per channel, min-max.
/// 1: binary; 32: float32.
[[nodiscard]] NumberFormat weight_integer(int bits);
/// The documented default for activations: affine, unsigned, per tensor, percentile 99.99. 1: binary; 32:
/// float32.
[[nodiscard]] NumberFormat activation_integer(int bits);
/// The documented default of a type for weights (per channel where it has scales, min-max) or activations
/// (per tensor, percentile 99.99): `bits` 0 takes the type's usual width (8; log 4).
[[nodiscard]] NumberFormat default_weight_format(FormatType type, int bits = 0);
[[nodiscard]] NumberFormat default_activation_format(FormatType type, int bits = 0);

/// Widths outside the type's, symmetric with a zero point, scale <= 0 or not finite, zero point out of range,
/// lo >= hi, a group without size, dynamic ranges of anything but affine 8-bit integers per tensor.
[[nodiscard]] Result<void> validate(const NumberFormat& format);

/// What a format can hold, at scale 1 or its own scale (per tensor): the numbers that a reader compares. Of a
/// codebook without levels only their number is known, the rest is NaN.
struct FormatFacts {
    double lowest = 0, highest = 0; ///< representable range
    /// Distance between 0 and the next level (binary: the two levels; codebook: the nearest neighbours).
    double smallest_step = 0;
    double largest_step = 0;     ///< largest distance between neighbours
    int64_t levels = 0;          ///< representable values; 0: more than 2^32
    double dynamic_range_db = 0; ///< 20 log10(largest magnitude / smallest non-zero magnitude)
    /// Largest |x - x'| / |x| for x within the normal range: half a step over the smallest magnitude that
    /// still has one; 1 for uniform grids (numbers just below half a step vanish).
    double max_relative_error = 0;
    double max_absolute_error = 0; ///< inside [lowest, highest]
};
[[nodiscard]] FormatFacts facts(const NumberFormat& format);

/// Widths of integers that int8 kernels run; wider ones are simulated.
inline constexpr int k_min_bits = 1;
inline constexpr int k_max_kernel_bits = 8;
inline constexpr int k_max_bits = 16;
inline constexpr int k_max_fraction_bits = 100; ///< of fixed point, either sign
[[nodiscard]] bool is_integer_width(int bits);  ///< 1..16 or 32

} // namespace widthwise
