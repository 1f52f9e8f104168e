#pragma once
// A design follows its network through compression.

#include "core/passes/compression.h"

namespace widthwise::passes {

/// The plan for what compress() made of `before`. Precision stays layer by layer; what it gives of scales
/// stays where it still holds:
///  - given scales of weights are cut along with channels, and open again for layers that became two;
///  - those of activations by channel or group are open again where channels went, as are those of what a
///    first factor makes;
///  - codebooks are open again where the weights are no longer those that they were made for;
///  - formats that store what the method made are set, and, where BatchNormalization would be folded into
///    such weights, nothing is folded any more (and scales of folded weights are open again);
///  - layers that are gone are no longer named, layers that are new copy the precision that they derive from.
/// `plan` carries no values (LayerValues).
[[nodiscard]] PrecisionPlan fitted_plan(const Graph& before, const PrecisionPlan& plan,
                                        const Compressed& compressed);

} // namespace widthwise::passes
