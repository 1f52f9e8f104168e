#pragma once
// What a training run is asked to do. Values only.

#include "core/base/result.h"
#include "core/design/precision_plan.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace widthwise::train {

/// The learning rate over the steps of a run; see learning_rate() in schedule.h.
enum class Schedule {
    one_cycle, ///< a short warm-up to the peak, then a cosine to zero: for networks that start from nothing
    cosine,    ///< from the peak to zero: for fine-tuning
    constant,  ///< a handful of steps
};

enum class OptimizerType {
    sgd, ///< with momentum (PyTorch's form: v = m v + g + wd w; w -= lr v), Nesterov's where asked for
    adam ///< Kingma and Ba 2015, weight decay decoupled (Loshchilov and Hutter 2019, AdamW)
};

/// Arithmetic of forward and backward kernels. Weights, their gradients' sums, statistics and the optimizer
/// are f32 always (Micikevicius et al. 2018).
enum class ComputeType {
    f32,
    bf16, ///< activations and kernels' operands; needs AVX-512 (fast with AVX512_BF16 or AMX); not with QAT
};

/// How the scale of a fake quantizer is found.
enum class ScaleLearning {
    fixed, ///< as calibrated
    lsq,   ///< learned step sizes (Esser et al. 2020, LSQ)
    pact   ///< activations: learned upper clip with weight decay (Choi et al. 2018, PACT)
};

/// What becomes of a BatchNormalization that follows a quantized layer.
enum class BatchNormMode {
    keep, ///< trained on with batch statistics; merged into the requantization of the integer network
    fold  ///< folded into the weights before training begins; the folded weights are quantized
};

/// Quantization-aware training: fake quantization forward, straight-through gradients backward (Jacob et al.
/// 2018; Bengio et al. 2013).
struct QatOptions {
    /// Every format that has a scale carries it: where training starts (flow::train_network resolves plans).
    /// Accumulators have 32 bits and requantization is by a float scale: training sees no other.
    /// Its folds_batch_norm() says which BatchNormMode its weights' scales were made for.
    PrecisionPlan plan;
    /// Integers, fixed point with a free position, powers of two, float8. Ternary and binary weights follow
    /// their own means (TWN; BWN, XNOR-Net) whatever stands here; codebooks learn their levels unless fixed.
    ScaleLearning weights = ScaleLearning::lsq;
    ScaleLearning activations = ScaleLearning::lsq;
};

/// What compression made of the weights and fine-tuning shall leave so.
struct Preserve {
    bool zeros = false; ///< weights that are 0 stay 0 (pruning)
    bool sharing =
        false; ///< weights of a layer that are equal stay equal and move together (Han et al. 2016)
    bool operator==(const Preserve&) const = default;
};

struct Augmentation {
    bool flip = false; ///< mirrors left and right in half of the cases
    bool crop = true;  ///< shifts by up to 4 pixels, zeros move in
    int cutout = 0;    ///< side of a zeroed square in pixels (DeVries and Taylor 2017); 0: none
    bool operator==(const Augmentation&) const = default;
};

/// Where a run's state is kept so that it survives `kill -9`.
struct CheckpointOptions {
    std::filesystem::path file; ///< empty: none is written
    /// Steps between two checkpoints; besides, one is written at every epoch's end. 0: epochs only.
    int64_t every_steps = 0;
    /// Go on from `file` where there is one, as if never interrupted: the same bits. A checkpoint of another
    /// network, data or options is refused, naming what differs.
    bool resume = false;
};

/// A batch is computed in shards of a fixed number of images (k_shard_images; one shard, where the batch is
/// smaller), each on one thread, and their gradients are added in the shards' order: that is why the result
/// does not depend on the number of threads. BatchNormalization therefore normalizes over a shard, not over
/// the batch ("ghost batches", Hoffer et al. 2017); its running statistics follow the shards in order,
/// running = 0.9 running + 0.1 shard.
struct Options {
    int epochs = 10;         ///< >= 1
    int64_t steps = 0;       ///< > 0: so many optimizer steps in place of epochs
    int64_t batch_size = 64; ///< >= 1; rounded up to whole shards
    OptimizerType optimizer = OptimizerType::sgd;
    double learning_rate = 0.1; ///< peak, > 0
    double momentum = 0.9;      ///< 0 <= momentum < 1; sgd, and Adam's beta 1
    bool nesterov = false;      ///< sgd
    double weight_decay = 5e-4; ///< >= 0; not on BatchNormalization, biases and scales (PACT's clip apart)
    Schedule schedule = Schedule::one_cycle;
    double label_smoothing = 0; ///< 0 <= e < 1: targets (1 - e) one-hot + e / classes (Szegedy et al. 2016)
    /// Share of the loss taken from the float network that training starts from (Hinton et al. 2015, with
    /// temperature 1): loss = (1 - d) cross-entropy(labels) + d cross-entropy(teacher's softmax). 0: none.
    double distillation = 0;
    /// Decay of an exponential moving average of everything that is trained, BatchNormalization's running
    /// statistics included: it is what is validated and what comes out (Polyak and Juditsky 1992; for weights
    /// that flip between levels Nagel et al. 2022, Overcoming Oscillations; from memory). After n steps at
    /// most (1 + n) / (10 + n), so that short runs average too. 0: none.
    double weight_average = 0;
    Augmentation augmentation;
    /// Share of the training images held out, by the seed, to measure on where no validation data are given.
    double validation_split = 0;
    int patience = 0;      ///< epochs without a better validation top-1 before it stops; 0: never
    bool keep_best = true; ///< the result is the epoch with the best validation top-1, not the last
    /// Images with which BatchNormalization's running statistics are measured again at the end (and before
    /// each validation of QAT), with quantized weights and activations. 0: the running averages stand.
    int64_t reestimate_images = 0;
    ComputeType compute = ComputeType::f32;
    Preserve preserve;
    std::optional<QatOptions> qat;
    uint64_t seed = 1;
    CheckpointOptions checkpoint;
};

/// usage errors naming the option that is out of range or does not go with another.
[[nodiscard]] Result<void> validate(const Options& options);

/// "one-cycle", "cosine", "constant"; "sgd", "adam"; "f32", "bf16"; "fixed", "lsq", "pact"; "keep", "fold".
[[nodiscard]] std::string_view to_string(Schedule schedule);
[[nodiscard]] std::string_view to_string(OptimizerType optimizer);
[[nodiscard]] std::string_view to_string(ComputeType compute);
[[nodiscard]] std::string_view to_string(ScaleLearning learning);
[[nodiscard]] std::string_view to_string(BatchNormMode mode);

} // namespace widthwise::train
