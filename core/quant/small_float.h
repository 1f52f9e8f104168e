#pragma once
// Floating point of 16 and 8 bits: rounding f32 to their values.

#include "core/quant/number_format.h"

#include <span>

namespace widthwise {

/// A binary floating-point format without its sign bit. Values: m * 2^(e - mantissa_bits) with e in
/// [min_exponent, ...] and subnormals below 2^min_exponent.
struct SmallFloat {
    int mantissa_bits = 0; ///< stored, the leading one apart
    int min_exponent = 0;  ///< of the smallest normal number
    float largest = 0;     ///< finite
    /// The smallest positive number, a subnormal.
    [[nodiscard]] double smallest() const;
    bool operator==(const SmallFloat&) const = default;
};

/// float16 (IEEE 754-2008, table 3.5): 10 bits, 2^-14, 65504. bfloat16: 7 bits, 2^-126. OFP8 1.0 (2023),
/// table 1: E4M3 3 bits, 2^-6, 448 (no infinities, so S.1111.110 is a number); E5M2 2 bits, 2^-14, 57344.
/// float32 is described too, but is not rounded to.
[[nodiscard]] SmallFloat small_float(FormatType type);

/// The nearest number of the format, ties to even; beyond the largest, infinities too: the largest. NaN: 0.
[[nodiscard]] float round_to(const SmallFloat& format, float x);
/// The same for many, possibly in place.
void round_to(const SmallFloat& format, std::span<const float> in, std::span<float> out);

} // namespace widthwise
