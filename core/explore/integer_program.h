#pragma once
// Widths by integer programming on an additive model of noise and costs (Dong et al. 2020, HAWQ-V2; Yao et
// al. 2021, HAWQ-V3): the whole front of (noise, costs), exactly.

#include "core/explore/algorithm.h"

namespace widthwise::explore {

/// Asks for designs evenly spread along the front of the additive model, cheapest first. The problem has
/// noise.
[[nodiscard]] std::unique_ptr<Algorithm> make_integer_program(Problem problem);

} // namespace widthwise::explore
