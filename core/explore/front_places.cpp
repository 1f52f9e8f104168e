#include "core/explore/front_places.h"

#include "core/explore/racing.h"

#include <algorithm>
#include <limits>

namespace widthwise::explore {
namespace {

/// A goal of no loss at all still leaves room for what few images cannot tell.
constexpr double k_least_useful_drop = 1e-3;

} // namespace

double useful_drop(const Goals& goals) {
    double useful = RacingOptions{}.useless_drop;
    for (const Constraint& constraint : goals.constraints)
        if (constraint.metric == Metric::drop)
            useful = std::min(useful, std::max(constraint.limit, k_least_useful_drop));
    return useful;
}

std::vector<Point> places(std::span<const AdditiveDesign> front, const DesignNoise& noise,
                          const Surrogate& surrogate, const Goals& goals) {
    const double useful = useful_drop(goals);
    std::vector<Point> points;
    for (const AdditiveDesign& design : front)
        points.push_back({surrogate.predict(noise.of(design.choices)).drop / useful});
    for (const Metric metric : goals.objectives) {
        if (metric == Metric::drop) continue;
        double least = std::numeric_limits<double>::infinity(), most = -least;
        for (const AdditiveDesign& design : front) {
            least = std::min(least, design.figures.loss(metric));
            most = std::max(most, design.figures.loss(metric));
        }
        for (size_t i = 0; i < front.size(); ++i)
            points[i].push_back(most > least ? (front[i].figures.loss(metric) - least) / (most - least) : 0);
    }
    return points;
}

} // namespace widthwise::explore
