#pragma once
// What was told of designs, as the surrogate learns from it.

#include "core/explore/design_noise.h"
#include "core/explore/outcome.h"
#include "core/explore/surrogate.h"

#include <map>
#include <vector>

namespace widthwise::explore {

/// All designs that were run, however few images they were left with.
[[nodiscard]] std::vector<Measured> measured_designs(const std::map<Choices, Outcome>& known,
                                                     const DesignNoise& noise);

} // namespace widthwise::explore
