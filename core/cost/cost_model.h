#pragma once
// The analytical hardware model: graph + precision plan + target -> energy, latency, area. Pure, exact per
// call, microseconds.

#include "core/cost/network_problem.h"
#include "core/design/cost_breakdown.h"
#include "core/design/precision_plan.h"
#include "core/graph/graph.h"

namespace widthwise::cost {

/// Errors: invalid_input when the graph has a weighted layer of unknown shape, or a width exceeds what a
/// `fixed` target's MACs can take (float32 layers on an integer target are costed as 32-bit operands and say
/// so in `mapping`).
[[nodiscard]] Result<CostBreakdown> estimate(const Graph& graph, const PrecisionPlan& plan,
                                             const HardwareTarget& target, const Options& options = {});

/// The embedded presets' names and documents (resources/targets).
[[nodiscard]] std::vector<std::string> preset_names();
/// A preset's name or a JSON file. Errors: invalid_input with near preset names.
[[nodiscard]] Result<HardwareTarget> load_target(const std::string& name_or_path);

} // namespace widthwise::cost
