#pragma once
// Training of float networks on oneDNN forward and backward primitives. Deterministic for a seed, whatever the thread count.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/graph/graph.h"

#include <functional>
#include <vector>

namespace widthwise::train {

/// SGD with momentum (PyTorch's form: v = m v + g + wd w; w -= lr v) under a one-cycle or cosine schedule, softmax
/// cross-entropy, random crop (pad 4) and horizontal flip where the data allow it.
struct Options {
    int epochs = 10;
    int64_t batch_size = 64;
    double learning_rate = 0.1; ///< peak
    double momentum = 0.9;
    double weight_decay = 5e-4; ///< not on BatchNormalization and biases
    bool augment_flip = false;
    bool augment_crop = true;
    uint64_t seed = 1;
};

struct Epoch {
    double loss = 0; ///< mean cross-entropy over the epoch's images
    double train_top1 = 0;
    double validation_top1 = 0;
    double seconds = 0;
};

struct Outcome {
    GraphPtr graph; ///< the same nodes with trained weights and running statistics
    std::vector<Epoch> epochs;
};

/// Supported: conv (grouped, depthwise), gemm, batch_norm, relu, clip, add, max/average/global pools, reshape to a vector,
/// concat; a final softmax is ignored for the loss. Errors: unsupported naming the node; invalid_input where data do not fit;
/// failed when the loss diverges (not finite); cancelled.
[[nodiscard]] Result<Outcome> train(GraphPtr graph, const Dataset& training, const Dataset* validation,
                                    const Options& options, const WorkControl& control,
                                    const std::function<void(const Epoch&)>& on_epoch = {});

} // namespace widthwise::train
