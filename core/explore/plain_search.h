#pragma once
// The two searches that learn nothing from what they are told.

#include "core/explore/algorithm.h"

namespace widthwise::explore {

/// "random": the yardstick. Designs drawn uniformly without repetition; the problem's start is not used.
[[nodiscard]] std::unique_ptr<Algorithm> make_random_search(Problem problem);

/// "exhaustive": every design once. The problem's start first, then in counting order with the last variable
/// fastest, so that neighbours have their first layers in common.
[[nodiscard]] std::unique_ptr<Algorithm> make_exhaustive_search(Problem problem);

} // namespace widthwise::explore
