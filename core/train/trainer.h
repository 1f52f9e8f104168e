#pragma once
// Training of networks on oneDNN forward and backward primitives: float, or with fake quantization.
// Deterministic for a seed, whatever the thread count.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/graph/graph.h"
#include "core/train/options.h"

#include <functional>
#include <vector>

namespace widthwise::train {

struct Epoch {
    double loss = 0;            ///< mean loss over the epoch's images, nats
    double train_top1 = 0;      ///< 0..1, over the epoch's images as augmented, while the weights change
    double validation_top1 = 0; ///< 0..1, by the running statistics, quantized with QAT; 0 without validation
    double learning_rate = 0;   ///< of the epoch's last step
    double seconds = 0;         ///< validation included
    bool operator==(const Epoch&) const = default;
};

/// After each optimizer step.
struct StepReport {
    int64_t step = 0;  ///< done so far, over the whole run
    int64_t steps = 0; ///< of the whole run, unless it stops early
    int64_t steps_per_epoch = 0;
    double loss = 0; ///< mean over the step's batch, nats
    double top1 = 0; ///< 0..1, of the step's batch
    double learning_rate = 0;
    double images_per_second = 0; ///< over the last seconds, of this process
};

/// All are called on the thread that called train(), one at a time, between steps.
struct Observer {
    /// May block: a paused run waits in here.
    std::function<void(const StepReport&)> on_step;
    std::function<void(const Epoch&)> on_epoch;
};

struct Outcome {
    /// The same nodes with trained weights and running statistics; with BatchNormMode::fold without the
    /// folded BatchNormalizations. Weights are the float ones that `plan` quantizes.
    GraphPtr graph;
    PrecisionPlan plan; ///< QAT: resolved, with the learned scales: the integer engine runs it as it is
    std::vector<Epoch> epochs;
    int best_epoch = -1; ///< whose weights these are; -1: the last step's
    bool stopped_early = false;
};

/// Supported: conv and conv_transpose (grouped, depthwise), gemm, batch_norm, lrn, relu, leaky_relu, clip,
/// sigmoid, tanh, gelu (both), silu, hard_swish, hard_sigmoid, elu, add, sub and mul (two activations, or one
/// and a constant, of one shape or broadcast), div by a constant, max/average/global average pools, means
/// over height and width, reshape, transpose, slice, pad, depth_to_space, space_to_depth, identity, quantize,
/// concat; a final softmax is ignored for the loss. See trainability.cpp for what each asks for. The last
/// batch of an epoch is filled up with the epoch's first images. Progress counts training images.
///
/// Errors: those of validate(); unsupported naming the node; invalid_input where data do not fit, or naming
/// what differs from the checkpoint; failed where the loss diverges, naming the layer whose numbers first
/// were not finite and the step (the last good checkpoint stays); io of the checkpoint; cancelled (a
/// checkpoint of the last whole step is written first).
[[nodiscard]] Result<Outcome> train(GraphPtr graph, const Dataset& training, const Dataset* validation,
                                    const Options& options, const WorkControl& control,
                                    const Observer& observer = {});

} // namespace widthwise::train
