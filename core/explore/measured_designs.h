#pragma once
// What was told of designs, as the surrogate learns from it.

#include "core/explore/design_noise.h"
#include "core/explore/goals.h"
#include "core/explore/outcome.h"
#include "core/explore/surrogate.h"

#include <map>
#include <vector>

namespace widthwise::explore {

/// Designs that were run, however few images they were left with; of more than `most` those nearest to the
/// front of the goals' objectives (by rank of domination): the surrogate's work grows with the third power.
[[nodiscard]] std::vector<Measured> measured_designs(const std::map<Choices, Outcome>& known,
                                                     const DesignNoise& noise, const Goals& goals,
                                                     size_t most = 512);

} // namespace widthwise::explore
