#include "core/engine/fidelity.h"

#include <cmath>
#include <limits>

namespace widthwise::engine {

Fidelity fidelity(const FidelitySums& sums, std::optional<double> kl_nat) {
    Fidelity out;
    out.kl_nat = kl_nat;
    out.sqnr_db = sums.ee > 0 ? 10 * std::log10(sums.xx / sums.ee) : std::numeric_limits<double>::infinity();
    const double norms = std::sqrt(sums.xx) * std::sqrt(sums.yy);
    out.cosine = norms > 0 ? sums.xy / norms : sums.xx == sums.yy ? 1 : 0;
    return out;
}

void OrderedSums::add(int64_t index, std::vector<FidelitySums> sums) {
    const std::scoped_lock lock(m_mutex);
    m_waiting.emplace(index, std::move(sums));
    for (auto next = m_waiting.find(m_next); next != m_waiting.end(); next = m_waiting.find(++m_next)) {
        for (size_t i = 0; i < m_total.size(); ++i) m_total[i] += next->second[i];
        m_waiting.erase(next);
    }
}

} // namespace widthwise::engine
