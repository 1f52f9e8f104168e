#pragma once
// From statistics to the parameters of one tensor, channel or group.

#include "core/quant/quantizer.h"
#include "core/quant/tensor_statistics.h"

#include <span>

namespace widthwise {

struct ResolvedScale {
    float scale = 1;
    int32_t zero_point = 0; ///< affine integers
    float threshold = 0;    ///< ternary
    bool operator==(const ResolvedScale&) const = default;
};

/// Parameters with which `format` holds [lo, hi], widened to contain 0.
///  integers, fixed point  params_for_range
///  float8_*               max(-lo, hi) / the format's largest number
///  power_of_two           the power of two nearest to max(-lo, hi) in the logarithm
///  ternary, binary        levels at max(-lo, hi), threshold half of it
/// An empty range gives scale 1 (binary, which has no zero: 2^-30). Types without scale: scale 1.
[[nodiscard]] ResolvedScale scale_for_range(double lo, double hi, const NumberFormat& format);

/// The range that the format's rule takes from the statistics; without any: [0, 0]. Ranges that the format's
/// parameters are not taken from (ternary, binary) are those of min-max.
[[nodiscard]] Range choose_range(const TensorStatistics& statistics, const NumberFormat& format);

/// The parameters that the format's rule takes from the statistics. Ternary and binary take means of |x|
/// (Li et al. 2016, equations 5 and 6; Rastegari et al. 2016, equation 6) whatever the rule, but for `given`
/// (scale_for_range) and, ternary, `mse` (the least squared error). The means are those of the bins, values
/// spread evenly within each.
[[nodiscard]] ResolvedScale scale_from_statistics(const TensorStatistics& statistics,
                                                  const NumberFormat& format);
/// The same from the values themselves (weights), finite; moving_average is min-max.
[[nodiscard]] ResolvedScale scale_from_values(std::span<const float> values, const NumberFormat& format);

/// Appends to format.scale and what the type needs beside it.
void append_scale(const ResolvedScale& resolved, NumberFormat& format);
/// The quantizer of `format` with these parameters.
[[nodiscard]] Quantizer quantizer_of(const NumberFormat& format, const ResolvedScale& resolved);

/// Expected signal-to-quantization-noise ratio in dB of values distributed as the histogram (uniform within a
/// bin); +infinity when exact.
[[nodiscard]] double expected_sqnr_db(const Histogram& histogram, const Quantizer& quantizer);

} // namespace widthwise
