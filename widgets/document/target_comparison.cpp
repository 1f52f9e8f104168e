#include "widgets/document/target_comparison.h"

#include "widgets/cost_text.h"
#include "widgets/number_text.h"

#include <algorithm>

namespace widthwise::gui {

TargetComparison::TargetComparison(Document& document, QObject* parent)
    : QObject(parent), m_document(document) {
    const std::vector<std::string> presets = cost::preset_names();
    for (const std::string& name : presets)
        if (auto target = cost::load_target(name)) m_rows.push_back({std::move(*target), true, std::nullopt});
    std::ranges::stable_sort(m_rows, {}, [](const Row& row) { return group_of(row.target); });
    add(m_document.target());
    for (const auto signal : {&Document::planChanged, &Document::networkChanged})
        connect(&m_document, signal, this, &TargetComparison::restart);
    connect(&m_document, &Document::targetChanged, this, [this] { add(m_document.target()); });
    restart();
}

void TargetComparison::setChosen(size_t row, bool chosen) {
    if (row >= m_rows.size() || m_rows[row].chosen == chosen) return;
    m_rows[row].chosen = chosen;
    emit rowChanged(static_cast<int>(row));
    if (chosen && !m_rows[row].cost) submit(row);
}

void TargetComparison::add(const HardwareTarget& target) {
    const auto found = std::ranges::find(m_rows, target.name, [](const Row& row) { return row.target.name; });
    if (found == m_rows.end()) {
        m_rows.push_back({target, true, std::nullopt});
        emit rowAdded();
        submit(m_rows.size() - 1);
    } else if (found->target != target) {
        found->target = target;
        found->cost.reset();
        emit rowChanged(static_cast<int>(found - m_rows.begin()));
        submit(static_cast<size_t>(found - m_rows.begin()));
    }
}

void TargetComparison::restart() {
    m_lane.cancelAll();
    ++m_generation;
    m_pending = 0;
    for (size_t row = 0; row < m_rows.size(); ++row) {
        m_rows[row].cost.reset();
        emit rowChanged(static_cast<int>(row));
        submit(row);
    }
}

void TargetComparison::submit(size_t row) {
    if (!m_document.hasNetwork() || !m_rows[row].chosen) return;
    ++m_pending;
    m_lane.submit(tr("Modelling %1").arg(qt(m_rows[row].target.name)),
                  [this, row, generation = m_generation, graph = m_document.model().graph,
                   plan = m_document.plan(), options = m_document.modelOptions(),
                   target = m_rows[row].target](const WorkControl&) -> JobLane::Deliver {
                      auto cost = std::make_shared<Result<CostBreakdown>>(
                          cost::estimate(*graph, plan, target, options));
                      return [this, row, generation, cost, target] {
                          if (generation != m_generation) return;
                          --m_pending;
                          if (m_rows[row].target != target) return; // another of that name came meanwhile
                          m_rows[row].cost = std::move(*cost);
                          emit rowChanged(static_cast<int>(row));
                      };
                  });
}

} // namespace widthwise::gui
