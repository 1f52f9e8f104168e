#pragma once
// Given scales must be as many as the layer has tensors, channels or groups.

#include "core/design/key_path.h"
#include "core/design/precision_plan.h"

namespace widthwise {

/// invalid_input naming the key and both counts: given scales of weights fit the layer's output channels or
/// groups, those of activations its inputs, channels or groups of channels.
[[nodiscard]] Result<void> check_scale_counts(const Graph& graph, NodeId layer,
                                              const LayerPrecision& precision, const KeyPath& at);

} // namespace widthwise
