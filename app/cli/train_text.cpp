#include "app/cli/train_text.h"

#include "app/cli/json_output.h"
#include "core/base/format.h"
#include "core/train/options_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <numeric>

namespace widthwise::cli {
namespace {

using Json = nlohmann::ordered_json;

Json top1(const std::optional<Accuracy>& accuracy) {
    return accuracy ? Json(accuracy->top1) : Json(nullptr);
}

Json path_or_null(const std::string& path) {
    return path.empty() ? Json(nullptr) : Json(path);
}

} // namespace

std::string epoch_text(const train::Epoch& epoch, int64_t number, int64_t total, bool validated) {
    return "epoch " + std::to_string(number) + (total > 0 ? "/" + std::to_string(total) : std::string()) +
           ": loss " + format_fixed(epoch.loss, 4) + ", training top-1 " +
           format_percent(epoch.train_top1, 2) +
           (validated ? ", validation top-1 " + format_percent(epoch.validation_top1, 2) : std::string()) +
           ", " + format_si(epoch.seconds, "s");
}

std::string training_text(const flow::TrainingOutcome& outcome, bool qat) {
    std::string text;
    const auto line = [&](const char* what, const std::optional<Accuracy>& accuracy) {
        if (accuracy)
            text += std::string(what) + format_percent(accuracy->top1, 2) + " (" +
                    format_percent(accuracy->top1_ci95.lo, 1) + " to " +
                    format_percent(accuracy->top1_ci95.hi, 1) + ")\n";
    };
    if (qat) line("float       ", outcome.float_top1);
    line(qat ? "calibrated  " : "before      ", outcome.before);
    line("trained     ", outcome.after);
    if (outcome.training.stopped_early)
        text += "stopped after " + std::to_string(outcome.training.epochs.size()) +
                " epochs without a better one\n";
    return text;
}

std::string training_json(const flow::TrainingOutcome& outcome, bool qat, bool validated,
                          const std::string& path) {
    Json epochs = Json::array();
    for (const train::Epoch& epoch : outcome.training.epochs)
        epochs.push_back({{"loss", epoch.loss},
                          {"train_top1", epoch.train_top1},
                          {"validation_top1", validated ? Json(epoch.validation_top1) : Json(nullptr)},
                          {"learning_rate", epoch.learning_rate},
                          {"seconds", epoch.seconds}});
    const int best = outcome.training.best_epoch;
    return dump({{"epochs", epochs},
                 {"float_top1", top1(outcome.float_top1)},
                 {"quantized_top1", qat ? top1(outcome.after) : Json(nullptr)},
                 {"before_top1", top1(outcome.before)},
                 {"best_epoch", best < 0 ? Json(nullptr) : Json(best + 1)},
                 {"stopped_early", outcome.training.stopped_early},
                 {"path", path_or_null(path)}});
}

std::string meta_text(const flow::MetaResult& result) {
    const std::vector<double>& losses = result.losses;
    if (losses.empty()) return {};
    const auto some = std::max<std::ptrdiff_t>(1, std::ssize(losses) / 10);
    const auto mean = [some](auto first) {
        return format_fixed(std::accumulate(first, first + some, 0.0) / static_cast<double>(some), 4);
    };
    return std::to_string(losses.size()) + " tasks, loss " + mean(losses.begin()) + " to " +
           mean(losses.end() - some) + "\n";
}

std::string worse_text(const flow::TrainingOutcome& outcome, bool qat) {
    if (!outcome.before || !outcome.after || outcome.after->top1 >= outcome.before->top1) return {};
    return std::string("warning: worse than ") + (qat ? "the calibrated network" : "before") + " by " +
           format_fixed((outcome.before->top1 - outcome.after->top1) * 100, 2) +
           " points: lower --learning-rate or train on more images";
}

std::string meta_json(const flow::MetaResult& result, const std::string& path) {
    return dump({{"epochs", Json::array()},
                 {"float_top1", nullptr},
                 {"quantized_top1", nullptr},
                 {"task_losses", result.losses},
                 {"path", path_or_null(path)}});
}

std::map<std::string, std::string> training_recipe(const train::Options& options, const flow::Model& model,
                                                   const Dataset& data) {
    std::map<std::string, std::string> recipe{{"widthwise.version", flow::program_version()},
                                              {"widthwise.source", model.source},
                                              {"widthwise.data", data.name()},
                                              {"widthwise.data_hash", data.hash()}};
    for (auto& [key, value] : train::option_values(options))
        if (key != "qat") recipe["widthwise." + key] = value;
    return recipe;
}

} // namespace widthwise::cli
