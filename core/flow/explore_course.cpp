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
    if (outcome.verdict == explore::Verdict::rejected) {
        ++m_rejected;
        return;
    }
    ++m_now.evaluations;
    if (outcome.verdict == explore::Verdict::screened) ++m_screened;
    if (outcome.verdict == explore::Verdict::measured) {
        ++m_measured;
        explore::Point point = judged_point(outcome.figures[Metric::drop], outcome.figures, m_baseline);
        if (explore::violation(m_goals, outcome.figures) == 0 && std::isfinite(point[1])) {
            m_front.push_back(std::move(point));
            std::vector<explore::Point> front;
            for (const size_t i : explore::pareto_front(m_front)) front.push_back(m_front[i]);
            m_front = std::move(front);
            m_now.hypervolume = judged_hypervolume(m_front);
        }
    }
    m_points.push_back(m_now);
}

} // namespace widthwise::flow
