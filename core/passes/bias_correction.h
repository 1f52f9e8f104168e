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

/// b += E[sums of the float network] - E[sums of the quantized one], layer after layer, those before already
/// corrected. `reference` is the float network with the same layers by name. Errors: as engine::predict.
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
