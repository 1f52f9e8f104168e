#pragma once
// Where the designs of the additive front are expected to lie in the plane that people look at.

#include "core/explore/additive_front.h"
#include "core/explore/pareto.h"
#include "core/explore/surrogate.h"

#include <span>
#include <vector>

namespace widthwise::explore {

/// The largest drop that is worth anything: the accuracy goal, or 0.2 (the hypervolume's reference).
[[nodiscard]] double useful_drop(const Goals& goals);

/// Predicted drop over the useful one, then each cost objective over its range: what spread() measures.
[[nodiscard]] std::vector<Point> places(std::span<const AdditiveDesign> front, const DesignNoise& noise,
                                        const Surrogate& surrogate, const Goals& goals);

} // namespace widthwise::explore
