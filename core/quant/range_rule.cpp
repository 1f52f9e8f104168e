#include "core/quant/range_rule.h"

#include "core/quant/range_search.h"
#include "core/quant/small_float.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace widthwise {
namespace {

constexpr double k_smallest_scale = 0x1p-100; // leaves room below for a float's or logarithm's small levels
constexpr float k_no_binary = 0x1p-30F;       // as good as zero, and far from underflow

double nearest_power_of_two(double x) {
    int exponent = 0;
    const double mantissa = std::frexp(x, &exponent); // [0.5, 1)
    return std::ldexp(1.0, mantissa < std::sqrt(0.5) ? exponent - 1 : exponent);
}

/// A level from a mean need not hold a range: the nearest power of two.
float level_scale(double scale, const NumberFormat& format) {
    if (!(scale >= k_smallest_scale)) return format.type == FormatType::binary ? k_no_binary : 1.0F;
    scale = std::min(scale, 0x1p126);
    return static_cast<float>(format.scale_type == ScaleType::power_of_two ? nearest_power_of_two(scale)
                                                                           : scale);
}

bool takes_means(const NumberFormat& format) {
    return (format.type == FormatType::ternary || format.type == FormatType::binary) &&
           format.range.type != RangeRuleType::given;
}

/// Mean |x| over the values with |x| > threshold; 0 where there are none.
double mean_above(const Samples& samples, double threshold, double zeros) {
    double sum = 0, count = zeros;
    for (size_t i = 0; i < samples.x.size(); ++i) {
        const double magnitude = std::fabs(static_cast<double>(samples.x[i]));
        if (!(magnitude > threshold)) continue;
        sum += samples.weight[i] * magnitude;
        count += samples.weight[i];
    }
    return count > 0 ? sum / count : 0;
}

/// The scale of {-1, 0, 1} with the least squared error: of the n largest magnitudes with sum S those that
/// maximize S^2 / n (Li et al. 2016, equation 4). The best cut lies at half the scale.
double best_ternary_scale(const Samples& samples) {
    std::vector<size_t> order(samples.x.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const auto magnitude = [&](size_t i) { return std::fabs(samples.x[i]); };
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return magnitude(a) > magnitude(b); });
    double sum = 0, count = 0, best = 0, scale = 0;
    for (const size_t i : order) {
        sum += samples.weight[i] * static_cast<double>(magnitude(i));
        count += samples.weight[i];
        if (sum * sum / count > best) {
            best = sum * sum / count;
            scale = sum / count;
        }
    }
    return scale;
}

ResolvedScale scale_from_means(const Samples& samples, const NumberFormat& format) {
    ResolvedScale out;
    if (format.type == FormatType::binary) {
        out.scale = level_scale(mean_above(samples, -1, samples.zeros), format);
        return out;
    }
    if (format.range.type == RangeRuleType::mse) {
        out.scale = level_scale(best_ternary_scale(samples), format);
        out.threshold = out.scale / 2;
        return out;
    }
    const double threshold = 0.7 * mean_above(samples, -1, samples.zeros);
    const double scale = mean_above(samples, threshold, 0);
    out.scale = level_scale(scale, format);
    // The threshold stays below a scale that was rounded down; values too small for scales are all 0.
    const float below_scale = std::nextafter(out.scale, 0.0F);
    out.threshold =
        scale < k_smallest_scale ? out.scale / 2 : std::min(static_cast<float>(threshold), below_scale);
    return out;
}

} // namespace

ResolvedScale scale_for_range(double lo, double hi, const NumberFormat& format) {
    const double magnitude = std::max({-lo, hi, 0.0});
    ResolvedScale out;
    switch (format.type) {
    case FormatType::float32:
    case FormatType::float16:
    case FormatType::bfloat16:
    case FormatType::codebook:
        return out;
    case FormatType::float8_e4m3:
    case FormatType::float8_e5m2: {
        const double scale =
            std::min(magnitude, 0x1p126) / static_cast<double>(small_float(format.type).largest);
        if (scale >= k_smallest_scale)
            out.scale = static_cast<float>(
                format.scale_type == ScaleType::power_of_two ? power_of_two_above(scale) : scale);
        return out;
    }
    case FormatType::power_of_two:
        if (magnitude >= k_smallest_scale)
            out.scale = static_cast<float>(nearest_power_of_two(std::min(magnitude, 0x1p126)));
        return out;
    case FormatType::ternary:
    case FormatType::binary:
        out.scale = level_scale(magnitude, format);
        if (format.type == FormatType::ternary) out.threshold = out.scale / 2;
        return out;
    case FormatType::integer:
    case FormatType::fixed_point:
    case FormatType::dynamic_fixed_point: {
        const AffineParams p = params_for_range(lo, hi, format);
        out.scale = p.scale;
        out.zero_point = p.zero_point;
        return out;
    }
    }
    return out;
}

Range choose_range(const TensorStatistics& statistics, const NumberFormat& format) {
    const Histogram& h = statistics.histogram;
    if (format.range.type == RangeRuleType::given) return {format.range.lo, format.range.hi};
    if (h.count() == 0) return {};
    const Range whole{h.min(), h.max()};
    if (!format.has_scale() || takes_means(format)) return whole;
    switch (format.range.type) {
    case RangeRuleType::minmax:
    case RangeRuleType::given:
    case RangeRuleType::dynamic:
        return whole;
    case RangeRuleType::moving_average:
        return statistics.moving == MovingRange() ? whole : statistics.moving.range();
    case RangeRuleType::percentile: {
        const double tail = (1 - format.range.percentile / 100) / 2;
        return {h.quantile(tail), h.quantile(1 - tail)};
    }
    case RangeRuleType::mse:
        return mse_range(samples_of(h), whole, format);
    case RangeRuleType::entropy:
        return entropy_range(h, format);
    }
    return whole;
}

ResolvedScale scale_from_statistics(const TensorStatistics& statistics, const NumberFormat& format) {
    if (takes_means(format)) return scale_from_means(samples_of(statistics.histogram), format);
    const Range range = choose_range(statistics, format);
    return scale_for_range(range.lo, range.hi, format);
}

ResolvedScale scale_from_values(std::span<const float> values, const NumberFormat& format) {
    if (takes_means(format)) return scale_from_means(samples_of(values), format);
    // As many values as a histogram has points: beyond, it is the faster summary.
    constexpr size_t few = 4 * 2 * Histogram::k_half_bins;
    const bool by_value = format.range.type == RangeRuleType::mse && values.size() <= few;
    const bool whole =
        format.range.type == RangeRuleType::minmax || format.range.type == RangeRuleType::moving_average;
    if ((by_value || whole) && !values.empty()) {
        const auto [lo, hi] = std::minmax_element(values.begin(), values.end());
        Range range{*lo, *hi};
        if (by_value) range = mse_range(samples_of(values), range, format);
        return scale_for_range(range.lo, range.hi, format);
    }
    TensorStatistics statistics;
    statistics.histogram.add(values);
    return scale_from_statistics(statistics, format);
}

void append_scale(const ResolvedScale& resolved, NumberFormat& format) {
    if (!format.has_scale()) return;
    format.scale.push_back(resolved.scale);
    if (format.type == FormatType::integer && !format.symmetric)
        format.zero_point.push_back(resolved.zero_point);
    if (format.type == FormatType::ternary) format.threshold.push_back(resolved.threshold);
}

Quantizer quantizer_of(const NumberFormat& format, const ResolvedScale& resolved) {
    NumberFormat one = format;
    one.scale.clear();
    one.zero_point.clear();
    one.threshold.clear();
    append_scale(resolved, one);
    return {one, 0};
}

double expected_sqnr_db(const Histogram& histogram, const Quantizer& quantizer) {
    const Samples samples = samples_of(histogram);
    double signal = 0;
    for (size_t i = 0; i < samples.x.size(); ++i)
        signal += samples.weight[i] * static_cast<double>(samples.x[i]) * static_cast<double>(samples.x[i]);
    const double zero = static_cast<double>(quantizer.round(0.0F));
    const double noise = squared_error(samples, quantizer) + samples.zeros * zero * zero;
    if (noise == 0) return std::numeric_limits<double>::infinity();
    return 10 * std::log10(signal / noise);
}

} // namespace widthwise
