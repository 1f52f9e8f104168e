#pragma once
// Weights that share few values: each layer's become those of a codebook.

#include "core/passes/compression.h"

namespace widthwise::passes {

/// k-means on the weights of each of `layers` (kmeans_levels): at most 2^bits values, 0 kept as one of them
/// where the layer holds zeros, so that pruned weights stay pruned. `weight_formats` names the codebooks; a
/// tensor that several layers read is shared once. Errors: cancelled; invalid_input for weights that are not
/// finite.
[[nodiscard]] Result<Compressed> share_weights(const GraphPtr& graph, const ShareWeights& method,
                                               const std::vector<NodeId>& layers, const WorkControl& control);

} // namespace widthwise::passes
