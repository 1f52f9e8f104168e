#include "core/quant/tensor_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace widthwise {
namespace {

constexpr float k_largest = std::numeric_limits<float>::max();

} // namespace

void MovingRange::add(int64_t image, std::span<const float> values) {
    Bounds seen{k_largest, -k_largest};
    for (const float v : values) {
        const bool finite = std::fabs(v) <= k_largest;
        seen.lo = finite && v < seen.lo ? v : seen.lo;
        seen.hi = finite && v > seen.hi ? v : seen.hi;
    }
    const auto batch = static_cast<size_t>(image / k_batch);
    if (m_batches.size() <= batch) m_batches.resize(batch + 1, {k_largest, -k_largest});
    Bounds& b = m_batches[batch];
    b = {std::min(b.lo, seen.lo), std::max(b.hi, seen.hi)};
}

void MovingRange::merge(const MovingRange& other) {
    if (m_batches.size() < other.m_batches.size())
        m_batches.resize(other.m_batches.size(), {k_largest, -k_largest});
    for (size_t i = 0; i < other.m_batches.size(); ++i) {
        m_batches[i].lo = std::min(m_batches[i].lo, other.m_batches[i].lo);
        m_batches[i].hi = std::max(m_batches[i].hi, other.m_batches[i].hi);
    }
}

Range MovingRange::range() const {
    Range average;
    bool first = true;
    for (const Bounds& b : m_batches) {
        if (b.lo > b.hi) continue;
        const double keep = first ? 0 : k_momentum;
        first = false;
        average.lo = keep * average.lo + (1 - keep) * static_cast<double>(b.lo);
        average.hi = keep * average.hi + (1 - keep) * static_cast<double>(b.hi);
    }
    return average;
}

void TensorStatistics::add(int64_t first_image, int64_t images, std::span<const float> values) {
    if (images <= 0) return;
    const size_t each = values.size() / static_cast<size_t>(images);
    for (int64_t i = 0; i < images; ++i)
        moving.add(first_image + i, values.subspan(static_cast<size_t>(i) * each, each));
    histogram.add(values);
}

void TensorStatistics::merge(const TensorStatistics& other) {
    histogram.merge(other.histogram);
    moving.merge(other.moving);
}

} // namespace widthwise
