#pragma once
// LayerCost::mapping, the one line that says how a layer runs on the target.

#include "core/cost/layer_cost.h"

#include <string>

namespace widthwise::cost {

/// "ws: 18 x 2 folds of 32x32, T = 1024, 16 groups in turn, 4 tiles of pixels; DRAM: input 2x, partial sums
/// spilled": row folds x column folds of rows x columns; the DRAM part only where something crosses more than
/// once.
[[nodiscard]] std::string mapping_text(const MatrixLayer& layer, const Chip& chip,
                                       const MatrixProblem& problem);

} // namespace widthwise::cost
