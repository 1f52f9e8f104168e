#pragma once
// What designs cost on a target, asked for without blocking the window: most answers take microseconds and
// come at once, those that need a search for mappings come later.

#include "core/cost/estimator.h"
#include "widgets/jobs/job_lane.h"

#include <QObject>

#include <optional>
#include <utility>
#include <vector>

namespace widthwise::gui {

struct CostRequest {
    struct Network {
        GraphPtr graph;
        cost::Options options;
        std::vector<std::pair<int64_t, PrecisionPlan>> designs; ///< by an id that the answer has again
    };
    HardwareTarget target;
    std::vector<Network> networks; ///< the one that will be asked about again last
};
struct CostAnswer {
    std::vector<std::pair<int64_t, Result<CostBreakdown>>> costs; ///< in the request's order
};

class CostEstimates : public QObject {
    Q_OBJECT
public:
    /// How long ask() waits, ms: short enough not to be felt.
    static constexpr int k_patience_ms = 40;

    explicit CostEstimates(QObject* parent = nullptr);

    /// The newest request wins. An answer that is ready soon is returned; else answered() brings it.
    [[nodiscard]] std::optional<CostAnswer> ask(CostRequest request);
    [[nodiscard]] JobLane& lane() { return m_lane; }

signals:
    void answered(const widthwise::gui::CostAnswer& answer);

private:
    static void answer(std::optional<cost::Estimator>& estimator, const HardwareTarget& target,
                       const CostRequest::Network& network, const WorkControl& control, CostAnswer& answer);
    /// Of the request before: an edit costs only what it touches. Used by the lane's jobs only.
    std::optional<cost::Estimator> m_estimator;
    JobLane m_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
