#pragma once
// Integer programming on the additive model: for each bound on the cost the design with the least predicted
// noise, exactly (HAWQ-V3, Yao et al. 2021, section 3.4: one choice per layer, additive costs and losses).

#include "core/explore/algorithm.h"

namespace widthwise::explore {

/// "ilp". Needs the problem's noise table; make_algorithm() checks it.
[[nodiscard]] std::unique_ptr<Algorithm> make_integer_program(Problem problem);

} // namespace widthwise::explore
