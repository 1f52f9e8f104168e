// What each format can hold.
#include "core/quant/number_format.h"
#include "core/quant/quantizer.h"
#include "core/quant/small_float.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

/// The largest error over |x| between neighbours, |x| no less than the smallest level's. Where 0 is a level,
/// numbers just below half a step vanish.
double largest_relative_error(const std::vector<float>& levels, double smallest) {
    double largest = std::ranges::binary_search(levels, 0.0F) ? 1 : 0;
    for (size_t i = 0; i + 1 < levels.size(); ++i) {
        const auto below = static_cast<double>(levels[i]), above = static_cast<double>(levels[i + 1]);
        for (const double x : {(below + above) / 2, -smallest, smallest})
            if (below < x && x < above && std::fabs(x) >= smallest)
                largest = std::max(largest, std::min(x - below, above - x) / std::fabs(x));
    }
    return largest;
}

FormatFacts facts_of_codebook(const NumberFormat& format) {
    FormatFacts facts;
    const std::vector<float>& levels = format.codebook;
    if (levels.empty()) {
        constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
        facts = {unknown, unknown, unknown, unknown, int64_t{1} << format.bits, unknown, unknown, unknown};
        return facts;
    }
    facts.lowest = static_cast<double>(levels.front());
    facts.highest = static_cast<double>(levels.back());
    facts.levels = static_cast<int64_t>(levels.size());
    double smallest = 0;
    for (const float level : levels) {
        const double magnitude = std::fabs(static_cast<double>(level));
        if (magnitude > 0 && (smallest == 0 || magnitude < smallest)) smallest = magnitude;
    }
    if (smallest > 0)
        facts.dynamic_range_db = 20 * std::log10(std::max(-facts.lowest, facts.highest) / smallest);
    for (size_t i = 0; i + 1 < levels.size(); ++i) {
        const double step = static_cast<double>(levels[i + 1]) - static_cast<double>(levels[i]);
        facts.smallest_step = i == 0 ? step : std::min(facts.smallest_step, step);
        facts.largest_step = std::max(facts.largest_step, step);
    }
    facts.max_relative_error = largest_relative_error(levels, smallest);
    facts.max_absolute_error = facts.largest_step / 2;
    return facts;
}

} // namespace

FormatFacts facts(const NumberFormat& format) {
    const double scale = format.scale.empty() ? 1.0 : static_cast<double>(format.scale.front());
    if (format.type == FormatType::float32 || format.is_small_float())
        return facts_of_float(format.type, scale);
    if (format.type == FormatType::codebook) return facts_of_codebook(format);
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
