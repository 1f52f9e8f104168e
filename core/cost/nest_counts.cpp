#include "core/cost/nest_counts.h"

#include <algorithm>

namespace widthwise::cost {
namespace {

constexpr std::array k_all_dims = {Dim::n, Dim::g, Dim::k, Dim::c, Dim::p, Dim::q, Dim::r, Dim::s};
constexpr std::array k_all_operands = {Operand::weights, Operand::inputs, Operand::outputs};

bool slides(Operand operand, Dim dim) {
    return operand == Operand::inputs && (dim == Dim::p || dim == Dim::q || dim == Dim::r || dim == Dim::s);
}

class Counter {
public:
    Counter(const NestShape& shape, const NestHierarchy& hierarchy, const Tiling& tiling)
        : m_shape(shape), m_hierarchy(hierarchy), m_tiling(tiling) {
        m_inside[tiling.levels].fill(1);
        for (size_t level = tiling.levels; level-- > 0;)
            for (size_t d = 0; d < k_dims; ++d) {
                const auto& e = tiling.extents[level];
                const int64_t across = e[1][d] * e[2][d];
                m_spread[level][d] = static_cast<double>(across);
                m_spreads[level] = m_spreads[level] || across > 1;
                m_below[level][d] = across * m_inside[level + 1][d];
                m_inside[level][d] = e[0][d] * m_below[level][d];
            }
        for (size_t d = 0; d < k_dims; ++d)
            m_cover[d] = static_cast<double>(shape.extents[d]) / static_cast<double>(m_inside[0][d]);
    }

    NestCounts run() {
        for (size_t level = 0; level < m_tiling.levels; ++level)
            for (size_t d = 0; d < k_dims; ++d)
                m_counts.steps *= static_cast<double>(m_tiling.extents[level][0][d]);
        for (size_t level = 0; level < m_tiling.levels; ++level) {
            m_counts.levels[level].instances = m_counts.units;
            m_counts.units *= spatial(level, level + 1, [](Dim) { return true; });
        }
        for (const Operand operand : k_all_operands) count(operand);
        return m_counts;
    }

private:
    /// Product of the spatial extents at levels [from, to) of the dimensions that `take` names.
    template <typename Take> [[nodiscard]] double spatial(size_t from, size_t to, Take take) const {
        double product = 1;
        for (size_t level = from; level < to; ++level)
            if (m_spreads[level])
                for (const Dim dim : k_all_dims)
                    if (take(dim)) product *= m_spread[level][index(dim)];
        return product;
    }

    /// Elements that one instance of `level` is filled with over the whole run.
    [[nodiscard]] double deliveries(Operand operand, size_t level) const {
        double times = 1;
        Dim innermost = Dim::n;
        int64_t sweep = 0; ///< extent of the innermost relevant loop; 0: none met yet
        int64_t step = 0;  ///< by which its iterations are apart
        bool open = false; ///< loops of the same dimension right outside still belong to the sweep
        for (size_t outer = level; outer-- > 0;)
            for (size_t place = k_dims; place-- > 0;) {
                const Dim dim = m_tiling.order[outer][place];
                const int64_t extent = m_tiling.at(outer, Slot::temporal, dim);
                if (extent == 1) continue;
                if (sweep == 0) {
                    if (!relevant(operand, dim)) continue;
                    innermost = dim;
                    sweep = extent;
                    step = m_below[outer][index(dim)];
                    open = true;
                } else if (open && dim == innermost) {
                    sweep *= extent;
                } else {
                    open = false;
                    times *= static_cast<double>(extent);
                }
            }
        const Extents& tile = m_inside[level];
        if (sweep == 0) return m_shape.tile(operand, tile);
        if (!slides(operand, innermost))
            return times * static_cast<double>(sweep) * m_shape.tile(operand, tile);
        const bool rows = innermost == Dim::p || innermost == Dim::r;
        const Axis& axis = rows ? m_shape.rows : m_shape.columns;
        const int64_t outputs = tile[index(rows ? Dim::p : Dim::q)];
        const int64_t taps = tile[index(rows ? Dim::r : Dim::s)];
        const bool by_taps = innermost == Dim::r || innermost == Dim::s;
        const int64_t kept = axis.touched(outputs, taps);
        const int64_t fresh =
            kept - axis.overlap(outputs, taps, step * (by_taps ? axis.dilation : axis.stride));
        const int64_t swept = fresh < kept ? std::min(axis.size, kept + (sweep - 1) * fresh) : kept * sweep;
        return times * m_shape.tile(operand, tile) * static_cast<double>(swept) / static_cast<double>(kept);
    }

    /// By how many accesses of the children one access of `parent` is divided.
    [[nodiscard]] double shared(Operand operand, size_t parent, size_t child) const {
        double times = spatial(parent, child, [&](Dim dim) { return !relevant(operand, dim); });
        if (operand != Operand::inputs || !m_hierarchy.diagonal_multicast) return times;
        const auto along = [&](const Axis& axis, Dim out, Dim tap) {
            const Extents& tile = m_inside[child];
            const double outs = spatial(parent, child, [&](Dim dim) { return dim == out; });
            const double taps = spatial(parent, child, [&](Dim dim) { return dim == tap; });
            const int64_t one = axis.touched(tile[index(out)], tile[index(tap)]);
            const int64_t all = axis.touched(tile[index(out)] * static_cast<int64_t>(outs),
                                             tile[index(tap)] * static_cast<int64_t>(taps));
            return std::max(1.0, outs * taps * static_cast<double>(one) / static_cast<double>(all));
        };
        return times * along(m_shape.rows, Dim::p, Dim::r) * along(m_shape.columns, Dim::q, Dim::s);
    }

    /// The share of what the mapping covers that the layer really has.
    [[nodiscard]] double coverage(Operand operand) const {
        double share = 1;
        for (const Dim dim : k_all_dims)
            if (relevant(operand, dim) && !slides(operand, dim)) share *= m_cover[index(dim)];
        return share;
    }

    void count(Operand operand) {
        const double share = coverage(operand);
        double macs = 1;
        for (const int64_t extent : m_shape.extents) macs *= static_cast<double>(extent);
        const double outputs = m_shape.tile(Operand::outputs, m_shape.extents);
        size_t child = m_tiling.levels; // the MAC itself
        for (size_t level = m_tiling.levels; level-- > 0;) {
            if (!m_hierarchy.holds[level].has(operand)) continue;
            OperandAccesses& here = m_counts.levels[level].operands[static_cast<size_t>(operand)];
            Extents real = m_inside[level];
            for (size_t d = 0; d < k_dims; ++d) real[d] = std::min(real[d], m_shape.extents[d]);
            here.tile = m_shape.tile(operand, real);
            double taken = macs; ///< by the children, all instances
            if (child < m_tiling.levels)
                taken = m_counts.levels[child].operands[static_cast<size_t>(operand)].fills;
            taken /= shared(operand, level, child);
            if (operand == Operand::outputs) {
                // Each instance sums its own share of the reduction.
                const double partials =
                    spatial(0, level, [](Dim dim) { return !relevant(Operand::outputs, dim); });
                here.updates = taken;
                here.reads = std::max(0.0, taken - outputs * partials);
                if (level == 0) m_counts.distinct_outputs = outputs;
            } else {
                here.reads = taken;
            }
            if (level > 0) here.fills = deliveries(operand, level) * m_counts.levels[level].instances * share;
            child = level;
        }
    }

    const NestShape& m_shape;
    const NestHierarchy& m_hierarchy;
    const Tiling& m_tiling;
    std::array<Extents, k_most_levels + 1> m_inside; ///< extents of the tile of a level
    std::array<Extents, k_most_levels> m_below;      ///< of what one temporal iteration of a level covers
    std::array<std::array<double, k_dims>, k_most_levels> m_spread; ///< over instances inside the level
    std::array<bool, k_most_levels> m_spreads{};                    ///< over more than one
    std::array<double, k_dims> m_cover;
    NestCounts m_counts;
};

} // namespace

NestHierarchy::NestHierarchy(const HardwareTarget& target)
    : levels(std::min(target.memory.size(), k_most_levels)), diagonal_multicast(target.diagonal_multicast) {
    for (size_t i = 0; i < levels; ++i) holds[i] = target.memory[i].holds;
}

size_t NestHierarchy::innermost(Operand operand) const {
    size_t level = levels - 1;
    while (level > 0 && !holds[level].has(operand)) --level;
    return level;
}

NestCounts count_accesses(const NestShape& shape, const NestHierarchy& hierarchy, const Tiling& tiling) {
    return Counter(shape, hierarchy, tiling).run();
}

} // namespace widthwise::cost
