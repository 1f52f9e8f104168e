#include "core/explore/spread.h"

#include <algorithm>
#include <limits>

namespace widthwise::explore {
namespace {

double squared_distance(const Point& a, const Point& b) {
    double sum = 0;
    for (size_t k = 0; k < a.size(); ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sum;
}

} // namespace

std::vector<size_t> spread(std::span<const Point> points, std::span<const Point> taken, size_t count) {
    std::vector<double> nearest(points.size(), std::numeric_limits<double>::infinity());
    const auto approach = [&](const Point& point) {
        for (size_t i = 0; i < points.size(); ++i)
            nearest[i] = std::min(nearest[i], squared_distance(points[i], point));
    };
    for (const Point& point : taken) approach(point);
    std::vector<size_t> chosen;
    while (chosen.size() < std::min(count, points.size())) {
        const auto farthest = std::ranges::max_element(nearest);
        if (!(*farthest > 0)) break;
        chosen.push_back(static_cast<size_t>(farthest - nearest.begin()));
        approach(points[chosen.back()]);
    }
    return chosen;
}

} // namespace widthwise::explore
