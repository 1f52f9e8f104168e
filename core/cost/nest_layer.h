#pragma once
// A matrix layer on an array whose processing elements have scratchpads, or that reuses nothing: mapped by
// search or as given.

#include "core/cost/chip.h"
#include "core/cost/machine.h"

namespace widthwise::cost {

/// Whether layers are mapped as loop nests: some level stands in the processing elements, or the dataflow is
/// rs or nlr. Else the closed forms of systolic.h hold.
[[nodiscard]] bool maps_nests(const HardwareTarget& target);

/// `given`: this mapping as it is. Errors: as Machine::matrix().
[[nodiscard]] Result<MatrixResult> nest_layer(const HardwareTarget& target, const Chip& chip,
                                              const MatrixProblem& problem, const Mapping* given);

} // namespace widthwise::cost
