#include "core/explore/decision.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace widthwise::explore {
namespace {

/// The operands that the layer has, in short.
std::string label(const LayerPrecision& precision, const LayerCost& layer) {
    return layer.weight_bits > 0 ? bits_label(precision) : precision.activations.to_string();
}

/// Of the layer's slots alone; nullopt: the table does not know the layer.
std::optional<double> noise_of(const NoiseTable* noise, const std::string& layer, const PrecisionPlan& plan) {
    if (noise == nullptr) return std::nullopt;
    PrecisionPlan alone;
    alone.set(layer, plan.at(layer));
    const std::vector<double> features = noise->features(alone);
    std::optional<double> sum;
    for (size_t slot = 0; slot < features.size(); ++slot)
        if (noise->slot_name(slot) == layer + " weights" || noise->slot_name(slot) == layer + " activations")
            sum = sum.value_or(0) + features[slot];
    return sum;
}

/// How much of a limit the best design takes: above 1, none keeps it.
double tightness(const Constraint& constraint, double best) {
    if (std::isnan(best)) return std::numeric_limits<double>::infinity();
    const double limit = constraint.limit;
    if (larger_is_better(constraint.metric))
        return best > 0 ? limit / best : std::numeric_limits<double>::infinity();
    return limit > 0 ? best / limit : std::numeric_limits<double>::infinity();
}

} // namespace

std::vector<size_t> front_of(std::span<const Outcome> outcomes, const Goals& goals) {
    std::vector<size_t> positions;
    std::vector<Point> points;
    for (const size_t i : measured_positions(outcomes)) {
        if (violation(goals, outcomes[i].figures) > 0) continue;
        Point point;
        for (const Metric metric : goals.objectives) point.push_back(outcomes[i].figures.loss(metric));
        points.push_back(std::move(point));
        positions.push_back(i);
    }
    std::vector<size_t> front = pareto_front(points);
    std::ranges::stable_sort(front, [&](size_t a, size_t b) { return points[a][1] < points[b][1]; });
    for (size_t& i : front) i = positions[i];
    return front;
}

std::optional<size_t> cheapest_within(std::span<const Outcome> outcomes, std::span<const size_t> front,
                                      double within, Metric cost) {
    std::optional<size_t> best;
    for (const size_t i : front) {
        const Figures& figures = outcomes[i].figures;
        if (!(figures[Metric::drop] <= within) || std::isnan(figures[cost])) continue;
        if (!best || figures.loss(cost) < outcomes[*best].figures.loss(cost)) best = i;
    }
    return best;
}

std::optional<size_t> last_of_sequence(std::span<const Tested> designs) {
    std::vector<Point> points;
    for (const Tested& design : designs) points.push_back({design.drop, design.cost});
    std::vector<size_t> sequence = pareto_front(points);
    std::ranges::stable_sort(sequence, std::ranges::greater(), [&](size_t i) { return designs[i].cost; });
    std::optional<size_t> last;
    for (const size_t i : sequence) {
        if (!designs[i].passed) break;
        last = i;
    }
    return last;
}

std::vector<Move> explain(const PrecisionPlan& baseline, const CostBreakdown& baseline_cost,
                          const PrecisionPlan& design, const CostBreakdown& design_cost,
                          const NoiseTable* noise) {
    std::vector<Move> moves;
    const size_t layers = std::min(baseline_cost.layers.size(), design_cost.layers.size());
    for (size_t i = 0; i < layers; ++i) {
        const LayerCost &before = baseline_cost.layers[i], &after = design_cost.layers[i];
        if (before.activation_bits == 0 && after.activation_bits == 0) continue; // takes no precision
        const std::string& name = before.layer;
        Move move{name, label(baseline.at(name), before), label(design.at(name), after), 0, 0, {}};
        if (move.from == move.to) continue;
        move.saved_j = before.energy.total_j() - after.energy.total_j();
        move.saved_s = before.latency_s - after.latency_s;
        const std::optional<double> was = noise_of(noise, name, baseline), is = noise_of(noise, name, design);
        if (was && is) move.noise = *is - *was;
        moves.push_back(std::move(move));
    }
    return moves;
}

std::vector<Move> explain_hardware(const Space& space, std::span<const uint8_t> baseline,
                                   std::span<const uint8_t> design) {
    std::vector<Move> moves;
    for (size_t i = 0; i < space.variables.size(); ++i) {
        const Variable& variable = space.variables[i];
        if (variable.kind != Variable::Kind::hardware || baseline[i] == design[i]) continue;
        moves.push_back(
            {variable.parameter, variable.values[baseline[i]], variable.values[design[i]], 0, 0, {}});
    }
    return moves;
}

std::optional<Infeasible> tightest(const Goals& goals, const Figures& best_found) {
    std::optional<Infeasible> found;
    double most = 1;
    for (const Constraint& constraint : goals.constraints) {
        if (!(violation(constraint, best_found) > 0)) continue;
        const double best = best_found[constraint.metric];
        const double tight = tightness(constraint, best);
        if (found && !(tight > most)) continue;
        most = tight;
        found = Infeasible{constraint, best, {}};
    }
    if (!found) return found;
    const Metric metric = found->constraint.metric;
    const std::string name(to_string(metric)), limit = format_figure(metric, found->constraint.limit);
    if (std::isnan(found->best))
        found->message = "the target gives no " + name + ", so that no design can keep its limit";
    else if (larger_is_better(metric))
        found->message = "no design of this space reaches a " + name + " of " + limit +
                         ": the most found is " + format_figure(metric, found->best);
    else
        found->message = "no design of this space keeps " + name + " below " + limit +
                         ": the least found is " + format_figure(metric, found->best);
    return found;
}

} // namespace widthwise::explore
