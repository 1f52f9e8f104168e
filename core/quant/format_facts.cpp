// What each format can hold.
#include "core/quant/number_format.h"
#include "core/quant/quantizer.h"
#include "core/quant/small_float.h"

#include <algorithm>
#include <cmath>

namespace widthwise {
namespace {

/// Floats: steps double with every binade from the smallest normal number on.
FormatFacts facts_of_float(FormatType type, double scale) {
    const SmallFloat f = small_float(type);
    const double largest = static_cast<double>(f.largest);
    const int top = std::ilogb(largest);
    FormatFacts facts;
    facts.highest = scale * largest;
    facts.lowest = -facts.highest;
    facts.smallest_step = scale * f.smallest();
    facts.largest_step = scale * std::ldexp(1.0, top - f.mantissa_bits);
    // Subnormals and whole binades have 2^mantissa_bits numbers each, the top one ends at the largest.
    const int64_t in_binade = int64_t{1} << f.mantissa_bits;
    const auto in_top = static_cast<int64_t>(std::ldexp(largest, f.mantissa_bits - top)) - in_binade + 1;
    const int64_t not_negative = in_binade * (1 + top - f.min_exponent) + in_top;
    facts.levels = 2 * not_negative - 1;
    facts.dynamic_range_db = 20 * std::log10(largest / f.smallest());
    facts.max_relative_error = std::ldexp(1.0, -f.mantissa_bits - 1);
    facts.max_absolute_error = facts.largest_step / 2;
    return facts;
}

FormatFacts facts_of_power_of_two(int bits, double scale) {
    const double smallest = std::ldexp(scale, 2 - (1 << (bits - 1)));
    FormatFacts facts;
    facts.lowest = -scale;
    facts.highest = scale;
    facts.smallest_step = smallest;
    facts.largest_step = std::max(smallest, scale / 2);
    facts.levels = (int64_t{1} << bits) - 1;
    facts.dynamic_range_db = 20 * std::log10(scale / smallest);
    facts.max_relative_error = std::sqrt(2.0) - 1; // just above a boundary, 2^-k / sqrt(2), going up
    facts.max_absolute_error = std::max(scale * (1 - std::sqrt(0.5)), smallest * std::sqrt(0.5));
    return facts;
}

} // namespace

FormatFacts facts(const NumberFormat& format) {
    const double scale = format.scale.empty() ? 1.0 : static_cast<double>(format.scale.front());
    if (format.type == FormatType::float32 || format.is_small_float())
        return facts_of_float(format.type, scale);
    if (format.type == FormatType::power_of_two) return facts_of_power_of_two(format.bits, scale);

    // Uniform grids of codes.
    NumberFormat f = format;
    const bool placed = f.type == FormatType::fixed_point || f.fraction_bits.has_value();
    if (f.scale.empty() && placed) f.scale = {std::ldexp(1.0F, -fraction_length(0, f))};
    const Quantizer quantizer(f, 0);
    const double step = static_cast<double>(quantizer.affine().scale);
    FormatFacts facts;
    facts.lowest = static_cast<double>(quantizer.lowest());
    facts.highest = static_cast<double>(quantizer.highest());
    const double magnitude = std::max(-facts.lowest, facts.highest);
    facts.dynamic_range_db = 20 * std::log10(magnitude / step);
    facts.max_relative_error = 1;
    facts.levels = static_cast<int64_t>(f.q_max()) - f.q_min() + 1;
    facts.smallest_step = facts.largest_step = step;
    facts.max_absolute_error = step / 2;
    if (f.type == FormatType::binary) {
        facts.levels = 2;
        facts.smallest_step = facts.largest_step = 2 * step;
        facts.max_absolute_error = step; // of 0
    }
    if (f.type == FormatType::ternary) {
        const double threshold = f.threshold.empty() ? step / 2 : static_cast<double>(f.threshold.front());
        facts.max_absolute_error = std::max(threshold, step - threshold);
    }
    return facts;
}

} // namespace widthwise
