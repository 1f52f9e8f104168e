#pragma once
// What keeping feature maps on the chip, depth-first execution and another order of operators would give, or
// give.

#include "core/cost/cost_model.h"

namespace widthwise::cost {

/// `taken`: the estimate with `options`. Each option is weighed against the same estimate without it (with
/// it, where it is not taken), all others as they are. A dataflow design on an FPGA has the order alone.
/// Errors: as cost::estimate's.
[[nodiscard]] Result<std::vector<OptionGain>> option_gains(const Graph& graph, const PrecisionPlan& plan,
                                                           const HardwareTarget& target,
                                                           const Options& options,
                                                           const CostBreakdown& taken);

} // namespace widthwise::cost
