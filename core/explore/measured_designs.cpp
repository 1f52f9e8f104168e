#include "core/explore/measured_designs.h"

#include "core/explore/pareto.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace widthwise::explore {
namespace {

/// In the order of `outcomes`.
std::vector<const Outcome*> nearest_to_front(const std::vector<const Outcome*>& outcomes, const Goals& goals,
                                             size_t most) {
    std::vector<Point> points;
    for (const Outcome* outcome : outcomes) {
        points.emplace_back();
        for (const Metric metric : goals.objectives) points.back().push_back(outcome->figures.loss(metric));
    }
    // Front after front is peeled off: ranks of all designs of a long search would take too long.
    std::vector<size_t> order, left(points.size());
    std::iota(left.begin(), left.end(), size_t{0});
    while (order.size() < most) {
        const std::vector<size_t> front = pareto_front(points);
        if (front.empty()) break; // what is left lacks a figure
        std::vector<size_t> rest;
        std::vector<Point> rest_points;
        for (size_t i = 0, next = 0; i < left.size(); ++i) {
            if (next < front.size() && front[next] == i) {
                order.push_back(left[i]);
                ++next;
            } else {
                rest.push_back(left[i]);
                rest_points.push_back(std::move(points[i]));
            }
        }
        left = std::move(rest);
        points = std::move(rest_points);
    }
    order.insert(order.end(), left.begin(), left.end());
    order.resize(most);
    std::ranges::sort(order);
    std::vector<const Outcome*> nearest;
    for (const size_t i : order) nearest.push_back(outcomes[i]);
    return nearest;
}

} // namespace

std::vector<Measured> measured_designs(const std::map<Choices, Outcome>& known, const DesignNoise& noise,
                                       const Goals& goals, size_t most) {
    std::vector<const Outcome*> run;
    for (const auto& [choices, outcome] : known)
        if (outcome.samples > 0 && std::isfinite(outcome.figures[Metric::drop])) run.push_back(&outcome);
    if (run.size() > most) run = nearest_to_front(run, goals, most);
    std::vector<Measured> measured;
    for (const Outcome* outcome : run) {
        // Few images may by chance show no difference at all: half an answer is the least that is not known.
        const double least = 0.5 / static_cast<double>(outcome->samples);
        measured.push_back({noise.of(outcome->choices), outcome->figures[Metric::drop],
                            std::max(outcome->drop_sigma, least)});
    }
    return measured;
}

} // namespace widthwise::explore
