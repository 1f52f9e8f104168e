#pragma once
// Streaming statistics of one tensor: bounded memory whatever the sample count, and the same result whatever
// the order in which batches or threads are merged.

#include <cstdint>
#include <span>
#include <vector>

namespace widthwise {

struct Range {
    double lo = 0, hi = 0;
    bool operator==(const Range&) const = default;
};

/// Equal bins of width 2^k on a grid through 0, k the smallest that covers all values seen; growing merges
/// bins pairwise, exactly, so merging in any order gives the same counts.
class Histogram {
public:
    static constexpr int k_half_bins = 2048; ///< bins on each side of 0

    void add(std::span<const float> values);
    void merge(const Histogram& other);

    [[nodiscard]] int64_t count() const { return m_count; } ///< finite values
    [[nodiscard]] int64_t non_finite() const { return m_non_finite; }
    [[nodiscard]] int64_t zeros() const { return m_zeros; } ///< exact zeros
    [[nodiscard]] float min() const { return m_min; }       ///< 0 when empty
    [[nodiscard]] float max() const { return m_max; }
    [[nodiscard]] double bin_width() const;
    /// 2 * k_half_bins counts; bin i covers [(i - k_half_bins) * w, (i - k_half_bins + 1) * w). Empty before
    /// the first value.
    [[nodiscard]] const std::vector<int64_t>& bins() const { return m_bins; }
    /// Real value below which `share` (0..1) of the values lie, interpolated within its bin, within [min,
    /// max].
    [[nodiscard]] double quantile(double share) const;
    /// The part of bin i that lies within [min, max].
    [[nodiscard]] Range bin_range(size_t i) const;
    /// Values in bin i, the exact zeros left out: they are exact in nearly every format.
    [[nodiscard]] int64_t nonzero(size_t i) const { return m_bins[i] - (i == k_half_bins ? m_zeros : 0); }
    bool operator==(const Histogram&) const = default;

private:
    void grow_to(int exponent);
    std::vector<int64_t> m_bins;
    int m_exponent = 0; ///< log2 of the bin width
    int64_t m_count = 0, m_non_finite = 0, m_zeros = 0;
    float m_min = 0, m_max = 0;
};

} // namespace widthwise
