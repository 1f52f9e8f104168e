#pragma once
// What keeping feature maps on the chip, depth-first execution and another order of operators would give, or
// give.

#include "core/cost/estimator.h"

namespace widthwise::cost {

/// Each option is weighed against the same estimate without it (with it, where it is not taken), all others
/// as they are; only the layers that it touches are priced again. A dataflow design on an FPGA has the order
/// alone. The estimator is left as it was. Errors: as cost::estimate's.
[[nodiscard]] Result<std::vector<OptionGain>> option_gains(Estimator& estimator, const PrecisionPlan& plan);

} // namespace widthwise::cost
