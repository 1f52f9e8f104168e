#pragma once
// Whole output channels leave the network: the result is a smaller dense one.

#include "core/passes/compression.h"

namespace widthwise::passes {

/// Channels that only go together (channel_labels.h) form a set; sets that the same layers make form one
/// group, and of each group floor(share x sets that can go) leave, those with the least sum of their filters'
/// L1 norms first (Li et al. 2017, "Pruning filters for efficient ConvNets", section 3.1), as long as every
/// activation keeps a channel. A group takes part where `layers` names any of the layers that make it. Shapes
/// are known and no node is unsupported. Errors: cancelled.
[[nodiscard]] Result<Compressed> prune_channels(const GraphPtr& graph, const PruneChannels& method,
                                                const std::vector<NodeId>& layers,
                                                const WorkControl& control);

} // namespace widthwise::passes
