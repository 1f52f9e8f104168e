#pragma once
// Which part of a graph is trained, and whether we can.

#include "core/graph/graph.h"

#include <vector>

namespace widthwise::train {

/// What the loss reads and the nodes that lead there.
struct TrainingScope {
    ValueId input;
    ValueId logits;            ///< 1 x classes (x 1 x 1); the input of a final softmax
    std::vector<NodeId> nodes; ///< in topological order
    int64_t classes = 0;
};

/// Errors: unsupported naming the first node that we cannot train, and why; invalid_input when the graph has
/// not one image input and one classifier output.
[[nodiscard]] Result<TrainingScope> training_scope(const Graph& graph);

} // namespace widthwise::train
