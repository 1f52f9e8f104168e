#include "core/cost/mapper.h"

#include "core/cost/nest_mapping.h"
#include "core/cost/objective.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

/// Kernel and image loops first: they have few choices and decide whether tiles fit.
constexpr std::array k_search_order = {Dim::s, Dim::r, Dim::q, Dim::g, Dim::n, Dim::c, Dim::p, Dim::k};
constexpr double k_most_combinations = 4e8;
/// Bounds of the factors by which combinations are counted: of the layer, not of the target, so that thinning
/// does not depend on the target's size.
constexpr int64_t k_small = 16;
constexpr int64_t k_counted_spatial = 32, k_counted_pad = 64;

int64_t ceil_divide(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

/// 1, n and what lies between: the smallest factor for each rest that one can leave. From `coarseness` 1 on,
/// only divisors of n (where n is small, all), from 2 on, those at least 2, 4, ... times the one before.
std::vector<int64_t> factors(int64_t n, int coarseness) {
    std::vector<int64_t> kept;
    for (int64_t f = 1;;) {
        const int64_t rest = ceil_divide(n, f);
        const bool listed = coarseness == 0 || n % f == 0 || (coarseness == 1 && n <= k_small);
        const bool far = coarseness < 2 || kept.empty() || f >= kept.back() << (coarseness - 1);
        if (rest == 1 || (listed && far)) kept.push_back(f);
        if (rest == 1) return kept;
        f = ceil_divide(n, rest - 1);
    }
}

/// n, and while that is more than `whole`, halves, quarters, ...; ascending.
std::vector<int64_t> parts(int64_t n, int64_t whole) {
    std::vector<int64_t> all;
    for (int64_t count = 1;; count *= 2) {
        all.insert(all.begin(), ceil_divide(n, count));
        if (all.front() <= whole) return all;
    }
}

using Chain = std::array<int64_t, 3 + k_most_levels>; ///< a factor for each place of one dimension

class Search {
public:
    Search(const HardwareTarget& target, const NestShape& shape, const NestPricing& pricing,
           Dataflow dataflow, Objective objective)
        : m_target(target)
        , m_shape(shape)
        , m_pricing(pricing)
        , m_hierarchy(target)
        , m_objective(objective)
        , m_array(array_level(target))
        , m_space(map_space(target, dataflow))
        , m_tiling(pricing.level_count())
        , m_best{m_tiling, {}, {}} {
        int coarseness = 0;
        while (coarseness < 8 && combinations(coarseness) > k_most_combinations) ++coarseness;
        m_thinned = coarseness > 0;
        for (size_t d = 0; d < k_dims; ++d)
            collect(d, 0, shape.extents[d], {}, coarseness, target.rows, target.cols, INT64_MAX,
                    [&](const Chain& chain) { m_chains[d].push_back(chain); });
        for (auto& chains : m_chains) std::reverse(chains.begin(), chains.end()); // large inner tiles first
        m_rest.fill(1);
        for (size_t i = k_dims; i-- > 0;)
            m_rest[i] = m_rest[i + 1] * static_cast<double>(shape.extents[index(k_search_order[i])]);
    }

    Result<FoundMapping> run() {
        if (auto fits = check_fit(m_tiling, m_target, m_shape, m_pricing); !fits) {
            fits.error().message = "cannot be mapped: even with the smallest tiles, " + fits.error().message;
            fits.error().remedy = "make the level larger";
            return forward_error(fits);
        }
        descend(0, 1, 1, 1);
        if (!m_found)
            return fail(ErrorCode::invalid_input, "cannot be mapped: " + m_short, {},
                        "make the level larger or choose another dataflow");
        m_best.examined = m_examined;
        if (m_thinned) m_best.gap = gap();
        return m_best;
    }

private:
    template <typename Take>
    void collect(size_t d, size_t place, int64_t rest, Chain chain, int coarseness, int64_t rows,
                 int64_t cols, int64_t pad, const Take& take) const {
        const auto& places = m_space.places[d];
        if (place + 1 == places.size()) {
            const Place last = places[place];
            const bool fits = last.slot == Slot::temporal || rest <= (last.slot == Slot::x ? cols : rows);
            chain[place] = rest;
            if (fits) take(chain);
            return;
        }
        int64_t limit = rest;
        if (places[place].slot == Slot::x) limit = cols;
        if (places[place].slot == Slot::y) limit = rows;
        if (places[place].slot == Slot::temporal && places[place].level > m_array) limit = pad;
        const bool whole = m_space.whole[d] > 0;
        const std::vector<int64_t> listed = !whole       ? factors(rest, coarseness)
                                            : place == 0 ? parts(rest, m_space.whole[d])
                                                         : std::vector<int64_t>{1};
        for (const int64_t f : listed) {
            if (f > limit) break;
            chain[place] = f;
            collect(d, place + 1, ceil_divide(rest, f), chain, coarseness, rows, cols, pad, take);
        }
    }

    [[nodiscard]] double combinations(int coarseness) const {
        double product = 1;
        for (size_t d = 0; d < k_dims; ++d) {
            double count = 0;
            collect(d, 0, m_shape.extents[d], {}, coarseness, k_counted_spatial, k_counted_spatial,
                    k_counted_pad, [&](const Chain&) { ++count; });
            product *= count;
        }
        for (const auto& orders : m_space.orders) product *= static_cast<double>(orders.size());
        return product;
    }

    void put(size_t d, const Chain& chain) {
        const auto& places = m_space.places[d];
        for (size_t i = 0; i < places.size(); ++i)
            m_tiling.at(places[i].level, places[i].slot, static_cast<Dim>(d)) = chain[i];
    }

    [[nodiscard]] int64_t factor_at(size_t d, const Chain& chain, Slot slot) const {
        int64_t product = 1;
        const auto& places = m_space.places[d];
        for (size_t i = 0; i < places.size(); ++i)
            if (places[i].slot == slot) product *= chain[i];
        return product;
    }

    void descend(size_t depth, double steps, int64_t columns, int64_t rows) {
        if (depth == k_dims) return walk_orders(0, [&] { price(); });
        const size_t d = index(k_search_order[depth]);
        const bool last = depth + 1 == k_dims;
        if (last && m_found && !promising(d, most_inside(d, columns, rows))) return put(d, unit());
        Chain inner{}; // of the chains that differ only outside the array
        bool hopeless = false;
        for (const Chain& chain : m_chains[d]) {
            const bool group = last && !same_inside(d, chain, inner);
            if (group) {
                inner = chain;
                hopeless = false;
            }
            if (hopeless) continue;
            const int64_t x = columns * factor_at(d, chain, Slot::x);
            const int64_t y = rows * factor_at(d, chain, Slot::y);
            if (x > m_target.cols || y > m_target.rows) continue;
            const double taken = steps * static_cast<double>(factor_at(d, chain, Slot::temporal));
            const double room = static_cast<double>((m_target.cols / x) * (m_target.rows / y));
            if (cannot_win(taken * std::max(1.0, m_rest[depth + 1] / room))) continue;
            put(d, chain);
            if (!fits()) continue;
            if (group && m_found) {
                hopeless = !promising(d, inside_factor(d, chain));
                if (hopeless) continue;
                put(d, chain);
            }
            descend(depth + 1, taken, x, y);
        }
        put(d, unit());
    }

    [[nodiscard]] static Chain unit() {
        Chain chain;
        chain.fill(1);
        return chain;
    }

    /// No completion with at least so many steps can beat what is found.
    [[nodiscard]] bool cannot_win(double steps) const {
        if (!m_found) return false;
        return !better(m_objective, m_pricing.floor(steps, m_shape), m_best.figures);
    }

    /// The places of a dimension that are in the array come first.
    [[nodiscard]] bool same_inside(size_t d, const Chain& a, const Chain& b) const {
        const auto& places = m_space.places[d];
        for (size_t i = 0; i < places.size(); ++i)
            if (in_array(places[i]) && a[i] != b[i]) return false;
        return true;
    }

    [[nodiscard]] bool in_array(const Place& place) const {
        return place.slot != Slot::temporal || place.level > m_array;
    }

    [[nodiscard]] int64_t inside_factor(size_t d, const Chain& chain) const {
        int64_t product = 1;
        for (size_t i = 0; i < m_space.places[d].size(); ++i)
            if (in_array(m_space.places[d][i])) product *= chain[i];
        return product;
    }

    /// At least as much of the dimension as any chain that fits can have in the array, when the others take
    /// `columns` x `rows` of it.
    [[nodiscard]] int64_t most_inside(size_t d, int64_t columns, int64_t rows) {
        const auto& places = m_space.places[d];
        const auto pad = std::find_if(places.begin(), places.end(), [&](const Place& place) {
            return place.slot == Slot::temporal && place.level > m_array;
        });
        int64_t held = 1;
        if (pad != places.end()) {
            int64_t& extent = m_tiling.at(pad->level, Slot::temporal, static_cast<Dim>(d));
            int64_t low = 1, high = m_shape.extents[d];
            while (low < high) { // the most that fits
                extent = low + (high - low + 1) / 2;
                if (fits())
                    low = extent;
                else
                    high = extent - 1;
            }
            extent = 1;
            held = low;
        }
        for (const Place& place : places) {
            if (place.slot == Slot::x) held *= m_target.cols / columns;
            if (place.slot == Slot::y) held *= m_target.rows / rows;
        }
        return held;
    }

    /// Whether a mapping with `inside` of the last dimension in the array could win, were the rest right
    /// beside the array, where its walks fetch least from outside. What it spreads over the array is read
    /// once there, so that one processing element stands for all.
    bool promising(size_t d, int64_t inside) {
        const Dim dim = static_cast<Dim>(d);
        put(d, unit());
        m_tiling.at(m_array, Slot::temporal, dim) = ceil_divide(m_shape.extents[d], inside);
        bool hope = false;
        walk_orders(0, [&] {
            const LayerFigures bound = m_pricing.price(count_accesses(m_shape, m_hierarchy, m_tiling));
            hope = hope || better(m_objective, bound, m_best.figures);
        });
        put(d, unit());
        return hope;
    }

    /// Loops that have no place yet stand at extent 1: what does not fit now never will.
    [[nodiscard]] bool fits() {
        const auto overflow = overflowing_level(m_tiling, m_shape, m_pricing);
        if (overflow && !m_found && m_short.empty()) m_short = to_text(*overflow, m_target);
        return !overflow;
    }

    template <typename Visit> void walk_orders(size_t level, const Visit& visit) {
        if (level == m_tiling.levels) return visit();
        for (const LoopOrder& order : m_space.orders[level]) {
            m_tiling.order[level] = order;
            walk_orders(level + 1, visit);
        }
    }

    void price() {
        ++m_examined;
        const NestCounts counts = count_accesses(m_shape, m_hierarchy, m_tiling);
        const LayerFigures figures = m_pricing.price(counts);
        if (m_found && !better(m_objective, figures, m_best.figures)) return;
        m_found = true;
        m_best.tiling = m_tiling;
        m_best.counts = counts;
        m_best.figures = figures;
    }

    [[nodiscard]] double gap() const {
        const LayerFigures floor =
            m_pricing.floor(m_rest[0] / static_cast<double>(m_target.rows * m_target.cols), m_shape);
        const double cycles =
            static_cast<double>(m_best.figures.cycles) / static_cast<double>(floor.cycles) - 1;
        const double energy = m_best.figures.energy.total_j() / floor.energy.total_j() - 1;
        if (m_objective == Objective::latency) return cycles;
        return m_objective == Objective::energy ? energy : (1 + cycles) * (1 + energy) - 1;
    }

    const HardwareTarget& m_target;
    const NestShape& m_shape;
    const NestPricing& m_pricing;
    NestHierarchy m_hierarchy;
    Objective m_objective;
    size_t m_array;
    MapSpace m_space;
    std::array<std::vector<Chain>, k_dims> m_chains;
    std::array<double, k_dims + 1> m_rest; ///< iterations of the loops from this depth on
    bool m_thinned = false;
    Tiling m_tiling;
    FoundMapping m_best;
    bool m_found = false;
    double m_examined = 0;
    std::string m_short; ///< what the first tiles that did not fit needed
};

} // namespace

Result<FoundMapping> best_mapping(const HardwareTarget& target, const NestShape& shape,
                                  const NestPricing& pricing, Dataflow dataflow, Objective objective) {
    return Search(target, shape, pricing, dataflow, objective).run();
}

} // namespace widthwise::cost
