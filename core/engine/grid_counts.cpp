#include "core/engine/grid_counts.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine {
namespace {

constexpr int k_smallest_exponent = -200; // below any bin that f32 values could need

} // namespace

GridCounts::GridCounts(size_t series, int half_bins)
    : m_half_bins(half_bins)
    , m_series(series)
    , m_exponent(k_smallest_exponent)
    , m_counts(series * 2 * static_cast<size_t>(half_bins), 0) {}

void GridCounts::grow_to(int exponent) {
    if (exponent <= m_exponent) return;
    const int shift = std::min(exponent - m_exponent, 31);
    const int bins = 2 * m_half_bins;
    std::vector<uint32_t> merged(m_counts.size(), 0);
    for (size_t i = 0; i < m_counts.size(); ++i) {
        const auto bin = static_cast<int>(i % static_cast<size_t>(bins));
        const int target = ((bin - m_half_bins) >> shift) + m_half_bins; // arithmetic: floor
        merged[i - static_cast<size_t>(bin) + static_cast<size_t>(target)] += m_counts[i];
    }
    m_counts.swap(merged);
    m_exponent = exponent;
}

void GridCounts::add(size_t series, std::span<const float> values, size_t first, size_t stride) {
    float largest = 0;
    for (size_t i = first; i < values.size(); i += stride) {
        const float magnitude = std::fabs(values[i]);
        if (std::isfinite(magnitude) && magnitude > largest) largest = magnitude;
    }
    // 2^ilogb <= largest < 2^(ilogb + 1).
    if (largest > 0) grow_to(std::ilogb(largest) + 1 - std::ilogb(static_cast<float>(m_half_bins)));
    uint32_t* bins = m_counts.data() + series * 2 * static_cast<size_t>(m_half_bins);
    const double per_width = std::ldexp(1.0, -m_exponent);
    for (size_t i = first; i < values.size(); i += stride) {
        if (!std::isfinite(values[i])) continue;
        const double position = static_cast<double>(values[i]) * per_width;
        auto bin = static_cast<int>(position);
        bin -= position < bin; // floor
        ++bins[bin + m_half_bins];
    }
}

std::span<const uint32_t> GridCounts::counts(size_t series) const {
    const size_t bins = 2 * static_cast<size_t>(m_half_bins);
    return std::span(m_counts).subspan(series * bins, bins);
}

std::vector<BinnedCounts> GridCounts::binned() const {
    const size_t bins = 2 * static_cast<size_t>(m_half_bins);
    size_t first = bins, end = 0;
    for (size_t i = 0; i < m_counts.size(); ++i) {
        if (m_counts[i] == 0) continue;
        first = std::min(first, i % bins);
        end = std::max(end, i % bins + 1);
    }
    std::vector<BinnedCounts> out(m_series);
    if (end == 0) return out;
    for (size_t s = 0; s < m_series; ++s) {
        const auto of_series = counts(s).subspan(first, end - first);
        out[s].bin_width = std::ldexp(1.0, m_exponent);
        out[s].lo = (static_cast<double>(first) - m_half_bins) * out[s].bin_width;
        out[s].counts.assign(of_series.begin(), of_series.end());
    }
    return out;
}

std::optional<double> GridCounts::kl_nat() const {
    const auto p = counts(0), q = counts(1);
    std::vector<size_t> occupied;
    double p_total = 0, q_total = 0;
    for (size_t i = 0; i < q.size(); ++i) {
        if (q[i] > 0) occupied.push_back(i);
        p_total += p[i];
        q_total += q[i];
    }
    if (p_total == 0 || q_total == 0) return std::nullopt;
    double divergence = 0;
    size_t begin = 0;
    for (size_t k = 0; k < occupied.size(); ++k) {
        const size_t end = k + 1 < occupied.size() ? (occupied[k] + occupied[k + 1]) / 2 + 1 : p.size();
        const auto shared_by = static_cast<double>(
            std::count_if(p.begin() + static_cast<std::ptrdiff_t>(begin),
                          p.begin() + static_cast<std::ptrdiff_t>(end), [](uint32_t n) { return n > 0; }));
        for (size_t i = begin; i < end; ++i)
            if (p[i] > 0) {
                const double share = p[i] / p_total;
                divergence += share * std::log(share * shared_by * q_total / q[occupied[k]]);
            }
        begin = end;
    }
    return std::max(divergence, 0.0); // of equal distributions, but for rounding
}

} // namespace widthwise::engine
