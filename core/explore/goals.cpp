#include "core/explore/goals.h"

#include <algorithm>
#include <cmath>

namespace widthwise::explore {
namespace {

/// Limits that can be kept lie above this.
double floor_of(Metric metric) {
    switch (metric) {
    case Metric::drop:
        return -1;
    case Metric::throughput:
        return -std::numeric_limits<double>::infinity();
    // A design without any of these exists.
    case Metric::luts:
    case Metric::dsps:
    case Metric::bram18:
    case Metric::urams:
        return -std::numeric_limits<double>::denorm_min();
    default:
        return 0;
    }
}

std::string title(Metric metric) {
    return metric == Metric::drop ? "accuracy drop" : std::string(to_string(metric));
}

} // namespace

double violation(const Constraint& constraint, const Figures& figures) {
    const double value = figures[constraint.metric];
    if (std::isnan(value)) return constraint.metric == Metric::drop ? 0 : 1;
    const double excess =
        larger_is_better(constraint.metric) ? constraint.limit - value : value - constraint.limit;
    const double scale = constraint.limit == 0 ? 1 : std::abs(constraint.limit);
    return std::max(excess, 0.0) / scale;
}

double violation(const Goals& goals, const Figures& figures) {
    double sum = 0;
    for (const Constraint& constraint : goals.constraints) sum += violation(constraint, figures);
    return sum;
}

std::string broken_constraint(const Goals& goals, const Figures& figures) {
    const Constraint* worst = nullptr;
    double most = 0;
    for (const Constraint& constraint : goals.constraints)
        if (const double broken = violation(constraint, figures); broken > most) {
            most = broken;
            worst = &constraint;
        }
    if (worst == nullptr) return {};
    const Metric metric = worst->metric;
    const double value = figures[metric];
    if (std::isnan(value)) return "the target gives no " + title(metric) + " to be limited";
    std::string is = format_figure(metric, value), limit = format_figure(metric, worst->limit);
    if (is == limit) {
        is = format_figure(metric, value, 9);
        limit = format_figure(metric, worst->limit, 9);
    }
    return title(metric) + " " + is + (larger_is_better(metric) ? " is below" : " is above") +
           " the limit of " + limit;
}

Result<void> validate(const Goals& goals, const Figures& sample) {
    const auto refuse = [](std::string message, std::string remedy) {
        return fail(ErrorCode::usage, std::move(message), "goals of the search", std::move(remedy));
    };
    const auto& objectives = goals.objectives;
    if (std::ranges::find(objectives, Metric::drop) == objectives.end())
        return refuse("the accuracy drop is not among the objectives", "add \"drop\"");
    if (objectives.size() < 2)
        return refuse("the accuracy drop is the only objective", "add a cost, such as \"energy\"");
    const auto known = [&](Metric metric) { return metric == Metric::drop || !std::isnan(sample[metric]); };
    for (const Metric metric : objectives) {
        if (std::ranges::count(objectives, metric) > 1)
            return refuse("objective " + std::string(to_string(metric)) + " is there twice", "name it once");
        if (!known(metric))
            return refuse("the target gives no " + title(metric), "take another objective or target");
    }
    for (const Constraint& constraint : goals.constraints) {
        const std::string name = title(constraint.metric);
        if (!std::isfinite(constraint.limit))
            return refuse("the limit of " + name + " is no number", "give a number");
        if (constraint.limit <= floor_of(constraint.metric))
            return refuse("no design can keep the limit of " + name + " at " +
                              format_figure(constraint.metric, constraint.limit),
                          "give a larger one");
        if (!known(constraint.metric))
            return refuse("the target gives no " + name + " to be limited", "leave that limit out");
    }
    return {};
}

} // namespace widthwise::explore
