#pragma once
// A few of many points so that they cover all of them evenly.

#include "core/explore/pareto.h"

#include <span>
#include <vector>

namespace widthwise::explore {

/// Positions of up to `count` of `points`, each the farthest (Euclidean) from `taken` and from those before
/// it (Gonzalez 1985); the first one's position where nothing is taken. Points that coincide with one taken
/// are left out.
[[nodiscard]] std::vector<size_t> spread(std::span<const Point> points, std::span<const Point> taken,
                                         size_t count);

} // namespace widthwise::explore
