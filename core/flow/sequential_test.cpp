#include "core/flow/sequential_test.h"

#include "core/base/normal.h"

namespace widthwise::flow {

SequentialTest::SequentialTest(int64_t total, double within) : m_within(within) {
    for (int64_t n = k_first_look; n < total; n *= 2) m_looks.push_back(n);
    m_looks.push_back(total);
    m_z = two_sided_normal_quantile(0.05 / static_cast<double>(m_looks.size()));
}

std::optional<bool> SequentialTest::decide(const engine::PairedCounts& c, bool complete) const {
    if (complete) {
        const double difference = static_cast<double>(c.right - c.right_reference);
        return difference >= -m_within * static_cast<double>(c.samples);
    }
    const Interval interval =
        paired_difference_interval(c.both, c.right_reference - c.both, c.right - c.both, c.samples, m_z);
    if (interval.lo >= -m_within) return true;
    if (interval.hi < -m_within) return false;
    return std::nullopt;
}

} // namespace widthwise::flow
