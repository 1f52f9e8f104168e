#pragma once
// Element-wise, pooling, normalization and data-moving layers on an array of processing elements.

#include "core/cost/chip.h"
#include "core/cost/machine.h"

namespace widthwise::cost {

/// A vector unit as wide as the array has columns stands beside the innermost shared level; a lane does one
/// operation a cycle, or passes on one element of the result where there are fewer operations than elements
/// (concat, transpose, ...). Everything is read and written once through all shared levels that hold inputs
/// or outputs; scratchpads in the processing elements have no part in it.
[[nodiscard]] LayerFigures vector_layer(const Chip& chip, const VectorWork& work);

/// Of the operations.
[[nodiscard]] double vector_pj(const Chip& chip, const VectorWork& work);

} // namespace widthwise::cost
