#pragma once
// The values of one tensor before and after quantization, as a chart draws them.

#include "core/base/result.h"
#include "core/design/evaluation.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace widthwise::gui {

enum class TensorRole { weights, input, output };

/// Empty counts: nothing known, or (after, error) not quantized.
struct ValueHistogram {
    std::string layer;
    TensorRole role = TensorRole::weights;
    BinnedCounts before, after, error; ///< error: after minus before
    std::vector<float> levels;         ///< of one quantizer for the whole tensor
    std::optional<double> sqnr_db;
    std::optional<double> clipped; ///< share beyond the format's range
    [[nodiscard]] bool empty() const { return before.counts.empty(); }
};

/// Of weights as they stand, O x (anything) with O = `out_channels`. Errors: as quantize_weights.
[[nodiscard]] Result<ValueHistogram> weight_histogram(std::span<const float> weights, int64_t out_channels,
                                                      const NumberFormat& format, int bins = 96);

/// One tensor of a layer's report.
[[nodiscard]] ValueHistogram histogram_of(const LayerReport& report, TensorRole role);

/// The bins that lie within [lo, hi], neighbours merged so that at most `most` are left; no count is lost:
/// what lies beyond goes to the outermost bins.
[[nodiscard]] BinnedCounts coarser(const BinnedCounts& fine, double lo, double hi, int most);

/// Where counts of either are found; [-1, 1] when nowhere.
struct Span {
    double lo = -1, hi = 1;
};
[[nodiscard]] Span occupied(const BinnedCounts& a, const BinnedCounts& b = {});

} // namespace widthwise::gui
