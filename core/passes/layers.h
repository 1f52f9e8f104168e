#pragma once
// The layers that passes work on: each conv and gemm with BatchNormalization folded in, as values that passes
// change. Transposed convolutions and layers with computed weights stay as they are.

#include "core/design/precision_plan.h"
#include "core/graph/folding.h"
#include "core/graph/graph.h"

#include <optional>
#include <string>
#include <vector>

namespace widthwise::passes {

/// Mean and variance of a value over images and positions, [C].
struct ChannelMoments {
    std::vector<double> mean, variance;
};

struct Layer {
    std::string name;
    NodeId node;
    ValueId input;
    ValueId sums; ///< what its weights and bias make, before the activation
    NodeId clip;  ///< the Clip that alone reads `sums`; invalid: none
    Clamp clamp;  ///< of the ReLU or Clip that alone reads `sums`
    bool convolution = false;
    size_t out = 0, in_each = 0, taps = 1, groups = 1; ///< weights: out x in_each x taps
    std::vector<float> weights, bias;
    /// What BatchNormalization says of `sums`: mean beta, variance gamma^2; nullopt: none was there.
    std::optional<ChannelMoments> normal;
    std::optional<float> clip_hi; ///< the Clip's bound, moved

    [[nodiscard]] size_t in() const { return in_each * groups; }
    [[nodiscard]] size_t out_each() const { return out / groups; }
    [[nodiscard]] size_t row() const { return in_each * taps; } ///< weights of one output channel
    /// Input channel of weight `i`.
    [[nodiscard]] size_t input_channel(size_t i) const {
        return i / row() / out_each() * in_each + i % row() / taps;
    }
};

/// In topological order. The graph's shapes are known and it has no unsupported node.
[[nodiscard]] std::vector<Layer> layers_of(const Graph& graph);

/// The plan with every layer's values as they stand.
[[nodiscard]] PrecisionPlan with_layers(PrecisionPlan plan, const std::vector<Layer>& layers);

} // namespace widthwise::passes
