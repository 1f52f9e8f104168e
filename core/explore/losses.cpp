#include "core/explore/losses.h"

#include <algorithm>
#include <cmath>

namespace widthwise::explore {
namespace {

/// Feasible losses are of the order of 1.
constexpr double k_beyond = 1e3;
constexpr double k_most_violation = 1e3;
constexpr double k_screened_sigmas = 2;

} // namespace

Losses::Losses(const Problem& problem) : m_goals(problem.goals) {
    const Figures reference = problem.price(widest(problem.space)).figures;
    for (const Metric metric : m_goals.objectives) {
        const double scale = metric == Metric::drop ? problem.worst_drop : std::abs(reference[metric]);
        m_scale.push_back(std::isfinite(scale) && scale > 0 ? scale : 1);
    }
}

Point Losses::scaled(const Figures& figures) const {
    Point losses;
    for (size_t i = 0; i < m_scale.size(); ++i)
        losses.push_back(std::clamp(figures.loss(m_goals.objectives[i]) / m_scale[i], -k_beyond, k_beyond));
    return losses;
}

std::optional<Point> Losses::of(const Outcome& outcome) const {
    if (outcome.verdict == Verdict::rejected || outcome.violation > 0) return std::nullopt;
    Figures figures = outcome.figures;
    if (outcome.verdict == Verdict::screened && std::isfinite(outcome.drop_sigma))
        figures[Metric::drop] += k_screened_sigmas * outcome.drop_sigma;
    Point losses = scaled(figures);
    if (std::ranges::any_of(losses, [](double x) { return std::isnan(x); })) return std::nullopt;
    return losses;
}

Point Losses::penalized(const Outcome& outcome) const {
    if (std::optional<Point> losses = of(outcome)) return *losses;
    // Without a violation it is the target that cannot run it, or a figure that is missing.
    const double violation = outcome.violation > 0 ? std::min(outcome.violation, k_most_violation) : 1;
    return Point(m_scale.size(), k_beyond * (1 + violation));
}

Point Losses::costs(const Figures& figures) const {
    Point losses = scaled(figures);
    Figures without_drop = figures;
    without_drop[Metric::drop] = std::numeric_limits<double>::quiet_NaN();
    const double penalty = std::min(violation(m_goals, without_drop), k_most_violation);
    for (size_t i = 0; i < losses.size(); ++i) {
        if (m_goals.objectives[i] == Metric::drop) losses[i] = 0;
        if (std::isnan(losses[i])) losses[i] = larger_is_better(m_goals.objectives[i]) ? -1 : 1;
        losses[i] += penalty;
    }
    return losses;
}

Choices widest(const Space& space) {
    return uniform_choices(space, 32, 32);
}

} // namespace widthwise::explore
