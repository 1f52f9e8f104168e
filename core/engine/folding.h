#pragma once
// What runs as one: a weighted layer with the BatchNormalization and the activation that follow it.

#include "core/graph/graph.h"

#include <optional>
#include <vector>

namespace widthwise::engine {

/// Closed interval that a fused ReLU or Clip cuts to, in real units.
struct Clamp {
    float lo = -std::numeric_limits<float>::infinity();
    float hi = std::numeric_limits<float>::infinity();
    bool operator==(const Clamp&) const = default;
};

/// One lowered unit: `node`, then whatever was fused into it. Fused nodes are read by nobody else.
struct Unit {
    NodeId node;
    NodeId batch_norm; ///< invalid: none
    Clamp clamp;
    ValueId output; ///< of the last fused node
};

/// Covers every node of the graph once, in topological order of the unit's first node.
[[nodiscard]] std::vector<Unit> fuse(const Graph& graph);

/// Weights and bias of a unit's conv or gemm with its BatchNormalization folded in: w' = w g / sqrt(v + e),
/// b' = (b - m) g / sqrt(v + e) + beta (Ioffe and Szegedy 2015). Layouts as in the graph; bias always present
/// [O].
struct FoldedWeights {
    std::vector<float> weights;
    std::vector<float> bias;
};
[[nodiscard]] FoldedWeights folded_weights(const Graph& graph, const Unit& unit);

} // namespace widthwise::engine
