#pragma once
// How much room the activations of a network take, at batch 1.

#include "core/graph/graph.h"

namespace widthwise {

struct ActivationMemory {
    int64_t total = 0; ///< elements of all tensors that are kept, the input included
    int64_t peak = 0;  ///< most elements alive at once, nodes running in the graph's order
};

/// What the node writes may take the place of its first input: one number after the other
/// (BatchNormalization, activation functions), or the same numbers under another shape.
[[nodiscard]] bool runs_in_place(Op op);

/// A node needs its inputs, its output and whatever later nodes still read at the same time. An output that
/// replaces an input which nothing else reads takes no room of its own. Constants and values of unknown shape
/// count nothing.
[[nodiscard]] ActivationMemory activation_memory(const Graph& graph);

} // namespace widthwise
