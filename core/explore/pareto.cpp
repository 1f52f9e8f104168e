#include "core/explore/pareto.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>

namespace widthwise::explore {
namespace {

bool has_nan(const Point& point) {
    return std::ranges::any_of(point, [](double x) { return std::isnan(x); });
}

/// Positions of the points without NaN in lexicographic order, equal ones in input order: a point can only be
/// dominated by earlier ones.
std::vector<size_t> lexicographic(std::span<const Point> points) {
    std::vector<size_t> order;
    for (size_t i = 0; i < points.size(); ++i)
        if (!has_nan(points[i])) order.push_back(i);
    std::ranges::stable_sort(order, [&](size_t a, size_t b) { return points[a] < points[b]; });
    return order;
}

/// The front of three losses in lexicographic order, in which only the last two decide: steps of the lowest
/// third loss by rising second one (Kung, Luccio and Preparata 1975).
class Staircase {
public:
    /// Whether a point before it is no worse in both; if not it becomes a step.
    bool beats(double second, double third) {
        auto above = m_steps.upper_bound(second);
        if (above != m_steps.begin() && std::prev(above)->second <= third) return true;
        while (above != m_steps.end() && above->second >= third) above = m_steps.erase(above);
        m_steps.insert_or_assign(second, third);
        return false;
    }

private:
    std::map<double, double> m_steps; ///< the third loss falls
};

double box(const Point& point, const Point& reference) {
    double volume = 1;
    for (size_t i = 0; i < point.size(); ++i) volume *= reference[i] - point[i];
    return volume;
}

double area(std::span<const Point> points, const Point& reference) {
    double sum = 0, lowest = reference[1];
    for (const size_t i : lexicographic(points)) {
        if (points[i][1] >= lowest) continue;
        sum += (reference[0] - points[i][0]) * (lowest - points[i][1]);
        lowest = points[i][1];
    }
    return sum;
}

std::vector<Point> front_points(std::span<const Point> points) {
    std::vector<Point> front;
    for (const size_t i : pareto_front(points)) front.push_back(points[i]);
    return front;
}

/// What each point adds to those after it, summed (While, Bradstreet and Barone 2012, WFG).
double volume(std::span<const Point> front, const Point& reference) {
    if (reference.size() == 2) return area(front, reference);
    double sum = 0;
    for (size_t i = 0; i < front.size(); ++i) {
        std::vector<Point> limited(front.begin() + static_cast<std::ptrdiff_t>(i) + 1, front.end());
        for (Point& point : limited)
            for (size_t k = 0; k < point.size(); ++k) point[k] = std::max(point[k], front[i][k]);
        sum += box(front[i], reference) - volume(front_points(limited), reference);
    }
    return sum;
}

} // namespace

bool dominates(const Point& a, const Point& b) {
    assert(a.size() == b.size());
    bool better = false;
    for (size_t i = 0; i < a.size(); ++i) {
        if (!(a[i] <= b[i])) return false;
        better = better || a[i] < b[i];
    }
    return better;
}

std::vector<size_t> pareto_front(std::span<const Point> points) {
    std::vector<size_t> front;
    Staircase staircase;
    for (const size_t i : lexicographic(points)) {
        const auto beats = [&](size_t j) {
            return points[j] == points[i] || dominates(points[j], points[i]);
        };
        const auto is_beaten = [&] {
            switch (points[i].size()) {
            case 2: // the last one on the front is the lowest so far
                return !front.empty() && beats(front.back());
            case 3:
                return staircase.beats(points[i][1], points[i][2]);
            default:
                return std::ranges::any_of(front, beats);
            }
        };
        if (!is_beaten()) front.push_back(i);
    }
    std::ranges::sort(front);
    return front;
}

std::vector<int> non_dominated_ranks(std::span<const Point> points) {
    // In lexicographic order each point goes to the first front of which no member dominates it (Zhang et al.
    // 2015, ENS-SS). NaN comes last.
    std::vector<std::vector<size_t>> fronts;
    std::vector<int> ranks(points.size(), -1);
    for (const size_t i : lexicographic(points)) {
        const auto front = std::ranges::find_if(fronts, [&](const std::vector<size_t>& members) {
            return std::ranges::none_of(members, [&](size_t j) { return dominates(points[j], points[i]); });
        });
        ranks[i] = static_cast<int>(front - fronts.begin());
        if (front == fronts.end()) fronts.emplace_back();
        fronts[static_cast<size_t>(ranks[i])].push_back(i);
    }
    std::ranges::replace(ranks, -1, static_cast<int>(fronts.size()));
    return ranks;
}

std::vector<double> crowding_distances(std::span<const Point> points) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    std::vector<double> distances(points.size(), 0);
    if (points.size() <= 2) return std::vector<double>(points.size(), infinity);
    std::vector<size_t> order(points.size());
    for (size_t k = 0; k < points.front().size(); ++k) {
        std::iota(order.begin(), order.end(), size_t{0});
        std::ranges::stable_sort(order, [&](size_t a, size_t b) { return points[a][k] < points[b][k]; });
        const double range = points[order.back()][k] - points[order.front()][k];
        if (!(range > 0) || std::isinf(range)) continue;
        distances[order.front()] = distances[order.back()] = infinity;
        for (size_t i = 1; i + 1 < order.size(); ++i)
            distances[order[i]] += (points[order[i + 1]][k] - points[order[i - 1]][k]) / range;
    }
    return distances;
}

double hypervolume(std::span<const Point> points, const Point& reference) {
    std::vector<Point> below;
    for (const Point& point : points) {
        assert(point.size() == reference.size());
        if (std::ranges::equal(point, reference, std::less<>())) below.push_back(point);
    }
    return volume(front_points(below), reference);
}

std::vector<size_t> knee_points(std::span<const Point> points, std::span<const size_t> front) {
    if (front.size() < 3) return {};
    const size_t losses = points[front.front()].size();
    Point least = points[front.front()], most = least;
    for (const size_t i : front)
        for (size_t k = 0; k < losses; ++k) {
            least[k] = std::min(least[k], points[i][k]);
            most[k] = std::max(most[k], points[i][k]);
        }
    struct Bend {
        size_t point;
        double distance;
    };
    std::vector<Bend> bends;
    for (const size_t i : front) {
        double sum = 0;
        int varied = 0;
        for (size_t k = 0; k < losses; ++k) {
            if (!(most[k] > least[k])) continue;
            sum += (points[i][k] - least[k]) / (most[k] - least[k]);
            ++varied;
        }
        if (varied < 2) return {};
        const double distance = (1 - sum) / std::sqrt(varied);
        if (distance > 1e-12) bends.push_back({i, distance}); // above rounding of points on the line
    }
    std::ranges::stable_sort(bends, std::greater<>(), &Bend::distance);
    std::vector<size_t> knees;
    for (const Bend& bend : bends) knees.push_back(bend.point);
    return knees;
}

} // namespace widthwise::explore
