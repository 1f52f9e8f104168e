#pragma once
// The best mapping of a layer under a dataflow, by search.

#include "core/cost/map_space.h"
#include "core/cost/nest_counts.h"
#include "core/cost/nest_pricing.h"

namespace widthwise::cost {

struct FoundMapping {
    Tiling tiling;
    NestCounts counts;
    LayerFigures figures;
    double examined = 0; ///< complete mappings priced
    double gap = 0;      ///< MappedNest::gap
};

/// Weighs every mapping of the space whose factors leave no smaller factor with the same rest (f = ceil(n /
/// ceil(n / f))), but for those that a lower bound or a capacity rules out: depth first over the dimensions,
/// large inner tiles first. Where there are more than 4e8, factor lists are thinned by the layer's shape
/// alone, and `gap` states how far the result may be from the best: against the time of fully used units and
/// the energy of compulsory traffic. So what a smaller resource allows is always among what a larger one
/// does. Errors: invalid_input when not even the smallest tiles fit, naming the level and what it needs.
[[nodiscard]] Result<FoundMapping> best_mapping(const HardwareTarget& target, const NestShape& shape,
                                                const NestPricing& pricing, Dataflow dataflow,
                                                Objective objective);

} // namespace widthwise::cost
