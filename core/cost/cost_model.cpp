#include "core/cost/cost_model.h"

#include "core/cost/estimator.h"

namespace widthwise::cost {

Result<CostBreakdown> estimate(const Graph& graph, const PrecisionPlan& plan, const HardwareTarget& target,
                               const Options& options) {
    const GraphPtr lent(GraphPtr(), &graph); // owns nothing: the estimator does not outlive this call
    auto estimator = Estimator::create(lent, target, options);
    if (!estimator) return forward_error(estimator);
    return estimator->estimate(plan);
}

} // namespace widthwise::cost
