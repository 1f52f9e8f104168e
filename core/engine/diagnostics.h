#pragma once
// What quantization does to each layer, in one pass over some images: the float network and the quantized one
// run side by side.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/design/evaluation.h"
#include "core/graph/graph.h"

#include <vector>

namespace widthwise::engine {

/// Of all layers that take a precision, in topological order, over the first `samples` images (at most all).
///
/// `graph` is the network that runs, with what passes left, `resolved` its plan with every scale. `reference`
/// is the network whose float run is compared with: the same layer names; a layer that it lacks, or has in
/// another shape, keeps empty statistics of its activations and is compared with its own weights.
///  output   the layer with its fused BatchNormalization and activation, as it leaves it: rounded where its
///           readers agree on a format; channels for values of rank 2 and 4 (axis 1)
///  input    all activations that the layer reads, as its multipliers read them
///  weights  folded with the BatchNormalization that follows, as the plan says
/// Errors of quantization carried over from earlier layers are part of inputs and outputs. Accumulators are
/// observed in layers that run on integers (bias left out, before they wrap or saturate at 32 bits).
///
/// Memory: the activations of one micro-batch and the histograms, whatever the number of images. The result
/// does not depend on the thread count. Errors: as engine::predict.
[[nodiscard]] Result<std::vector<LayerReport>> layer_reports(const GraphPtr& graph, const GraphPtr& reference,
                                                             const PrecisionPlan& resolved,
                                                             const Dataset& data, int64_t samples,
                                                             const WorkControl& control);

/// Of one tensor of weights, O x (anything): what the format makes of them. `before` are the float weights to
/// compare with, as many.
[[nodiscard]] Result<void> report_weights(std::span<const float> before, std::span<const float> weights,
                                          int64_t out_channels, const NumberFormat& format,
                                          LayerReport& report);

} // namespace widthwise::engine
