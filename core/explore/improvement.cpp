#include "core/explore/improvement.h"

#include "core/base/normal.h"
#include "core/explore/spread.h"

#include <algorithm>
#include <array>

namespace widthwise::explore {
namespace {

/// Middle of each eighth of the standard normal distribution.
const std::array<double, 8>& likely_values() {
    static const std::array<double, 8> values = [] {
        std::array<double, 8> z{};
        for (size_t i = 0; i < 4; ++i) {
            z[7 - i] = two_sided_normal_quantile((2 * static_cast<double>(i) + 1) / 8);
            z[i] = -z[7 - i];
        }
        return z;
    }();
    return values;
}

bool is_below(const Point& point, const Point& reference) {
    for (size_t k = 0; k < point.size(); ++k)
        if (!(point[k] < reference[k])) return false;
    return true;
}

/// Of two losses, `front` by rising first one: the strip of the point's box that is lower than the front.
double area_added(const std::vector<Point>& front, const Point& point, const Point& reference) {
    double sum = 0, from = point[0], top = reference[1];
    for (const Point& other : front) {
        if (other[0] > from) {
            sum += (other[0] - from) * std::max(top - point[1], 0.0);
            from = other[0];
        }
        top = std::min(top, other[1]);
    }
    return sum + (reference[0] - from) * std::max(top - point[1], 0.0);
}

/// k_most_front points, far from each other where each loss counts by its range below the reference.
std::vector<Point> some_of(const std::vector<Point>& front, const Point& reference) {
    Point least = reference;
    for (const Point& point : front)
        for (size_t k = 0; k < least.size(); ++k) least[k] = std::min(least[k], point[k]);
    std::vector<Point> scaled = front;
    for (Point& point : scaled)
        for (size_t k = 0; k < point.size(); ++k) point[k] /= reference[k] - least[k];
    std::vector<Point> some;
    for (const size_t i : spread(scaled, {}, k_most_front)) some.push_back(front[i]);
    return some;
}

Point point_of(double first, const Point& costs) {
    Point point{first};
    point.insert(point.end(), costs.begin(), costs.end());
    return point;
}

} // namespace

Improvement::Improvement(std::vector<Point> front, Point reference) : m_reference(std::move(reference)) {
    std::erase_if(front, [&](const Point& point) { return !is_below(point, m_reference); });
    for (const size_t i : pareto_front(front)) m_front.push_back(front[i]);
    if (m_reference.size() > 2 && m_front.size() > k_most_front) m_front = some_of(m_front, m_reference);
    std::ranges::sort(m_front);
}

double Improvement::of(const Point& point) const {
    if (!is_below(point, m_reference)) return 0;
    if (point.size() == 2) return area_added(m_front, point, m_reference);
    if (std::ranges::any_of(m_front, [&](const Point& other) { return dominates(other, point); })) return 0;
    double volume = 1;
    for (size_t k = 0; k < point.size(); ++k) volume *= m_reference[k] - point[k];
    // Less what the front covers already: its points, moved into the box of this one.
    std::vector<Point> covered = m_front;
    for (Point& other : covered)
        for (size_t k = 0; k < other.size(); ++k) other[k] = std::max(other[k], point[k]);
    return std::max(volume - hypervolume(covered, m_reference), 0.0);
}

double Improvement::expected(const Uncertain& design) const {
    double sum = 0;
    for (const double z : likely_values()) sum += of(point_of(design.mean + z * design.sigma, design.costs));
    return sum / static_cast<double>(likely_values().size());
}

void Improvement::add(const Point& point) {
    if (!is_below(point, m_reference)) return;
    if (std::ranges::any_of(m_front, [&](const Point& p) { return p == point || dominates(p, point); }))
        return;
    std::erase_if(m_front, [&](const Point& p) { return dominates(point, p); });
    m_front.insert(std::ranges::upper_bound(m_front, point), point);
}

std::vector<size_t> most_promising(Improvement improvement, std::span<const Uncertain> designs, size_t count,
                                   double worth) {
    // A longer front only lowers expectations, so old ones are bounds: most need not be worked out again.
    struct Expectation {
        size_t position = 0, known = 0; ///< as of how many chosen
        double value = 0;
    };
    const auto is_less = [](const Expectation& a, const Expectation& b) {
        return a.value != b.value ? a.value < b.value : a.position > b.position;
    };
    std::vector<Expectation> queue;
    for (size_t i = 0; i < designs.size(); ++i)
        if (const double value = improvement.expected(designs[i]); value > 0) queue.push_back({i, 0, value});
    std::ranges::make_heap(queue, is_less);

    std::vector<size_t> chosen;
    double first = 0;
    while (chosen.size() < count && !queue.empty()) {
        std::ranges::pop_heap(queue, is_less);
        Expectation best = queue.back();
        queue.pop_back();
        if (best.known < chosen.size()) {
            best.value = improvement.expected(designs[best.position]);
            best.known = chosen.size();
            if (!(best.value > 0)) continue;
            queue.push_back(best);
            std::ranges::push_heap(queue, is_less);
            continue;
        }
        if (chosen.empty()) first = best.value;
        if (best.value < worth * first) break;
        chosen.push_back(best.position);
        improvement.add(point_of(designs[best.position].mean, designs[best.position].costs));
    }
    return chosen;
}

} // namespace widthwise::explore
