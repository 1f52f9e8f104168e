#pragma once
// Widths by integer programming on an additive model of noise and costs (Dong et al. 2020, HAWQ-V2; Yao et
// al. 2021, HAWQ-V3): the whole front of (noise, costs), exactly.

#include "core/explore/algorithm.h"

namespace widthwise::explore {

/// Asks for the problem's start, then for designs evenly spread along the front of the additive model
/// (additive_front.h: what is exact there and what is not), the widest gaps first: gaps in cost and in drop,
/// which the surrogate predicts from what was told so far. Drops of more than half beyond what is useful (the
/// accuracy goal, 0.2) come last, the least of them first: they hardly promise anything. It is content when
/// the front is used up. The problem has noise.
[[nodiscard]] std::unique_ptr<Algorithm> make_integer_program(Problem problem);

} // namespace widthwise::explore
