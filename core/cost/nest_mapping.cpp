#include "core/cost/nest_mapping.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

constexpr std::array k_all_dims = {Dim::n, Dim::g, Dim::k, Dim::c, Dim::p, Dim::q, Dim::r, Dim::s};

Result<void> place(const std::vector<Loop>& loops, Slot slot, const std::string& level, size_t at,
                   Tiling& tiling) {
    for (const Loop& loop : loops) {
        int64_t& extent = tiling.at(at, slot, loop.dim);
        if (extent != 1)
            return fail(ErrorCode::invalid_input,
                        std::string("the loop ") + to_char(loop.dim) + " stands twice at level " + level, {},
                        "multiply its extents");
        extent = loop.extent;
    }
    return {};
}

int64_t covered(const Tiling& tiling, Dim dim) {
    int64_t product = 1;
    for (size_t level = 0; level < tiling.levels; ++level)
        for (const Slot slot : {Slot::temporal, Slot::x, Slot::y})
            if (__builtin_mul_overflow(product, tiling.at(level, slot, dim), &product)) return INT64_MAX;
    return product;
}

int64_t spread(const Tiling& tiling, size_t level, Slot slot) {
    int64_t product = 1;
    for (const Dim dim : k_all_dims) product *= tiling.at(level, slot, dim);
    return product;
}

} // namespace

size_t array_level(const HardwareTarget& target) {
    size_t level = 0;
    while (level + 1 < target.memory.size() && !target.memory[level + 1].per_pe) ++level;
    return level;
}

Result<Tiling> tiling_of(const Mapping& mapping, const HardwareTarget& target, const NestShape& shape) {
    Tiling tiling(std::min(target.memory.size(), k_most_levels));
    size_t next = 0;
    const size_t array = array_level(target);
    for (const MappingLevel& level : mapping.levels) {
        const auto found =
            std::find_if(target.memory.begin() + static_cast<std::ptrdiff_t>(next), target.memory.end(),
                         [&](const MemoryLevel& m) { return m.name == level.level; });
        if (found == target.memory.end())
            return fail(ErrorCode::invalid_input,
                        "the mapping's level '" + level.level + "' is none of the target's, or out of order",
                        {}, "name the target's memory levels, outermost first");
        const auto at = static_cast<size_t>(found - target.memory.begin());
        next = at + 1;
        if (at != array && !(level.spatial_x.empty() && level.spatial_y.empty()))
            return fail(ErrorCode::invalid_input,
                        "spatial loops at level " + level.level + ", which is not next to the array", {},
                        "put them at level " + target.memory[array].name);
        for (const auto& [loops, slot] :
             {std::pair(&level.temporal, Slot::temporal), std::pair(&level.spatial_x, Slot::x),
              std::pair(&level.spatial_y, Slot::y)})
            if (auto placed = place(*loops, slot, level.level, at, tiling); !placed)
                return forward_error(placed);
        // The loops that are named keep their order, inside of those of extent 1.
        auto& order = tiling.order[at];
        std::stable_partition(order.begin(), order.end(), [&](Dim dim) {
            return std::none_of(level.temporal.begin(), level.temporal.end(),
                                [&](const Loop& loop) { return loop.dim == dim; });
        });
        auto place_at = order.end() - static_cast<std::ptrdiff_t>(level.temporal.size());
        for (const Loop& loop : level.temporal) *place_at++ = loop.dim;
    }
    for (const Dim dim : k_all_dims)
        if (const int64_t extent = covered(tiling, dim);
            extent < shape.extents[index(dim)] || extent / 2 > shape.extents[index(dim)])
            return fail(ErrorCode::invalid_input,
                        std::string("the mapping covers ") + std::to_string(covered(tiling, dim)) + " of " +
                            std::to_string(shape.extents[index(dim)]) + " iterations of loop " + to_char(dim),
                        {}, "let the extents multiply to the layer's, or little more");
    return tiling;
}

Mapping mapping_of(const Tiling& tiling, const HardwareTarget& target) {
    Mapping mapping;
    for (size_t level = 0; level < tiling.levels; ++level) {
        MappingLevel& entry = mapping.levels.emplace_back();
        entry.level = target.memory[level].name;
        for (const Dim dim : tiling.order[level])
            if (const int64_t extent = tiling.at(level, Slot::temporal, dim); extent > 1)
                entry.temporal.push_back({dim, extent});
        for (const Dim dim : k_all_dims) {
            if (const int64_t extent = tiling.at(level, Slot::x, dim); extent > 1)
                entry.spatial_x.push_back({dim, extent});
            if (const int64_t extent = tiling.at(level, Slot::y, dim); extent > 1)
                entry.spatial_y.push_back({dim, extent});
        }
    }
    return mapping;
}

Result<void> check_fit(const Tiling& tiling, const HardwareTarget& target, const NestShape& shape,
                       const NestPricing& pricing) {
    const size_t array = array_level(target);
    const int64_t columns = spread(tiling, array, Slot::x), rows = spread(tiling, array, Slot::y);
    // Row-stationary sets that are wider than the array are folded over further rows (Eyeriss, JSSC 2017,
    // Fig. 6).
    const int64_t folds =
        target.dataflow == Dataflow::row_stationary ? (columns + target.cols - 1) / target.cols : 1;
    if (columns > target.cols * folds || rows * folds > target.rows)
        return fail(ErrorCode::invalid_input,
                    "the mapping spreads over " + std::to_string(rows) + " x " + std::to_string(columns) +
                        " processing elements, the array has " + std::to_string(target.rows) + " x " +
                        std::to_string(target.cols),
                    {}, "make its spatial extents smaller");
    if (const auto overflow = overflowing_level(tiling, shape, pricing))
        return fail(ErrorCode::invalid_input, to_text(*overflow, target), {},
                    "make the tiles smaller or the level larger");
    return {};
}

std::optional<Overflow> overflowing_level(const Tiling& tiling, const NestShape& shape,
                                          const NestPricing& pricing) {
    Extents inside;
    inside.fill(1);
    for (size_t level = tiling.levels; level-- > 1;) {
        for (size_t d = 0; d < k_dims; ++d)
            for (const Extents& slot : tiling.extents[level]) inside[d] *= slot[d];
        const double needed = pricing.used_bits(level, shape, inside);
        if (needed > pricing.capacity_bits(level)) return Overflow{level, needed};
    }
    return std::nullopt;
}

std::string to_text(const Overflow& overflow, const HardwareTarget& target) {
    const MemoryLevel& level = target.memory[overflow.level];
    return "its tiles need " + std::to_string(static_cast<int64_t>(std::ceil(overflow.needed_bits / 8))) +
           " bytes in " + level.name + ", which has " + std::to_string(level.bytes.value_or(0));
}

} // namespace widthwise::cost
