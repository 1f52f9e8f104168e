#include "core/flow/explore_baseline.h"

namespace widthwise::flow {
namespace {

using explore::Variable;

constexpr int k_bits = 8;
constexpr int k_widest_bits = 32;

PrecisionPlan in_8_bits(const explore::Space& space) {
    PrecisionPlan plan = space.base;
    for (const Variable& variable : space.variables)
        for (const std::string& layer : variable.layers) {
            LayerPrecision precision = plan.at(layer);
            if (variable.kind != Variable::Kind::activations) precision.weights = weight_integer(k_bits);
            if (variable.kind != Variable::Kind::weights) precision.activations = activation_integer(k_bits);
            plan.set(layer, std::move(precision));
        }
    return plan;
}

} // namespace

Result<ExploreBaseline> explore_baseline(const ExploreRequest& request) {
    const explore::Space& space = request.space;
    const Graph& graph = *request.model.graph;
    PrecisionPlan plan = in_8_bits(space);
    auto cost = cost::estimate(graph, plan, space.target, request.cost);
    if (!cost) { // the target cannot run it
        plan = explore::plan_of(space, explore::uniform_choices(space, k_widest_bits, k_widest_bits));
        cost = cost::estimate(graph, plan, space.target, request.cost);
    }
    if (!cost) return forward_error(cost);
    return ExploreBaseline{plan_label(plan, graph), explore::figures_of(*cost)};
}

} // namespace widthwise::flow
