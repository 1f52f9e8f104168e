#pragma once
// Modelled costs as text of at most 120 columns.

#include "core/base/result.h"
#include "core/design/cost_breakdown.h"

#include <string>
#include <vector>

namespace widthwise::cli {

/// Layers, energy by component, the list of metrics and how each is known, area, what options would gain.
[[nodiscard]] std::string cost_text(const CostBreakdown& cost);

/// The loop nests of these layers; a line where a layer is mapped in closed form.
[[nodiscard]] std::string nests_text(const CostBreakdown& cost, const std::vector<std::string>& layers);

/// One design on one target; `cost` fails where the target cannot run it.
struct TargetCost {
    std::string target;
    Result<CostBreakdown> cost;
};
/// One line a target.
[[nodiscard]] std::string comparison_text(const std::vector<TargetCost>& targets);

} // namespace widthwise::cli
