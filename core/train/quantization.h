#pragma once
// Where a network is rounded during quantization-aware training, and what is learned about the rounding.

#include "core/graph/graph.h"
#include "core/quant/quantizer.h"
#include "core/train/options.h"
#include "core/train/parameters.h"

#include <map>
#include <span>
#include <vector>

namespace widthwise::train {

/// The scales of one fake quantizer. What is trained is each scale's ratio to where it started: of one size
/// for all layers, so that one learning rate serves them all.
struct TrainedScales {
    NumberFormat format; ///< resolved; its scales (or levels) are those at the start
    ScaleLearning learning = ScaleLearning::fixed;
    /// Among the trained numbers: one ratio per scale (start: 1); of codebooks the levels themselves. Empty:
    /// nothing is learned.
    Slice learned;
    /// Per scale: d loss / d scale times this is what the optimizer sees as d loss / d ratio. LSQ: 1 / (s_0
    /// sqrt(N q_max)) (Esser et al. 2020, section 2.2: gradients scaled by g = 1 / sqrt(N q_max), N the
    /// elements that share the scale in one image; by s_0 twice, since ratio = s / s_0 moves as s does).
    /// PACT: 1 / (s_0 q_max^2), so that the clip s q_max moves by its own gradient. Codebooks, per level: 1 /
    /// sqrt(N / levels).
    std::vector<float> gradient_factor;

    /// The format with the scales that `trained` says. Formats whose scales are powers of two get the nearest
    /// one (Jain et al. 2020, TQT).
    [[nodiscard]] NumberFormat now(std::span<const float> trained) const;
};

/// An activation as some layers read it. Values of one quantization group that are read in equal formats
/// share one, as they do in the engine.
using ActivationQuantizer = TrainedScales;

/// Weights of one layer: O x (anything).
struct WeightQuantizer : TrainedScales {
    NodeId node;
    Slice weights;
    int64_t out_channels = 0;
    /// Ternary and binary: the scale is that of the present weights.
    bool follows_weights = false;

    /// The format as `trained` has it, means of the weights included.
    [[nodiscard]] NumberFormat present_format(std::span<const float> trained) const;
    /// Errors: weights that are not finite.
    [[nodiscard]] Result<QuantizedWeights> quantize(std::span<const float> trained) const;
};

/// A bias that the integer engine rounds to units of s_x s_w.
struct BiasQuantizer {
    Slice bias;
    size_t weights = 0;    ///< index into Quantization::weights()
    size_t activation = 0; ///< index into Quantization::activations()
};

/// All fake quantizers of one network under one plan.
class Quantization {
public:
    /// Nothing is rounded.
    Quantization() = default;
    /// Takes slots for what is learned from `layout`. Errors naming the layer: invalid_input for formats
    /// without their scales; unsupported for transposed convolutions and weights that two layers share.
    [[nodiscard]] static Result<Quantization> create(const Graph& graph, const QatOptions& options,
                                                     ParameterLayout& layout);

    /// The quantizer through which `node` reads its input number `input`; -1: as it comes.
    [[nodiscard]] int reader(NodeId node, size_t input) const;
    [[nodiscard]] const std::vector<ActivationQuantizer>& activations() const { return m_activations; }
    [[nodiscard]] const std::vector<WeightQuantizer>& weights() const { return m_weights; }
    [[nodiscard]] const std::vector<BiasQuantizer>& biases() const { return m_biases; }
    [[nodiscard]] bool empty() const { return m_activations.empty() && m_weights.empty(); }

    /// Start values of what is learned.
    void initialize(std::span<float> trained) const;
    /// The plan with the scales that `trained` says, for the integer engine.
    [[nodiscard]] PrecisionPlan plan(const Graph& graph, std::span<const float> trained) const;

private:
    class Builder;
    PrecisionPlan m_plan;
    std::vector<ActivationQuantizer> m_activations;
    std::vector<WeightQuantizer> m_weights;
    std::vector<BiasQuantizer> m_biases;
    std::map<std::pair<size_t, size_t>, int> m_readers; ///< by node and input
};

} // namespace widthwise::train
