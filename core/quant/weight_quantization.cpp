// Weights to their format: whatever shares one scale is a run of consecutive elements.
#include "core/quant/kmeans.h"
#include "core/quant/range_rule.h"
#include "core/quant/weight_parts.h"

#include <algorithm>
#include <cmath>

namespace widthwise {
namespace {

Result<void> check(std::span<const float> weights, int64_t out_channels, const NumberFormat& format) {
    if (Result<void> ok = validate(format); !ok) return ok;
    if (out_channels < 0 || (out_channels > 0 && weights.size() % static_cast<size_t>(out_channels) != 0))
        return fail(ErrorCode::invalid_input, std::to_string(weights.size()) +
                                                  " weights do not divide into " +
                                                  std::to_string(out_channels) + " output channels");
    if (!std::all_of(weights.begin(), weights.end(), [](float w) { return std::isfinite(w); }))
        return fail(ErrorCode::invalid_input, "weights contain values that are not finite");
    if (format.is_dynamic())
        return fail(ErrorCode::invalid_input, "weights have no dynamic range", {},
                    "choose another range rule for the weights");
    return {};
}

} // namespace

Result<NumberFormat> resolve_weight_format(std::span<const float> weights, int64_t out_channels,
                                           const NumberFormat& format) {
    if (Result<void> ok = check(weights, out_channels, format); !ok) return forward_error(ok);
    if (format.is_resolved()) return format;
    NumberFormat resolved = format;
    if (format.type == FormatType::codebook) {
        resolved.codebook = weights.empty() ? std::vector{0.0F} : codebook_levels(weights, format.bits);
        return resolved;
    }
    const WeightParts parts = weight_parts(weights.size(), out_channels, format);
    for (size_t i = 0; i < parts.count(); ++i) {
        const auto [first, length] = parts.at(i);
        append_scale(scale_from_values(weights.subspan(first, length), format), resolved);
    }
    return resolved;
}

Result<QuantizedWeights> quantize_weights(std::span<const float> weights, int64_t out_channels,
                                          const NumberFormat& format) {
    auto resolved = resolve_weight_format(weights, out_channels, format);
    if (!resolved) return forward_error(resolved);
    NumberFormat& f = *resolved;
    if (f.scale.size() > 1 && f.granularity == Granularity::tensor) f.granularity = Granularity::channel;
    const WeightParts parts = weight_parts(weights.size(), out_channels, f);
    if (f.scale.size() > 1 && f.scale.size() != parts.count())
        return fail(ErrorCode::invalid_input, "weights of " + std::to_string(out_channels) +
                                                  " output channels have " + std::to_string(f.scale.size()) +
                                                  " scales instead of " + std::to_string(parts.count()));
    QuantizedWeights out;
    out.values.resize(weights.size());
    const bool coded = f.is_integer() && f.storage_bits() <= k_max_kernel_bits;
    if (coded) out.q.resize(weights.size());
    for (size_t i = 0; i < parts.count(); ++i) {
        const auto [first, length] = parts.at(i);
        const Quantizer& quantizer = out.quantizers.emplace_back(f, i);
        const auto values = std::span(out.values).subspan(first, length);
        quantizer.round(weights.subspan(first, length), values);
        if (!coded) continue;
        const AffineParams& p = out.params.emplace_back(quantizer.affine());
        // The values lie on the grid: cutting half a step further off finds their codes, without a call.
        for (size_t k = 0; k < length; ++k)
            out.q[first + k] = static_cast<int16_t>(
                static_cast<int>(values[k] / p.scale + std::copysign(0.5F, values[k])) + p.zero_point);
    }
    return out;
}

} // namespace widthwise
