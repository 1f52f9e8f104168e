#pragma once

#include "core/design/cost_breakdown.h"

#include <string>

namespace widthwise::report {

/// Where the energy and the time go, the list of metrics with how each is known, and each layer's energy and
/// time by component.
[[nodiscard]] std::string cost_details(const CostBreakdown& cost);

} // namespace widthwise::report
