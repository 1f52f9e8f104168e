#pragma once
// Where a network is rounded during quantization-aware training, and what is learned about the rounding.

#include "core/graph/graph.h"
#include "core/train/options.h"
#include "core/train/parameters.h"

#include <map>
#include <span>
#include <vector>

namespace widthwise::train {

/// The scales of one fake quantizer. What is trained is each scale's ratio to where it started: positive by
/// clamping, of one size for all layers, so that one learning rate serves them all.
struct TrainedScales {
    NumberFormat format; ///< resolved; its scales (or levels) are those at the start
    ScaleLearning learning = ScaleLearning::fixed;
    /// Among the trained numbers: one ratio per scale (start: 1); of codebooks the levels themselves. Empty:
    /// nothing is learned.
    Slice slots;

    /// The format with the scales that `trained` says. Formats whose scales are powers of two get the nearest
    /// one (Jain et al. 2020, TQT).
    [[nodiscard]] NumberFormat now(std::span<const float> trained) const;
};

/// An activation as some layers read it. Values of one quantization group that are read in equal formats
/// share one, as they do in the engine.
struct ActivationQuantizer : TrainedScales {
    std::vector<float> gradient_factor; ///< per scale: what scales its gradient; see fake_quantize.h
};

/// Weights of one layer: O x (anything).
struct WeightQuantizer : TrainedScales {
    NodeId node;
    Slice weights;
    int64_t out_channels = 0;
    float gradient_factor = 1;
};

/// A bias that the integer engine rounds to units of s_x s_w.
struct BiasQuantizer {
    Slice bias;
    int weights = -1;    ///< index into Quantization::weights()
    int activation = -1; ///< index into Quantization::activations()
};

/// All fake quantizers of one network under one plan.
class Quantization {
public:
    /// Nothing is rounded.
    Quantization() = default;
    /// Takes slots for what is learned from `layout`. The graph outlives it. Errors: unsupported or
    /// invalid_input naming the layer (formats without their scales, dynamic ranges of weights).
    [[nodiscard]] static Result<Quantization> create(const Graph& graph, const QatOptions& options,
                                                     ParameterLayout& layout);

    /// The quantizer through which `node` reads its input number `input`; -1: as it comes.
    [[nodiscard]] int reader(NodeId node, size_t input) const;
    [[nodiscard]] const std::vector<ActivationQuantizer>& activations() const { return m_activations; }
    [[nodiscard]] const std::vector<WeightQuantizer>& weights() const { return m_weights; }
    [[nodiscard]] const std::vector<BiasQuantizer>& biases() const { return m_biases; }
    [[nodiscard]] bool empty() const { return m_activations.empty() && m_weights.empty(); }

    /// Start values of the slots.
    void initialize(std::span<float> trained) const;
    /// The plan with the scales that `trained` says, for the integer engine.
    [[nodiscard]] PrecisionPlan plan(const Graph& graph, std::span<const float> trained) const;

private:
    PrecisionPlan m_plan;
    std::vector<ActivationQuantizer> m_activations;
    std::vector<WeightQuantizer> m_weights;
    std::vector<BiasQuantizer> m_biases;
    std::map<std::pair<int, size_t>, int> m_readers;
};

} // namespace widthwise::train
