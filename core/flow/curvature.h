#pragma once
// Second-order estimates beside measured sensitivities; private to the evaluator's files.

#include "core/flow/session.h"
#include "core/passes/prepare.h"

namespace widthwise::flow {

/// Traces of the network that `prepared` runs, in float, with BatchNormalization folded where the plan folds
/// it: of the weights that formats are applied to. Errors: as train::hessian_traces.
[[nodiscard]] Result<train::Curvature> curvature_of(const passes::Prepared& prepared, const Dataset& data,
                                                    const train::HessianOptions& options,
                                                    const WorkControl& control);

/// Writes the traces to the layers and what they make of each width to the weights' entries
/// (SensitivityEntry::hessian_nat). Errors: as quantize_weights.
[[nodiscard]] Result<void> add_curvature(const train::Curvature& curvature, const passes::Prepared& prepared,
                                         const std::function<NumberFormat(int bits)>& weight_format,
                                         Sensitivity& sensitivity);

} // namespace widthwise::flow
