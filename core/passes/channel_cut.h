#pragma once
// A network without some of its channels.

#include "core/passes/channel_labels.h"

#include <vector>

namespace widthwise::passes {

/// Indices along the axis that stay; all where the value has no axis.
[[nodiscard]] std::vector<int64_t> kept_indices(const ChannelAxis& axis, const ChannelSets& sets,
                                                const std::vector<bool>& removed);

/// Every activation loses the elements of the channels in `removed` (by root), and every constant that meets
/// them its part. Whole sets only, none of them pinned, at least one channel of each value left. Names stay.
[[nodiscard]] Result<GraphPtr> without_channels(const Graph& graph, const ChannelLabels& labels,
                                                const std::vector<bool>& removed);

} // namespace widthwise::passes
