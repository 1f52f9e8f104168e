#include "core/flow/explore_course.h"

#include <cmath>

namespace widthwise::flow {

using explore::Metric;

namespace {

constexpr double k_worthless_drop = 0.2;

} // namespace

explore::Point judged_point(double drop, const explore::Figures& figures, const explore::Figures& baseline) {
    return {drop / k_worthless_drop, figures[Metric::energy] / baseline[Metric::energy]};
}

double judged_hypervolume(const std::vector<explore::Point>& points) {
    return explore::hypervolume(points, {1, 1});
}

Course::Course(explore::Goals goals, explore::Figures baseline)
    : m_goals(std::move(goals)), m_baseline(baseline) {}

void Course::add(const Candidate& candidate) {
    const explore::Outcome& outcome = candidate.outcome;
    m_now.seconds = candidate.seconds;
    m_images += outcome.samples;
    switch (outcome.verdict) {
    case explore::Verdict::rejected:
        ++m_rejected;
        return;
    case explore::Verdict::screened:
        ++m_screened;
        ++m_now.evaluations;
        break;
    case explore::Verdict::measured:
        ++m_measured;
        ++m_now.evaluations;
        m_images_of[outcome.choices] = outcome.samples;
        add_measured(outcome);
        break;
    case explore::Verdict::completed:
        m_images -= m_images_of[outcome.choices];
        add_measured(outcome);
        break;
    }
    m_points.push_back(m_now);
}

void Course::add_measured(const explore::Outcome& outcome) {
    const bool again = m_good.erase(outcome.choices) > 0;
    explore::Point point = judged_point(outcome.figures[Metric::drop], outcome.figures, m_baseline);
    const bool good = explore::violation(m_goals, outcome.figures) == 0 && std::isfinite(point[1]);
    if (!good && !again) return;
    if (good) m_good.emplace(outcome.choices, point);
    if (again) { // what it had beaten may stand again
        m_front.clear();
        for (const auto& [choices, standing] : m_good) m_front.push_back(standing);
    } else {
        m_front.push_back(std::move(point));
    }
    std::vector<explore::Point> front;
    for (const size_t i : explore::pareto_front(m_front)) front.push_back(m_front[i]);
    m_front = std::move(front);
    m_now.hypervolume = judged_hypervolume(m_front);
}

} // namespace widthwise::flow
