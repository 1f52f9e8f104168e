#pragma once
// What runs as one: a weighted layer with the BatchNormalization and the activation that follow it.

#include "core/graph/graph.h"

#include <optional>
#include <vector>

namespace widthwise {

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

/// A unit's conv, conv_transpose or gemm as one linear layer: y = after[o] * (sum w x) + bias[o].
///
/// `fold_batch_norm`: the BatchNormalization that follows is folded in, w' = w g / sqrt(v + e), b' = (b - m)
/// g / sqrt(v + e) + beta (Ioffe and Szegedy 2015), and `after` is empty (1). Otherwise w stays as it is and
/// `after` is g / sqrt(v + e) (empty without BatchNormalization).
///
/// Weights O x (I/group) x KH x KW or O x I; those of a conv_transpose become those of the convolution that
/// it equals over its spread-out input: channels exchanged within each group, kernels turned by 180 degrees.
/// Bias always present [O].
struct FoldedWeights {
    std::vector<float> weights;
    std::vector<float> bias;
    std::vector<float> after;
};
[[nodiscard]] FoldedWeights folded_weights(const Graph& graph, const Unit& unit, bool fold_batch_norm = true);

/// Output channels of a conv, conv_transpose or gemm.
[[nodiscard]] int64_t output_channels(const Graph& graph, const Node& node);

} // namespace widthwise
