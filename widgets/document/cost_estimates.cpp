#include "widgets/document/cost_estimates.h"

#include "widgets/number_text.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace widthwise::gui {
namespace {

/// Where worker and asker meet; whoever comes first takes the answer.
class Box {
public:
    void put(CostAnswer answer) {
        {
            const std::lock_guard lock(m_mutex);
            m_answer = std::move(answer);
        }
        m_ready.notify_one();
    }
    std::optional<CostAnswer> take(std::chrono::milliseconds patience) {
        std::unique_lock lock(m_mutex);
        m_ready.wait_for(lock, patience, [this] { return m_answer.has_value(); });
        return std::exchange(m_answer, std::nullopt);
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_ready;
    std::optional<CostAnswer> m_answer;
};

} // namespace

CostEstimates::CostEstimates(QObject* parent) : QObject(parent) {}

void CostEstimates::answer(std::optional<cost::Estimator>& estimator, const HardwareTarget& target,
                           const CostRequest::Network& network, const WorkControl& control,
                           CostAnswer& answer) {
    const bool same = estimator && &estimator->graph() == network.graph.get() &&
                      estimator->target() == target && estimator->options() == network.options;
    if (!same) {
        estimator.reset();
        auto made = cost::Estimator::create(network.graph, target, network.options);
        if (!made) {
            for (const auto& [id, plan] : network.designs)
                answer.costs.emplace_back(id, tl::unexpected(made.error()));
            return;
        }
        estimator = std::move(*made);
    }
    for (const auto& [id, plan] : network.designs) {
        if (control.cancel.cancelled()) break;
        answer.costs.emplace_back(id, estimator->estimate(plan));
    }
}

std::optional<CostAnswer> CostEstimates::ask(CostRequest request) {
    auto box = std::make_shared<Box>();
    const QString title = tr("Modelling costs on %1").arg(qt(request.target.name));
    m_lane.supersede(
        title, [this, box, request = std::move(request)](const WorkControl& control) -> JobLane::Deliver {
            CostAnswer costs;
            for (const CostRequest::Network& network : request.networks)
                answer(m_estimator, request.target, network, control, costs);
            if (control.cancel.cancelled()) return {};
            box->put(std::move(costs));
            return [this, box] {
                if (const auto late = box->take(std::chrono::milliseconds(0))) emit answered(*late);
            };
        });
    return box->take(std::chrono::milliseconds(k_patience_ms));
}

} // namespace widthwise::gui
