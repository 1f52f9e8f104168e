#pragma once
// Training of float networks on oneDNN forward and backward primitives. Deterministic for a seed, whatever
// the thread count.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/graph/graph.h"

#include <functional>
#include <vector>

namespace widthwise::train {

/// The learning rate over the steps of a run; see learning_rate() in sgd.h.
enum class Schedule {
    one_cycle, ///< a short warm-up to the peak, then a cosine to zero: for networks that start from nothing
    cosine,    ///< from the peak to zero: for fine-tuning
};

/// SGD with momentum (PyTorch's form: v = m v + g + wd w; w -= lr v), softmax cross-entropy, random crop (pad
/// 4) and horizontal flip where the data allow it.
///
/// A batch is computed in shards of 16 images (one shard, where the batch is smaller), each on one thread,
/// and their gradients are added in the shards' order: that is why the result does not depend on the number
/// of threads. BatchNormalization therefore normalizes over a shard, not over the batch ("ghost batches",
/// Hoffer et al. 2017); its running statistics follow the shards in order, running = 0.9 running + 0.1 shard.
struct Options {
    int epochs = 10;            ///< >= 1
    int64_t batch_size = 64;    ///< >= 1; above 16 rounded up to a multiple of 16
    double learning_rate = 0.1; ///< peak, > 0
    double momentum = 0.9;      ///< 0 <= momentum < 1
    double weight_decay = 5e-4; ///< >= 0; not on BatchNormalization and biases
    Schedule schedule = Schedule::one_cycle;
    bool augment_flip = false;
    bool augment_crop = true;
    uint64_t seed = 1;
};

struct Epoch {
    double loss = 0;            ///< mean cross-entropy over the epoch's images, nats
    double train_top1 = 0;      ///< 0..1, over the epoch's images as augmented, while the weights change
    double validation_top1 = 0; ///< 0..1, by the running statistics; 0 without validation data
    double seconds = 0;         ///< validation included
};

struct Outcome {
    GraphPtr graph; ///< the same nodes with trained weights and running statistics
    std::vector<Epoch> epochs;
};

/// Supported: conv (grouped, depthwise), gemm, batch_norm, relu, clip, add (two activations of one shape),
/// max/average/global average pools, reshape, transpose, identity, concat; a final softmax is ignored for the
/// loss. The last batch of an epoch is filled up with the epoch's first images. Progress counts training
/// images. Errors: usage for options out of range; unsupported naming the node; invalid_input where data do
/// not fit; failed when the loss diverges (not finite); cancelled.
[[nodiscard]] Result<Outcome> train(GraphPtr graph, const Dataset& training, const Dataset* validation,
                                    const Options& options, const WorkControl& control,
                                    const std::function<void(const Epoch&)>& on_epoch = {});

} // namespace widthwise::train
