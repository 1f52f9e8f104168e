#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/base/output_file.h"
#include "core/flow/session.h"
#include "core/onnx/export.h"
#include "core/train/trainer.h"

#include <nlohmann/json.hpp>

namespace widthwise::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
    std::string model, validation, output;
    std::vector<std::string> data;
    train::Options training;
    int threads = 0;
    bool json = false;
};

std::string describe(const train::Epoch& epoch, int64_t number, int64_t total, bool validated) {
    return "epoch " + std::to_string(number) + "/" + std::to_string(total) + ": loss " +
           format_fixed(epoch.loss, 4) + ", training top-1 " + format_percent(epoch.train_top1, 2) +
           (validated ? ", validation top-1 " + format_percent(epoch.validation_top1, 2) : std::string()) +
           ", " + format_si(epoch.seconds, "s");
}

std::string to_json(const train::Outcome& outcome, bool validated) {
    Json epochs = Json::array();
    for (const train::Epoch& epoch : outcome.epochs)
        epochs.push_back({{"loss", epoch.loss},
                          {"train_top1", epoch.train_top1},
                          {"validation_top1", validated ? Json(epoch.validation_top1) : Json(nullptr)},
                          {"seconds", epoch.seconds}});
    const bool known = validated && !outcome.epochs.empty();
    return dump({{"epochs", epochs},
                 {"float_top1", known ? Json(outcome.epochs.back().validation_top1) : Json(nullptr)},
                 {"quantized_top1", nullptr}});
}

/// What it takes to train the same network again.
std::map<std::string, std::string> recipe(const Options& options, const flow::Model& model,
                                          const Dataset& data) {
    return {
        {"widthwise.version", flow::program_version()},
        {"widthwise.source", model.source},
        {"widthwise.data", data.name()},
        {"widthwise.data_hash", data.hash()},
        {"widthwise.epochs", std::to_string(options.training.epochs)},
        {"widthwise.batch_size", std::to_string(options.training.batch_size)},
        {"widthwise.learning_rate", std::to_string(options.training.learning_rate)},
        {"widthwise.momentum", std::to_string(options.training.momentum)},
        {"widthwise.weight_decay", std::to_string(options.training.weight_decay)},
        {"widthwise.schedule", options.training.schedule == train::Schedule::cosine ? "cosine" : "one-cycle"},
        {"widthwise.flip", options.training.augmentation.flip ? "true" : "false"},
        {"widthwise.crop", options.training.augmentation.crop ? "true" : "false"},
        {"widthwise.seed", std::to_string(options.training.seed)}};
}

Result<void> run(const Options& options, Terminal& terminal) {
    if (!options.output.empty())
        if (auto writable = check_writable(options.output); !writable) return writable;
    auto model = flow::load_model(options.model);
    if (!model) return forward_error(model);
    if (model->topology)
        return fail(ErrorCode::unsupported, "a topology has layers but no network to train", model->source,
                    "name an .onnx file or zoo:NAME");
    std::vector<DatasetPtr> parts;
    for (const std::string& source : options.data) {
        auto part = flow::load_data(source);
        if (!part) return forward_error(part);
        parts.push_back(std::move(*part));
    }
    auto data = join_datasets(std::move(parts));
    if (!data) return forward_error(data);
    if (auto fit = flow::check_fit(*model->graph, **data); !fit) return fit;
    DatasetPtr validation;
    if (!options.validation.empty()) {
        auto opened = flow::load_data(options.validation);
        if (!opened) return forward_error(opened);
        if (auto fit = flow::check_fit(*model->graph, **opened); !fit) return fit;
        validation = std::move(*opened);
    }

    int64_t number = 0;
    auto outcome = train::train(
        model->graph, **data, validation.get(), options.training, terminal.control(options.threads),
        {.on_step = {}, .on_epoch = [&](const train::Epoch& epoch) {
             terminal.note(describe(epoch, ++number, options.training.epochs, validation != nullptr));
         }});
    if (!outcome) return forward_error(outcome);
    if (!options.output.empty()) {
        auto bytes = onnx::export_model(*outcome->graph, recipe(options, *model, **data));
        if (!bytes) return forward_error(bytes);
        if (auto written = write_output(options.output, *bytes); !written) return written;
    }
    if (options.json) return terminal.print(to_json(*outcome, validation != nullptr));
    return terminal.print(options.output.empty()
                              ? std::string("trained; nothing was written, add -o FILE.onnx to keep it")
                              : options.output + " written");
}

} // namespace

Command train_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "train",
        "Train a float network; the same seed and data give the same weights, whatever the thread count");
    auto options = std::make_shared<Options>();
    train::Options& training = options->training;
    command->add_option("MODEL", options->model, "zoo:NAME to start from random weights, or an .onnx file")
        ->required();
    command
        ->add_option("--data", options->data,
                     "Training images: a dataset card, a folder or demo:train; several are joined")
        ->type_name("DATA")
        ->allow_extra_args(false) // one a flag, so that MODEL may follow
        ->required();
    command->add_option("--validation", options->validation, "Images to measure on after each epoch")
        ->type_name("DATA");
    command->add_option("--epochs", training.epochs, "Passes over the training images")
        ->check(CLI::Range(1, 100000))
        ->type_name("N")
        ->required();
    command->add_option("--seed", training.seed, "Seed of order and augmentation")
        ->type_name("N")
        ->capture_default_str();
    command->add_option("--batch-size", training.batch_size, "Images per step")
        ->check(CLI::Range(int64_t{1}, int64_t{65536}))
        ->type_name("N")
        ->capture_default_str();
    command->add_option("--learning-rate", training.learning_rate, "Peak learning rate")
        ->check(CLI::PositiveNumber)
        ->type_name("X")
        ->capture_default_str();
    command->add_option("--momentum", training.momentum, "Momentum of SGD")
        ->check(CLI::Range(0.0, 1.0))
        ->type_name("X")
        ->capture_default_str();
    command->add_option("--weight-decay", training.weight_decay, "Not on biases and BatchNormalization")
        ->check(CLI::NonNegativeNumber)
        ->type_name("X")
        ->capture_default_str();
    const std::map<std::string, train::Schedule> schedules{{"one-cycle", train::Schedule::one_cycle},
                                                           {"cosine", train::Schedule::cosine}};
    command
        ->add_option("--schedule", training.schedule,
                     "Learning rate: one-cycle warms up first, for random weights; cosine only falls, "
                     "for fine-tuning [one-cycle]")
        ->transform(CLI::CheckedTransformer(schedules).description(""))
        ->type_name("NAME");
    command->add_flag("--flip", training.augmentation.flip, "Mirror half of the images");
    command->add_flag("!--no-crop", training.augmentation.crop, "Do not shift the images by up to 4 pixels");
    command->add_option("--threads", options->threads, "Worker threads; 0: one per core")
        ->check(CLI::Range(0, 4096))
        ->type_name("N")
        ->capture_default_str();
    command->add_option("-o,--output", options->output, "Write the trained network there")
        ->type_name("FILE.onnx");
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
