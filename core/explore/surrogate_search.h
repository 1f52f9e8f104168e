#pragma once
// Surrogate-assisted evolutionary search: thousands of designs are predicted, few are run.

#include "core/explore/algorithm.h"

namespace widthwise::explore {

/// The default algorithm. The problem has noise.
[[nodiscard]] std::unique_ptr<Algorithm> make_surrogate_search(Problem problem);

} // namespace widthwise::explore
