#pragma once
// Histograms of several tensors on one grid, so that they can be drawn over each other and compared.

#include "core/design/evaluation.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace widthwise::engine {

/// Equal bins of width 2^k on a grid through 0, k the smallest that covers all values of all series; growing
/// merges bins pairwise, exactly, so that the order of additions does not matter. Not finite values are left
/// out.
class GridCounts {
public:
    /// `half_bins` (a power of two) on each side of 0.
    explicit GridCounts(size_t series = 1, int half_bins = 1024);

    /// values[first], values[first + stride], ... of one series.
    void add(size_t series, std::span<const float> values, size_t first = 0, size_t stride = 1);

    /// All series with the same first bin and as many bins: empty bins at both ends are left out.
    [[nodiscard]] std::vector<BinnedCounts> binned() const;
    /// Kullback-Leibler divergence in nats of series 0 (P) and what series 1 makes of it: each occupied bin
    /// of series 1 stands for the cell up to halfway to its occupied neighbours, and its mass is shared
    /// evenly by those bins of the cell that P occupies (Migacz, "8-bit inference with TensorRT", GTC 2017:
    /// how a quantized distribution is compared with one on finer bins). nullopt when either is empty.
    [[nodiscard]] std::optional<double> kl_nat() const;

private:
    void grow_to(int exponent);
    [[nodiscard]] std::span<const uint32_t> counts(size_t series) const;
    int m_half_bins;
    size_t m_series;
    int m_exponent;                 ///< log2 of the bin width
    std::vector<uint32_t> m_counts; ///< series x 2 half_bins
};

} // namespace widthwise::engine
