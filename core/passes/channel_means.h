#pragma once
// What BatchNormalization says of every value of the float network, without data.

#include "core/passes/layers.h"

#include <map>

namespace widthwise::passes {

/// Mean and variance per channel of the values where they can be told: layers' sums are normal with what
/// `Layer::normal` says, activations cut them (clipped_normal), additions add independent values, pooling and
/// moves keep means. `graph` carries the layers by name, without their BatchNormalizations.
[[nodiscard]] std::map<ValueId, ChannelMoments> channel_moments(const Graph& graph,
                                                                const std::vector<Layer>& layers);

} // namespace widthwise::passes
