// What a format makes of one layer's weights.
#include "core/engine/clipping.h"
#include "core/engine/diagnostics.h"
#include "core/engine/fidelity.h"
#include "core/engine/grid_counts.h"

#include <algorithm>

namespace widthwise::engine {
namespace {

constexpr int k_channel_half_bins = 128;
constexpr size_t k_most_levels = 256;

} // namespace

Result<void> report_weights(std::span<const float> before, std::span<const float> weights,
                            int64_t out_channels, const NumberFormat& format, LayerReport& report) {
    Result<QuantizedWeights> quantized = quantize_weights(weights, out_channels, format);
    if (!quantized) return forward_error(quantized);
    const std::vector<float>& after = quantized->values;
    const auto channels = static_cast<size_t>(out_channels);
    const size_t each = after.size() / channels;

    FidelitySums total;
    for (size_t c = 0; c < channels; ++c) {
        FidelitySums sums;
        GridCounts counts(2, k_channel_half_bins);
        counts.add(0, before.subspan(c * each, each));
        counts.add(1, std::span(after).subspan(c * each, each));
        for (size_t i = c * each; i < (c + 1) * each; ++i) sums.add(before[i], after[i]);
        report.weight_channels.push_back(fidelity(sums, counts.kl_nat()));
        total += sums;
    }
    GridCounts both(2), error;
    std::vector<float> difference(after.size());
    for (size_t i = 0; i < after.size(); ++i) difference[i] = after[i] - before[i];
    both.add(0, before);
    both.add(1, after);
    error.add(0, difference);
    report.weights = fidelity(total, both.kl_nat());
    std::vector<BinnedCounts> binned = both.binned();
    report.weights_before = std::move(binned[0]);
    report.weights_after = std::move(binned[1]);
    report.weight_error = std::move(error.binned()[0]);

    const std::vector<Quantizer>& quantizers = quantized->quantizers;
    const bool grouped = format.granularity == Granularity::group && quantizers.size() > 1;
    const size_t size = grouped ? static_cast<size_t>(format.group_size) : after.size() / quantizers.size();
    const size_t groups = (each + size - 1) / size;
    int64_t clipped = 0;
    for (size_t k = 0; k < quantizers.size(); ++k) {
        const ClipBounds bounds(quantizers[k]);
        const size_t first = grouped ? k / groups * each + k % groups * size : k * size;
        const size_t end = std::min(first + size, grouped ? (k / groups + 1) * each : after.size());
        for (size_t i = first; i < end; ++i) clipped += bounds.clips(before[i]);
    }
    report.weights_clipped = static_cast<double>(clipped) / static_cast<double>(after.size());
    if (quantizers.size() == 1) report.weight_levels = quantizers[0].levels(k_most_levels);
    return {};
}

} // namespace widthwise::engine
