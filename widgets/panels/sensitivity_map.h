#pragma once
// Sensitivities as the heat map's plain values: what each metric says of a cell, and how hot that is.

#include "core/design/precision_plan.h"
#include "core/design/sensitivity.h"
#include "core/graph/graph.h"
#include "widgets/charts/heat_map.h"
#include "widgets/document/plan_edit.h"
#include "widgets/precision/layer_heat.h"

namespace widthwise::gui {

enum class SensitivityMetric { accuracy, loss, kl, sqnr, hessian };
/// "Accuracy lost", for the choice.
[[nodiscard]] QString metric_name(SensitivityMetric metric);
/// nullopt: not measured (no labels, no classes, no traces). Points of top-1, nat or dB; SQNR falls with
/// harm, all others rise.
[[nodiscard]] std::optional<double> metric_value(const SensitivityEntry& entry, const Sensitivity& all,
                                                 SensitivityMetric metric);
[[nodiscard]] bool has_metric(const Sensitivity& sensitivity, SensitivityMetric metric);

/// What a column stands for.
struct SensitivityColumn {
    LayerOperand operand = LayerOperand::weights;
    int bits = 8;
};
struct SensitivityMap {
    HeatMapContent content;
    std::vector<SensitivityColumn> columns;
};
/// The cells of `plan`'s widths are marked as current.
[[nodiscard]] SensitivityMap sensitivity_map(const Sensitivity& sensitivity, SensitivityMetric metric,
                                             const Graph& graph, const PrecisionPlan& plan);
[[nodiscard]] LayerHeat layer_heat(const SensitivityMap& map);

} // namespace widthwise::gui
