#pragma once

#include "core/cost/layer_cost.h"

namespace widthwise::cost {

/// A systolic layer as a loop nest: DRAM walks over groups and tiles of pixels, the level beside the array
/// over folds, one operand stays in the array while the third loop streams. The loops are the matrix
/// product's: C is the window (channels x kernel), P the pixels of the batch. Accesses as the closed forms
/// count them; a level's tile is left out, for what is kept is decided operand by operand (traffic.h).
[[nodiscard]] std::shared_ptr<const MappedNest> systolic_nest(const MatrixLayer& layer, const Chip& chip,
                                                              const MatrixProblem& problem);

} // namespace widthwise::cost
