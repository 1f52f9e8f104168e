#include "core/train/options.h"

#include <algorithm>
#include <cmath>

namespace widthwise::train {
namespace {
constexpr int64_t k_most_steps = 1'000'000'000; // of 65536 images each they still can be counted

/// Narrow accumulators and integer requantization change the integer network in ways that no gradient passes.
bool sees_what_the_engine_does(const PrecisionPlan& plan) {
    const auto exact = [](const LayerPrecision& precision) {
        return precision.accumulator.bits == k_max_accumulator_bits;
    };
    return plan.requantization().mode == RequantizationMode::float_scale && exact(plan.default_precision()) &&
           std::ranges::all_of(plan.layers(), [&](const auto& layer) { return exact(layer.second); });
}

} // namespace

Result<void> validate(const Options& o) {
    const auto refuse = [](std::string what) {
        return fail(ErrorCode::usage, std::move(what), "training options");
    };
    const auto rate = [](double v) { return std::isfinite(v) && v >= 0; };
    if (o.epochs < 1) return refuse("at least one epoch is needed");
    if (o.steps < 0 || o.steps > k_most_steps)
        return refuse("the steps must be from 0 to a thousand million");
    if (o.batch_size < 1 || o.batch_size > 65536) return refuse("the batch size must be from 1 to 65536");
    if (!rate(o.learning_rate) || o.learning_rate == 0) return refuse("the learning rate must be positive");
    if (!(o.momentum >= 0 && o.momentum < 1)) return refuse("the momentum must be at least 0 and below 1");
    if (o.nesterov && (o.optimizer != OptimizerType::sgd || o.momentum == 0))
        return refuse("Nesterov's form needs SGD with momentum");
    if (!rate(o.weight_decay)) return refuse("the weight decay cannot be negative");
    if (!(o.label_smoothing >= 0 && o.label_smoothing < 1))
        return refuse("the label smoothing must be at least 0 and below 1");
    if (!(o.distillation >= 0 && o.distillation <= 1)) return refuse("the distillation must be from 0 to 1");
    if (!(o.weight_average >= 0 && o.weight_average < 1))
        return refuse("the decay of the weights' average must be at least 0 and below 1");
    if (o.augmentation.cutout < 0) return refuse("the side of the cutout cannot be negative");
    if (!(o.validation_split >= 0 && o.validation_split < 1))
        return refuse("the validation split must be at least 0 and below 1");
    if (o.patience < 0) return refuse("the patience cannot be negative");
    if (o.reestimate_images < 0) return refuse("the number of images to re-estimate with cannot be negative");
    if (o.checkpoint.every_steps < 0) return refuse("the steps between two checkpoints cannot be negative");
    if (o.checkpoint.file.empty() && (o.checkpoint.every_steps > 0 || o.checkpoint.resume))
        return refuse("checkpoints need a file");
    if (!o.qat) return {};
    if (o.compute == ComputeType::bf16)
        return refuse("bf16 compute does not go with quantization-aware training: use f32");
    if (o.qat->weights == ScaleLearning::pact)
        return refuse("PACT learns the range of activations: use lsq or fixed for weights");
    if (!sees_what_the_engine_does(o.qat->plan))
        return refuse(
            "training sums exactly and requantizes by a float scale: train with 32-bit accumulators "
            "and the default requantization, then evaluate the design that you want");
    if (!o.qat->plan.passes().empty())
        return refuse("the design asks for passes: apply them before training starts");
    return {};
}

std::string_view to_string(Schedule schedule) {
    switch (schedule) {
    case Schedule::one_cycle:
        return "one-cycle";
    case Schedule::cosine:
        return "cosine";
    case Schedule::constant:
        return "constant";
    }
    return {};
}

std::string_view to_string(OptimizerType optimizer) {
    return optimizer == OptimizerType::sgd ? "sgd" : "adam";
}

std::string_view to_string(ComputeType compute) {
    return compute == ComputeType::f32 ? "f32" : "bf16";
}

std::string_view to_string(ScaleLearning learning) {
    switch (learning) {
    case ScaleLearning::fixed:
        return "fixed";
    case ScaleLearning::lsq:
        return "lsq";
    case ScaleLearning::pact:
        return "pact";
    }
    return {};
}

std::string_view to_string(BatchNormMode mode) {
    return mode == BatchNormMode::keep ? "keep" : "fold";
}

} // namespace widthwise::train
