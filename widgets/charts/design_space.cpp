#include "widgets/charts/design_space.h"

#include <algorithm>
#include <numeric>

namespace widthwise::gui {

double cost_of(const DesignPoint& point, CostAxis axis) {
    switch (axis) {
    case CostAxis::energy:
        return point.energy_j;
    case CostAxis::latency:
        return point.latency_s;
    case CostAxis::area:
        return point.area_mm2;
    case CostAxis::size:
        return point.model_bytes;
    }
    return 0;
}

std::vector<size_t> pareto_front(const std::vector<DesignPoint>& points, CostAxis axis) {
    std::vector<size_t> order(points.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, [&](size_t a, size_t b) {
        const double cost_a = cost_of(points[a], axis), cost_b = cost_of(points[b], axis);
        return cost_a != cost_b ? cost_a < cost_b : points[a].top1 > points[b].top1;
    });
    std::vector<size_t> front;
    for (const size_t i : order)
        if (front.empty() || points[i].top1 > points[front.back()].top1) front.push_back(i);
    return front;
}

} // namespace widthwise::gui
