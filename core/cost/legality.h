#pragma once
// What a target's multipliers can be fed with, and what a layer's formats become where they cannot.

#include "core/cost/problem.h"
#include "core/design/hardware_target.h"
#include "core/design/precision_plan.h"

#include <string>

namespace widthwise::cost {

/// A number format as a multiplier reads it.
[[nodiscard]] OperandFormat operand_format(const NumberFormat& format);

struct RunFormats {
    Operands operands;    ///< as the target runs the layer
    std::string fallback; ///< why they differ from the design's; empty: they do not
};

/// `weights`: of the right operand (a product of two activations: its activations' format). Errors:
/// invalid_input when no unit of the target can take the formats, saying which it has; `where` is left to the
/// caller.
[[nodiscard]] Result<RunFormats> run_formats(const HardwareTarget& target, const NumberFormat& weights,
                                             const NumberFormat& activations);

} // namespace widthwise::cost
