#pragma once
// How good a set of designs is, in one number, and its course during a search.

#include "core/explore/figures.h"
#include "core/explore/pareto.h"
#include "core/flow/explore.h"

#include <map>

namespace widthwise::flow {

/// (drop / 0.2, energy / energy of the baseline): what lies below (1, 1) counts.
[[nodiscard]] explore::Point judged_point(double drop, const explore::Figures& figures,
                                          const explore::Figures& baseline);
[[nodiscard]] double judged_hypervolume(const std::vector<explore::Point>& points);

/// Follows a search's outcomes in their order.
class Course {
public:
    Course(explore::Goals goals, explore::Figures baseline);
    void add(const Candidate& candidate);
    [[nodiscard]] const CoursePoint& now() const { return m_now; }
    /// After each design that was run.
    [[nodiscard]] const std::vector<CoursePoint>& points() const { return m_points; }
    [[nodiscard]] int64_t measured() const { return m_measured; }
    [[nodiscard]] int64_t screened() const { return m_screened; }
    [[nodiscard]] int64_t rejected() const { return m_rejected; }
    [[nodiscard]] int64_t images_run() const { return m_images; }

private:
    void add_measured(const explore::Outcome& outcome);

    explore::Goals m_goals;
    explore::Figures m_baseline;
    std::map<explore::Choices, explore::Point> m_good; ///< measured designs that keep the goals
    std::vector<explore::Point> m_front;               ///< of these
    std::map<explore::Choices, int64_t> m_images_of;   ///< that may be completed
    CoursePoint m_now;
    std::vector<CoursePoint> m_points;
    int64_t m_measured = 0, m_screened = 0, m_rejected = 0, m_images = 0;
};

} // namespace widthwise::flow
