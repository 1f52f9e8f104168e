#include "widgets/document/value_histogram.h"

#include "core/quant/quantizer.h"

#include <algorithm>
#include <cmath>

namespace widthwise::gui {
namespace {

constexpr size_t k_most_levels = 256;

/// Equal bins over the values of both; a constant tensor still gets a bin to stand in, and the margin keeps
/// end levels off the axes.
BinnedCounts grid_over(std::span<const float> a, std::span<const float> b, int bins) {
    auto [lo, hi] = std::ranges::minmax(a);
    if (!b.empty()) {
        const auto [other_lo, other_hi] = std::ranges::minmax(b);
        lo = std::min(lo, other_lo);
        hi = std::max(hi, other_hi);
    }
    const double margin = std::max((double(hi) - double(lo)) * 0.02, 1e-6);
    BinnedCounts grid;
    grid.lo = double(lo) - margin;
    grid.bin_width = (double(hi) - double(lo) + 2 * margin) / bins;
    grid.counts.assign(static_cast<size_t>(bins), 0);
    return grid;
}

BinnedCounts counted(std::span<const float> values, BinnedCounts grid) {
    const int last = static_cast<int>(grid.counts.size()) - 1;
    for (const float value : values) {
        const int bin = std::clamp(static_cast<int>((double(value) - grid.lo) / grid.bin_width), 0, last);
        ++grid.counts[static_cast<size_t>(bin)];
    }
    return grid;
}

} // namespace

Result<ValueHistogram> weight_histogram(std::span<const float> weights, int64_t channels,
                                        const NumberFormat& format, int bins) {
    ValueHistogram histogram;
    if (weights.empty()) return histogram;
    if (!format.is_quantized()) {
        histogram.before = counted(weights, grid_over(weights, {}, bins));
        return histogram;
    }
    auto quantized = quantize_weights(weights, channels, format);
    if (!quantized) return forward_error(quantized);
    const std::vector<float>& after = quantized->values;
    histogram.sqnr_db = sqnr_db(weights, after);
    if (quantized->quantizers.size() == 1)
        histogram.levels = quantized->quantizers.front().levels(k_most_levels);
    const BinnedCounts grid = grid_over(weights, after, bins);
    histogram.before = counted(weights, grid);
    histogram.after = counted(after, grid);
    std::vector<float> error(weights.size());
    for (size_t i = 0; i < error.size(); ++i) error[i] = after[i] - weights[i];
    histogram.error = counted(error, grid_over(error, {}, bins));
    return histogram;
}

ValueHistogram histogram_of(const LayerReport& report, TensorRole role) {
    ValueHistogram histogram;
    histogram.layer = report.layer;
    histogram.role = role;
    switch (role) {
    case TensorRole::weights:
        histogram.before = report.weights_before;
        histogram.after = report.weights_after;
        histogram.error = report.weight_error;
        histogram.levels = report.weight_levels;
        if (report.weights) {
            histogram.sqnr_db = report.weights->sqnr_db;
            histogram.clipped = report.weights_clipped;
        }
        break;
    case TensorRole::input:
        histogram.before = report.input_before;
        histogram.after = report.input_after;
        histogram.error = report.input_error;
        histogram.levels = report.input_levels;
        if (!report.input_after.counts.empty()) histogram.clipped = report.input_clipped;
        break;
    case TensorRole::output:
        histogram.before = report.output_before;
        histogram.after = report.output_after;
        histogram.error = report.output_error;
        histogram.sqnr_db = report.output.sqnr_db;
        break;
    }
    return histogram;
}

BinnedCounts coarser(const BinnedCounts& fine, double lo, double hi, int most) {
    if (fine.counts.empty() || !(fine.bin_width > 0) || !(hi > lo) || most < 1) return {};
    const auto count = static_cast<int64_t>(fine.counts.size());
    const auto place = [&](double x) {
        return static_cast<int64_t>(std::clamp(std::floor((x - fine.lo) / fine.bin_width + 1e-9), 0.0,
                                               static_cast<double>(count - 1)));
    };
    const int64_t first = place(lo);
    const int64_t last = std::max(first, place(hi - fine.bin_width * 1e-6));
    const int64_t merge = (last - first + most) / most; // rounded up
    BinnedCounts result;
    result.lo = fine.lo + static_cast<double>(first) * fine.bin_width;
    result.bin_width = fine.bin_width * static_cast<double>(merge);
    result.counts.assign(static_cast<size_t>((last - first) / merge + 1), 0);
    for (int64_t i = 0; i < count; ++i)
        result.counts[static_cast<size_t>((std::clamp(i, first, last) - first) / merge)] +=
            fine.counts[static_cast<size_t>(i)];
    return result;
}

Span occupied(const BinnedCounts& a, const BinnedCounts& b) {
    std::optional<Span> span;
    for (const BinnedCounts* counts : {&a, &b})
        for (size_t i = 0; i < counts->counts.size(); ++i) {
            if (counts->counts[i] == 0) continue;
            const double lo = counts->lo + static_cast<double>(i) * counts->bin_width;
            const double hi = lo + counts->bin_width;
            span = span ? Span{std::min(span->lo, lo), std::max(span->hi, hi)} : Span{lo, hi};
        }
    return span.value_or(Span{});
}

} // namespace widthwise::gui
