#include "core/train/options.h"

#include <cmath>

namespace widthwise::train {

Result<void> validate(const Options& o) {
    const auto refuse = [](std::string what) {
        return fail(ErrorCode::usage, std::move(what), "training options");
    };
    if (o.epochs < 1) return refuse("at least one epoch is needed");
    if (o.batch_size < 1 || o.batch_size > 65536) return refuse("the batch size must be from 1 to 65536");
    if (!(o.learning_rate > 0) || !std::isfinite(o.learning_rate))
        return refuse("the learning rate must be positive");
    if (!(o.momentum >= 0 && o.momentum < 1)) return refuse("the momentum must be at least 0 and below 1");
    if (!(o.weight_decay >= 0) || !std::isfinite(o.weight_decay))
        return refuse("the weight decay cannot be negative");
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
