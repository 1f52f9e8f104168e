#include "core/cost/cost_model.h"

#include "core/cost/estimator.h"
#include "core/cost/option_gains.h"

namespace widthwise::cost {

Result<CostBreakdown> estimate(const Graph& graph, const PrecisionPlan& plan, const HardwareTarget& target,
                               const Options& options) {
    const GraphPtr lent(GraphPtr(), &graph); // owns nothing: the estimator does not outlive this call
    auto estimator = Estimator::create(lent, target, options);
    if (!estimator) return forward_error(estimator);
    auto cost = estimator->estimate(plan);
    if (!cost || !options.report_options) return cost;
    auto gains = option_gains(*estimator, plan);
    if (!gains) return forward_error(gains);
    cost->options = std::move(*gains);
    return cost;
}

} // namespace widthwise::cost
