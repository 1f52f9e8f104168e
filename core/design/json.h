#pragma once
// Evaluations and cost breakdowns as the JSON documents of the command line's contract; also how the project
// file keeps them. Reading back gives an equal value.

#include "core/design/cost_breakdown.h"
#include "core/design/evaluation.h"
#include "core/design/sensitivity.h"

#include <string>
#include <string_view>

namespace widthwise {

/// The keys of `evaluate --json`, plus "design", "resolved_design" and "provenance". Without labels or
/// classes those of accuracy are null and "output_agreement" is not. Infinite decibels are null. Documents of
/// earlier versions lack "passes", "output_agreement" and "observed_accumulator_bits" and are read all the
/// same.
[[nodiscard]] std::string evaluation_to_json(const Evaluation& evaluation);
[[nodiscard]] Result<Evaluation> evaluation_from_json(std::string_view text, const Graph& graph,
                                                      const std::string& where);

/// The document of `sensitivity --json`; "kl", "loss" and "hessian" are in nats, infinite decibels are null.
/// Documents of earlier versions lack loss and Hessian and are read all the same. Errors: invalid_input.
[[nodiscard]] std::string sensitivity_to_json(const Sensitivity& sensitivity);
[[nodiscard]] Result<Sensitivity> sensitivity_from_json(std::string_view text, const std::string& where);

/// {"samples", "layers": [...]}: fidelity (overall and per channel), shares clipped, levels, accumulator bits
/// and histograms {"lo", "bin_width", "counts"} before, after and of the error, of weights, input and output.
[[nodiscard]] std::string layer_reports_to_json(const std::vector<LayerReport>& reports, int64_t samples);

/// {"formats": [...]}: what facts() says of each format, at its own scale or 1; "levels" is null above 2^32.
[[nodiscard]] std::string formats_to_json(const std::vector<NumberFormat>& formats);

enum class CostDetail {
    all,
    without_nests, ///< no loop nests, which take most of the room and follow from design and target
};
/// The keys of `cost --json`. What does not apply is null. Documents of earlier versions lack the later keys
/// and are read all the same.
[[nodiscard]] std::string cost_to_json(const CostBreakdown& cost, CostDetail detail = CostDetail::all);
[[nodiscard]] Result<CostBreakdown> cost_from_json(std::string_view text, const std::string& where);

} // namespace widthwise
