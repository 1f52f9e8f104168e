#include "core/train/options_json.h"

#include <array>
#include <charconv>

namespace widthwise::train {
namespace {

std::string text(std::string_view word) {
    return '"' + std::string(word) + '"';
}

std::string text(bool value) {
    return value ? "true" : "false";
}

template <typename Number> std::string text(Number value) {
    std::array<char, 32> digits{};
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

std::string text(const std::optional<QatOptions>& qat) {
    if (!qat) return "null";
    return R"({"weights": )" + text(to_string(qat->weights)) + R"(, "activations": )" +
           text(to_string(qat->activations)) + R"(, "design": )" + plan_to_json(qat->plan) + "}";
}

} // namespace

std::vector<std::pair<std::string, std::string>> option_values(const Options& o) {
    return {{"epochs", text(o.epochs)},
            {"steps", text(o.steps)},
            {"batch_size", text(o.batch_size)},
            {"optimizer", text(to_string(o.optimizer))},
            {"learning_rate", text(o.learning_rate)},
            {"momentum", text(o.momentum)},
            {"nesterov", text(o.nesterov)},
            {"weight_decay", text(o.weight_decay)},
            {"schedule", text(to_string(o.schedule))},
            {"label_smoothing", text(o.label_smoothing)},
            {"distillation", text(o.distillation)},
            {"weight_average", text(o.weight_average)},
            {"flip", text(o.augmentation.flip)},
            {"crop", text(o.augmentation.crop)},
            {"cutout", text(o.augmentation.cutout)},
            {"validation_split", text(o.validation_split)},
            {"patience", text(o.patience)},
            {"keep_best", text(o.keep_best)},
            {"reestimate_images", text(o.reestimate_images)},
            {"compute", text(to_string(o.compute))},
            {"preserve_zeros", text(o.preserve.zeros)},
            {"preserve_sharing", text(o.preserve.sharing)},
            {"seed", text(o.seed)},
            {"qat", text(o.qat)}};
}

std::string to_json(const Options& options) {
    std::string json = "{";
    for (const auto& [key, value] : option_values(options)) {
        if (json.size() > 1) json += ", ";
        json += text(std::string_view(key)) + ": " + value;
    }
    return json + "}";
}

} // namespace widthwise::train
