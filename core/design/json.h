#pragma once
// Evaluations and cost breakdowns as the JSON documents of the command line's contract; also how the project
// file keeps them. Reading back gives an equal value.

#include "core/design/cost_breakdown.h"
#include "core/design/evaluation.h"

#include <string>
#include <string_view>

namespace widthwise {

/// The keys of `evaluate --json`, plus "design", "resolved_design" and "provenance".
[[nodiscard]] std::string evaluation_to_json(const Evaluation& evaluation);
[[nodiscard]] Result<Evaluation> evaluation_from_json(std::string_view text, const Graph& graph,
                                                      const std::string& where);

/// The keys of `cost --json`.
[[nodiscard]] std::string cost_to_json(const CostBreakdown& cost);
[[nodiscard]] Result<CostBreakdown> cost_from_json(std::string_view text, const std::string& where);

} // namespace widthwise
