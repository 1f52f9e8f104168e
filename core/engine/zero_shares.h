#pragma once
// How many zeros a network that runs multiplies and moves.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/design/precision_plan.h"
#include "core/graph/graph.h"

#include <string>
#include <vector>

namespace widthwise::engine {

/// Shares 0..1 of one weighted layer's numbers that are exactly zero, each as its format has it.
struct LayerZeros {
    std::string layer;
    double weights = 0;
    double inputs = 0;  ///< as the layer's multipliers read them, padding apart
    double outputs = 0; ///< behind the fused BatchNormalization and activation, as stored for the next layer
};

/// Of all weighted layers, in topological order, over the first `samples` images (at most all): the network
/// runs once, every integer is looked at. Null `data`: weights alone. `resolved` has every scale that is
/// needed (without data: of the weights). The result does not depend on the thread count. Errors: as
/// engine::predict.
[[nodiscard]] Result<std::vector<LayerZeros>> zero_shares(const GraphPtr& graph,
                                                          const PrecisionPlan& resolved, const Dataset* data,
                                                          int64_t samples, const WorkControl& control);

} // namespace widthwise::engine
