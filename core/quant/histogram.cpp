#include "core/quant/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace widthwise {
namespace {

constexpr int k_smallest_exponent = -160; // below any f32 bin that 2048 half bins could need

int floor_to_int(double value) {
    const int truncated = static_cast<int>(value);
    return truncated - (value < truncated);
}

/// Smallest exponent whose grid of half bins covers [lo, hi].
int exponent_for(float lo, float hi) {
    const double magnitude = std::max(-static_cast<double>(lo), static_cast<double>(hi));
    if (magnitude == 0) return k_smallest_exponent;
    int e = std::max(k_smallest_exponent, std::ilogb(magnitude) - std::ilogb(Histogram::k_half_bins) - 1);
    const auto fits = [&](int exponent) {
        const double w = std::ldexp(1.0, -exponent);
        return std::floor(hi * w) < Histogram::k_half_bins && std::floor(lo * w) >= -Histogram::k_half_bins;
    };
    while (!fits(e)) ++e;
    return e;
}

} // namespace

void Histogram::grow_to(int exponent) {
    if (m_bins.empty()) {
        m_bins.assign(2 * k_half_bins, 0);
        m_exponent = exponent;
    }
    if (exponent <= m_exponent) return;
    const int shift = std::min(exponent - m_exponent, 31);
    std::vector<int64_t> merged(m_bins.size(), 0);
    for (size_t i = 0; i < m_bins.size(); ++i) {
        const int index =
            (static_cast<int>(i) - k_half_bins) >> shift; // arithmetic: floor, as for the values
        merged[static_cast<size_t>(index + k_half_bins)] += m_bins[i];
    }
    m_bins.swap(merged);
    m_exponent = exponent;
}

void Histogram::add(std::span<const float> values) {
    constexpr float limit = std::numeric_limits<float>::max();
    float lo = limit, hi = -limit;
    int64_t finite = 0;
    for (const float v : values) {
        const bool ok = std::fabs(v) <= limit; // false for NaN and infinities
        lo = ok && v < lo ? v : lo;
        hi = ok && v > hi ? v : hi;
        finite += ok;
    }
    m_non_finite += static_cast<int64_t>(values.size()) - finite;
    if (finite == 0) return;
    m_min = m_count == 0 ? lo : std::min(m_min, lo);
    m_max = m_count == 0 ? hi : std::max(m_max, hi);
    grow_to(exponent_for(lo, hi));
    m_count += finite;
    const double per_width = std::ldexp(1.0, -m_exponent);
    for (const float v : values) {
        if (!(std::fabs(v) <= limit)) continue;
        m_zeros += v == 0;
        ++m_bins[static_cast<size_t>(floor_to_int(v * per_width) + k_half_bins)];
    }
}

void Histogram::merge(const Histogram& other) {
    m_non_finite += other.m_non_finite;
    if (other.m_count == 0) return;
    Histogram aligned = other;
    grow_to(aligned.m_exponent);
    aligned.grow_to(m_exponent);
    for (size_t i = 0; i < m_bins.size(); ++i) m_bins[i] += aligned.m_bins[i];
    m_min = m_count == 0 ? other.m_min : std::min(m_min, other.m_min);
    m_max = m_count == 0 ? other.m_max : std::max(m_max, other.m_max);
    m_count += other.m_count;
    m_zeros += other.m_zeros;
}

double Histogram::bin_width() const {
    return std::ldexp(1.0, m_exponent);
}

double Histogram::quantile(double share) const {
    if (m_count == 0) return 0;
    const double target = std::clamp(share, 0.0, 1.0) * static_cast<double>(m_count);
    double below = 0;
    for (size_t i = 0; i < m_bins.size(); ++i) {
        const auto n = static_cast<double>(m_bins[i]);
        if (n > 0 && below + n >= target) {
            const double position = static_cast<double>(i) - k_half_bins + (target - below) / n;
            return std::clamp<double>(position * bin_width(), m_min, m_max);
        }
        below += n;
    }
    return m_max;
}

Range Histogram::bin_range(size_t i) const {
    const double bin = static_cast<double>(i) - k_half_bins, width = bin_width();
    return {std::max<double>(bin * width, m_min), std::min<double>((bin + 1) * width, m_max)};
}

} // namespace widthwise
