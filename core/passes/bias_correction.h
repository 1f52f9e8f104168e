#pragma once
// Corrections of what quantization moves in a layer's sums: their mean (Nagel et al. 2019, section 4.2) and,
// where BatchNormalization set it, their deviation.

#include "core/passes/equalization.h"
#include "core/passes/layer_capture.h"

namespace widthwise::passes {

/// The network as it stands, for a pass that needs its formats: `graph` carries the values of `layers`,
/// `resolved` every scale.
struct Resolved {
    GraphPtr graph;
    PrecisionPlan resolved;
};

/// b -= (W_q - W) E[x] (equation 17), E[x] of the float network from BatchNormalization: normal sums, cut by
/// the activation (appendix C), carried on through pooling, additions and concatenations. Layers whose input
/// has no known mean are left alone; zero padding is not accounted for, as in the paper. Errors: as
/// quantize_weights.
[[nodiscard]] Result<PassResult> correct_bias_analytic(const Resolved& at, std::vector<Layer>& layers);

/// What to add to a channel's quantized sums so that their mean after the activation is that of the float
/// ones: the mean difference where nothing cuts, else found by bisection. Spans of equal length, not empty.
[[nodiscard]] double bias_shift(std::span<const float> wanted, std::span<const float> quantized,
                                const Clamp& clamp);

/// b += bias_shift, layer after layer, those before already corrected: the empirical correction (section
/// 4.2.1, appendix D). The paper compares means before the activation; there, errors of sums that a ReLU cuts
/// anyway would move those that it does not, which costs accuracy at 3 bits and after AdaRound, which leaves
/// such errors alone. Taken at up to 65,536 outputs of each layer. `reference` is the float network with the
/// same layers by name. Errors: as engine::predict.
[[nodiscard]] Result<PassResult> correct_bias(const Graph& reference, const Resolved& at,
                                              std::vector<Layer>& layers, const Images& images,
                                              const WorkControl& control);

/// BatchNormalization measured again with quantized weights, layer after layer: mean and deviation of the
/// sums are set to those of the float network on the same images, so that how these images differ from the
/// training data does not count. The deviation's factor goes into the scales of weights that have one per
/// output channel (integers stay what they are); elsewhere only the mean is set. Layers that had no
/// BatchNormalization are left alone. Changes `at.resolved`.
[[nodiscard]] Result<PassResult> reestimate_batch_norm(const Graph& reference, Resolved& at,
                                                       std::vector<Layer>& layers, const Images& images,
                                                       const WorkControl& control);

} // namespace widthwise::passes
