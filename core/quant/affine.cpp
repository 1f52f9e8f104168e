#include "core/quant/affine.h"

#include "core/quant/histogram.h"

#include <algorithm>
#include <limits>

namespace widthwise {
namespace {

Range range_of(std::span<const float> values, const RangeRule& rule) {
    if (rule.type == RangeRuleType::given) return {rule.lo, rule.hi};
    if (rule.type == RangeRuleType::minmax) {
        if (values.empty()) return {};
        const auto [lo, hi] = std::minmax_element(values.begin(), values.end());
        return {*lo, *hi};
    }
    Histogram histogram;
    histogram.add(values);
    return choose_range(histogram, rule);
}

} // namespace

AffineParams params_for_range(double lo, double hi, const NumberFormat& format) {
    AffineParams p{1.0F, 0, format.q_min(), format.q_max()};
    lo = std::min(lo, 0.0);
    hi = std::max(hi, 0.0);
    const double scale = format.symmetric ? std::max(-lo, hi) / p.q_max : (hi - lo) / (p.q_max - p.q_min);
    // A scale below the normal floats would lose the precision that the convention promises.
    if (scale >= std::numeric_limits<float>::min() && scale <= std::numeric_limits<float>::max())
        p.scale = static_cast<float>(scale);
    if (!format.symmetric) {
        const double zero = std::nearbyint(-lo / static_cast<double>(p.scale));
        p.zero_point = static_cast<int32_t>(std::clamp<double>(zero, p.q_min, p.q_max));
    }
    return p;
}

Result<QuantizedWeights> quantize_weights(std::span<const float> weights, int64_t out_channels,
                                          const NumberFormat& format) {
    if (!format.symmetric)
        return fail(ErrorCode::unsupported, "asymmetric weights are not run by this version", {},
                    "use a symmetric weight format");
    if (!std::all_of(weights.begin(), weights.end(), [](float w) { return std::isfinite(w); }))
        return fail(ErrorCode::invalid_input, "weights contain values that are not finite");
    const auto channels = static_cast<size_t>(out_channels);
    const size_t per_channel = channels == 0 ? 0 : weights.size() / channels;
    const bool by_channel =
        format.scale.empty() ? format.granularity == Granularity::channel : format.scale.size() > 1;
    if (by_channel && !format.scale.empty() && format.scale.size() != channels)
        return fail(ErrorCode::invalid_input, "weights of " + std::to_string(channels) +
                                                  " output channels have " +
                                                  std::to_string(format.scale.size()) + " scales");
    QuantizedWeights out;
    out.q.resize(weights.size());
    for (size_t c = 0; c < (by_channel ? channels : 1); ++c) {
        const auto part = by_channel ? weights.subspan(c * per_channel, per_channel) : weights;
        AffineParams p;
        if (format.scale.empty()) {
            const Range range = range_of(part, format.range);
            p = params_for_range(range.lo, range.hi, format);
        } else {
            p = {format.scale[c], 0, format.q_min(), format.q_max()};
        }
        out.params.push_back(p);
        const size_t first = by_channel ? c * per_channel : 0;
        for (size_t i = 0; i < part.size(); ++i)
            out.q[first + i] = static_cast<int8_t>(quantize_value(part[i], p));
    }
    return out;
}

double sqnr_db(std::span<const float> original, std::span<const float> quantized) {
    double signal = 0, noise = 0;
    for (size_t i = 0; i < original.size(); ++i) {
        const double x = original[i], d = x - static_cast<double>(quantized[i]);
        signal += x * x;
        noise += d * d;
    }
    if (noise == 0) return std::numeric_limits<double>::infinity();
    return 10 * std::log10(signal / noise);
}

} // namespace widthwise
