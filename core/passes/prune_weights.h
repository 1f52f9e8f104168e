#pragma once
// Single weights become zero, by magnitude; shapes stay. Ties go in the order of layers and of weights in
// memory, so that shares are exact and results repeat.

#include "core/passes/compression.h"

namespace widthwise::passes {

/// round(share x weights) weights are zero afterwards, those included that were before: of all `layers`
/// together or of each. More where more were zero. Errors: cancelled.
[[nodiscard]] Result<Compressed> prune_weights(const GraphPtr& graph, const PruneWeights& method,
                                               const std::vector<NodeId>& layers, const WorkControl& control);

/// At most `keep` of each `of` consecutive weights along the input channels (of one group, at one kernel
/// position, for one output channel) are not zero. Errors: cancelled.
[[nodiscard]] Result<Compressed> prune_n_of_m(const GraphPtr& graph, const PruneNofM& method,
                                              const std::vector<NodeId>& layers, const WorkControl& control);

} // namespace widthwise::passes
