#include "core/quant/kmeans.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace widthwise {
namespace {

constexpr size_t k_most_groups = 4096; ///< of the dynamic program: its time grows with count x groups
constexpr int k_most_iterations = 100; ///< of Lloyd's, which the program's start leaves few to do
constexpr double k_infinity = std::numeric_limits<double>::infinity();

struct Sums {
    double sum = 0, square = 0, count = 0;
};
Sums operator+(const Sums& a, const Sums& b) {
    return {a.sum + b.sum, a.square + b.square, a.count + b.count};
}
Sums operator-(const Sums& a, const Sums& b) {
    return {a.sum - b.sum, a.square - b.square, a.count - b.count};
}

/// Distinct values, ascending, or groups of neighbours. What they sum up to is counted outwards from the one
/// in the middle of the values: outliers on one side then swallow nothing of the others.
class Points {
public:
    Points() = default;
    /// `zero`: the point that stands for 0, or as many as there are points.
    Points(const std::vector<Sums>& each, size_t zero) : m_zero(zero), m_before(each.size() + 1) {
        double total = 0, half = 0;
        for (const Sums& point : each) total += point.count;
        size_t middle = 0;
        while (half + each[middle].count < total / 2) half += each[middle++].count;
        for (size_t i = middle; i < each.size(); ++i) m_before[i + 1] = m_before[i] + each[i];
        for (size_t i = middle; i-- > 0;) m_before[i] = m_before[i + 1] - each[i];
    }
    [[nodiscard]] size_t size() const { return m_before.size() - 1; }
    [[nodiscard]] size_t zero() const { return m_zero; }
    [[nodiscard]] Sums between(size_t first, size_t end) const { return m_before[end] - m_before[first]; }
    /// Of the points first .. end - 1: where their level lies, and their squared distances from it.
    [[nodiscard]] double level(size_t first, size_t end, ZeroLevel kept) const {
        if (is_at_zero(first, end, kept)) return 0;
        const Sums s = between(first, end);
        return s.sum / s.count;
    }
    [[nodiscard]] double cost(size_t first, size_t end, ZeroLevel kept) const {
        const Sums s = between(first, end);
        if (is_at_zero(first, end, kept)) return s.square;
        return std::max(0.0, s.square - s.sum * s.sum / s.count);
    }

private:
    [[nodiscard]] bool is_at_zero(size_t first, size_t end, ZeroLevel kept) const {
        return kept == ZeroLevel::kept && first <= m_zero && m_zero < end;
    }
    size_t m_zero = 0;
    std::vector<Sums> m_before{{}}; ///< of the points before the i-th, less the same of the middle one
};

struct Distinct {
    std::vector<float> values;
    std::vector<double> counts;
};

Distinct distinct_of(std::span<const float> values) {
    std::vector<float> sorted(values.begin(), values.end());
    std::ranges::sort(sorted);
    Distinct out;
    for (const float value : sorted) {
        if (out.values.empty() || value != out.values.back()) {
            out.values.push_back(value == 0 ? 0.0F : value); // -0 is 0
            out.counts.push_back(0);
        }
        out.counts.back() += 1;
    }
    return out;
}

/// Sums are taken of the distances from `origin`: far from 0 their squares would swallow the differences.
Points points_of(const Distinct& distinct, double origin) {
    std::vector<Sums> each;
    each.reserve(distinct.values.size());
    for (size_t i = 0; i < distinct.values.size(); ++i) {
        const double x = static_cast<double>(distinct.values[i]) - origin, n = distinct.counts[i];
        each.push_back({n * x, n * x * x, n});
    }
    const auto zero = std::ranges::find(distinct.values, 0.0F) - distinct.values.begin();
    return {each, static_cast<size_t>(zero)};
}

/// Neighbours stand together unless an even cut of the values or of their number lies between; 0 by itself.
Points groups_of(const Distinct& distinct, const Points& points) {
    const size_t n = distinct.values.size();
    const double lowest = static_cast<double>(distinct.values.front());
    const double width = static_cast<double>(distinct.values.back()) - lowest;
    const double total = points.between(0, n).count;
    constexpr double cells = k_most_groups / 2 - 2;
    const auto cell = [&](size_t i) {
        const double by_value = cells * (static_cast<double>(distinct.values[i]) - lowest) / width;
        const double by_number = cells * points.between(0, i).count / total;
        return std::pair(std::floor(by_value), std::floor(by_number));
    };
    std::vector<Sums> groups;
    size_t zero = SIZE_MAX, first = 0;
    for (size_t i = 1; i <= n; ++i) {
        if (i < n && i != points.zero() && i - 1 != points.zero() && cell(i) == cell(first)) continue;
        if (first == points.zero()) zero = groups.size();
        groups.push_back(points.between(first, i));
        first = i;
    }
    return {groups, zero};
}

/// The best partition of points into `count` runs, count <= points: their first points.
class Partition {
public:
    Partition(const Points& points, size_t count, ZeroLevel zero)
        : m_points(points)
        , m_zero(zero)
        , m_before(points.size())
        , m_now(points.size())
        , m_first(count, std::vector<uint16_t>(points.size())) {
        const size_t n = points.size();
        for (size_t i = 0; i < n; ++i) m_now[i] = points.cost(0, i + 1, zero);
        for (size_t run = 1; run < count; ++run) {
            std::swap(m_before, m_now);
            fill(run, run, n, run, n);
        }
    }

    [[nodiscard]] std::vector<size_t> starts() const {
        std::vector<size_t> starts(m_first.size());
        size_t last = m_points.size() - 1;
        for (size_t run = m_first.size(); run-- > 0;) {
            starts[run] = run == 0 ? 0 : m_first[run][last];
            last = starts[run] - 1;
        }
        return starts;
    }

private:
    /// For each last point in [from, to) the best first point of run `run` is sought in [lo, hi): it never
    /// falls as the last point rises.
    void fill(size_t run, size_t from, size_t to, size_t lo, size_t hi) {
        if (from >= to) return;
        const size_t last = (from + to) / 2;
        double best = k_infinity;
        size_t best_first = lo;
        for (size_t first = lo; first < std::min(hi, last + 1); ++first) {
            const double cost = m_before[first - 1] + m_points.cost(first, last + 1, m_zero);
            if (cost >= best) continue;
            best = cost;
            best_first = first;
        }
        m_now[last] = best;
        m_first[run][last] = static_cast<uint16_t>(best_first);
        fill(run, from, last, lo, best_first + 1);
        fill(run, last + 1, to, best_first, hi);
    }

    const Points& m_points;
    ZeroLevel m_zero;
    std::vector<double> m_before, m_now; ///< least cost of the points up to each, in runs so far
    std::vector<std::vector<uint16_t>> m_first;
};

/// Lloyd's iteration on sorted values: of two equally near levels the lower, as Quantizer rounds.
void iterate(const Distinct& distinct, const Points& points, double origin, ZeroLevel zero,
             std::vector<double>& levels) {
    std::vector<size_t> ends, before;
    for (int i = 0; i < k_most_iterations; ++i) {
        ends.clear();
        for (size_t k = 0; k + 1 < levels.size(); ++k) {
            const double middle = origin + (levels[k] + levels[k + 1]) / 2;
            const auto end = std::ranges::upper_bound(distinct.values, middle, {},
                                                      [](float v) { return static_cast<double>(v); });
            ends.push_back(static_cast<size_t>(end - distinct.values.begin()));
        }
        ends.push_back(distinct.values.size());
        if (ends == before) return;
        size_t first = 0;
        for (size_t k = 0; k < levels.size(); ++k) {
            if (ends[k] > first) levels[k] = points.level(first, ends[k], zero);
            first = std::max(first, ends[k]);
        }
        before = ends;
    }
}

std::vector<float> best_levels(const Distinct& distinct, size_t count, ZeroLevel zero) {
    if (distinct.values.size() <= count) return distinct.values;
    // A kept 0 is its cluster's centre: distances are taken from there.
    const bool has_zero = std::ranges::binary_search(distinct.values, 0.0F);
    if (!has_zero) zero = ZeroLevel::free;
    const double middle =
        (static_cast<double>(distinct.values.front()) + static_cast<double>(distinct.values.back())) / 2;
    const double origin = zero == ZeroLevel::kept ? 0 : middle;
    const Points points = points_of(distinct, origin);
    const bool grouped = distinct.values.size() > k_most_groups;
    const Points groups = grouped ? groups_of(distinct, points) : Points();
    const Points& few = grouped ? groups : points;
    std::vector<size_t> starts = Partition(few, count, zero).starts();
    starts.push_back(few.size());
    std::vector<double> levels(count);
    for (size_t k = 0; k < count; ++k) levels[k] = few.level(starts[k], starts[k + 1], zero);
    if (grouped) iterate(distinct, points, origin, zero, levels);
    std::vector<float> out(count);
    std::ranges::transform(levels, out.begin(), [&](double x) { return static_cast<float>(x + origin); });
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
}

} // namespace

std::vector<float> kmeans_levels(std::span<const float> values, size_t count, ZeroLevel zero) {
    return best_levels(distinct_of(values), count, zero);
}

std::vector<float> codebook_levels(std::span<const float> weights, int bits) {
    const size_t count = size_t{1} << bits;
    const auto zeros = static_cast<size_t>(std::ranges::count(weights, 0.0F));
    const bool sparse = zeros > 0 && zeros * count >= weights.size();
    return kmeans_levels(weights, count, sparse ? ZeroLevel::kept : ZeroLevel::free);
}

} // namespace widthwise
