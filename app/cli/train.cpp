#include "app/cli/command.h"
#include "app/cli/train_options.h"
#include "app/cli/train_text.h"
#include "core/base/format.h"
#include "core/base/output_file.h"
#include "core/base/text.h"

#include <filesystem>
#include <variant>

namespace widthwise::cli {
namespace {

struct Inputs {
    flow::Model model;
    std::optional<flow::Model> uncompressed; ///< where --prune has changed it
    DatasetPtr data, validation, calibration;
    std::optional<PrecisionPlan> design;
    train::Preserve preserve;
};

/// null for an empty name.
Result<DatasetPtr> open_data(const std::string& source) {
    return source.empty() ? Result<DatasetPtr>(nullptr) : flow::load_data(source);
}

Result<DatasetPtr> open_training(const TrainOptions& options) {
    std::vector<DatasetPtr> parts;
    for (const std::string& source : options.data) {
        auto part = flow::load_data(source);
        if (!part) return forward_error(part);
        parts.push_back(std::move(*part));
    }
    auto data = join_datasets(std::move(parts));
    if (!data || options.limit == 0) return data;
    return first_images(std::move(*data), options.limit);
}

Result<Inputs> open(const TrainOptions& options, Terminal& terminal) {
    Inputs inputs;
    auto model = flow::load_model(options.model);
    if (!model) return forward_error(model);
    inputs.model = std::move(*model);
    for (const std::string& warning : inputs.model.warnings) terminal.note("warning: " + warning);
    auto data = open_training(options);
    if (!data) return forward_error(data);
    inputs.data = std::move(*data);
    auto validation = open_data(options.validation);
    if (!validation) return forward_error(validation);
    inputs.validation = std::move(*validation);
    auto calibration = open_data(options.calibration);
    if (!calibration) return forward_error(calibration);
    inputs.calibration = std::move(*calibration);
    inputs.preserve = {options.keep_sparsity, options.keep_sharing};
    if (!options.qat) {
        if (inputs.model.carried_design && !options.meta)
            terminal.note("note: trained in float, the design of " + inputs.model.source +
                          " is left out; --qat trains with it");
        return inputs;
    }
    auto plan = options.design.plan(*inputs.model.graph, inputs.model.carried_design);
    if (!plan) return forward_error(plan);
    if (plan->is_float())
        return fail(ErrorCode::usage, "there is no design to train with", "--qat",
                    "name one, as --bits w4a4 or --design FILE.json");
    inputs.design = std::move(*plan);
    return inputs;
}

/// Applies each --prune in turn; what it made stays so.
Result<void> compress(const TrainOptions& options, uint64_t seed, Terminal& terminal, Inputs& inputs) {
    for (const std::string& specification : options.prune) {
        auto method = passes::parse_compression(specification);
        if (!method) return forward_error(method);
        auto outcome = flow::compress_network(inputs.model, inputs.design.value_or(PrecisionPlan()),
                                              {*method, {}, seed}, terminal.control(options.threads));
        if (!outcome) return forward_error(outcome);
        terminal.note(passes::description(*method) + ": " +
                      format_bytes(static_cast<double>(outcome->size_before.best_bytes)) + " to " +
                      format_bytes(static_cast<double>(outcome->size_after.best_bytes)));
        if (!inputs.uncompressed) inputs.uncompressed = std::move(inputs.model);
        inputs.model = std::move(outcome->model);
        if (inputs.design) inputs.design = std::move(outcome->plan);
        inputs.preserve.zeros |= std::holds_alternative<passes::PruneWeights>(*method) ||
                                 std::holds_alternative<passes::PruneNofM>(*method);
        // A design's codebook keeps the values of a layer few by itself.
        inputs.preserve.sharing |= std::holds_alternative<passes::QuantizeVectors>(*method) ||
                                   (std::holds_alternative<passes::ShareWeights>(*method) && !inputs.design);
    }
    return {};
}

Result<void> write(const TrainOptions& options, const flow::Model& model, const train::Options& training,
                   const Inputs& inputs) {
    if (options.output.empty()) return {};
    auto bytes =
        flow::write_trained(model, model.scales.get(), training_recipe(training, inputs.model, *inputs.data));
    if (!bytes) return forward_error(bytes);
    return write_output(options.output, *bytes);
}

std::string written_text(const TrainOptions& options) {
    return options.output.empty() ? std::string("trained; nothing was written, add -o FILE.onnx to keep it")
                                  : options.output + " written";
}

/// Loss and speed beside the progress, epochs on lines of their own.
train::Observer observer(Terminal& terminal, int64_t epochs, bool validated) {
    train::Observer observer;
    observer.on_step = [&terminal](const train::StepReport& step) {
        std::string detail = "loss " + format_fixed(step.loss, 4);
        if (step.images_per_second > 0)
            detail += ", " + format_fixed(step.images_per_second, 0) + " images/s";
        terminal.set_detail(std::move(detail));
    };
    observer.on_epoch = [&terminal, epochs, validated,
                         number = int64_t{0}](const train::Epoch& epoch) mutable {
        terminal.note(epoch_text(epoch, ++number, epochs, validated));
    };
    return observer;
}

Result<void> run_meta(const TrainOptions& options, const Inputs& inputs, Terminal& terminal) {
    flow::MetaRequest request;
    request.model = inputs.model;
    request.data = inputs.data;
    request.calibration = inputs.calibration;
    request.calibration_samples = options.calibrate;
    train::MetaOptions& meta = request.options = flow::recommended_meta_options(*inputs.model.graph);
    if (options.says_design()) {
        auto base = options.design.plan(*inputs.model.graph, std::nullopt);
        if (!base) return forward_error(base);
        meta.family.base = std::move(*base);
    }
    meta.inner = options.training(meta.inner, inputs.model.trained);
    meta.inner.preserve = inputs.preserve;
    if (options.meta_bits) meta.family.weight_bits = *options.meta_bits;
    if (options.meta_activation_bits) meta.family.activation_bits = *options.meta_activation_bits;
    meta.inner_steps = options.meta_inner_steps.value_or(meta.inner_steps);
    meta.algorithm = options.meta_algorithm.value_or(meta.algorithm);
    const int64_t epoch_steps =
        std::max<int64_t>(1, (inputs.data->size() + meta.inner.batch_size - 1) / meta.inner.batch_size);
    const int64_t steps = meta.inner.steps > 0 ? meta.inner.steps : meta.inner.epochs * epoch_steps;
    meta.tasks =
        options.meta_tasks.value_or(std::max<int64_t>(1, steps / (meta.inner_steps * meta.tasks_each)));
    auto result =
        flow::meta_train_network(request, terminal.control(options.threads), observer(terminal, 0, false));
    if (!result) return forward_error(result);
    if (auto written = write(options, result->model, meta.inner, inputs); !written) return written;
    return terminal.print(options.json ? meta_json(*result, options.output)
                                       : meta_text(*result) + written_text(options));
}

/// Runs that were cancelled or went wrong say where they can go on from; those that never began do not.
void note_checkpoint(const Error& error, const train::Options& training, Terminal& terminal) {
    std::error_code ignored;
    const auto& file = training.checkpoint.file;
    const bool began = error.code == ErrorCode::cancelled || error.code == ErrorCode::failed;
    if (began && !file.empty() && std::filesystem::exists(file, ignored))
        terminal.note("the run's state is kept in " + file.string() + "; --resume goes on from there");
}

/// What a checkpoint that lies there, or none, means for this command line.
void note_start(const train::CheckpointOptions& checkpoint, Terminal& terminal) {
    if (checkpoint.file.empty()) return;
    std::error_code ignored;
    const bool exists = std::filesystem::exists(checkpoint.file, ignored);
    if (exists && !checkpoint.resume)
        terminal.note("warning: " + checkpoint.file.string() +
                      " of an earlier run will be replaced; --resume goes on from it");
    if (!exists && checkpoint.resume)
        terminal.note("note: there is no " + checkpoint.file.string() + "; training starts anew");
}

/// Zeros and equal weights of the network as it came, that training will not leave so.
void note_undone(const Inputs& inputs, Terminal& terminal) {
    const flow::Model& model = inputs.uncompressed ? *inputs.uncompressed : inputs.model;
    if (!model.trained) return;
    const auto size = passes::stored_size(*model.graph);
    if (!size) return; // whoever trains it says why
    int64_t weights = 0, zeros = 0, shared = 0;
    for (const passes::LayerSize& layer : size->layers) {
        weights += layer.weights;
        zeros += layer.weights - layer.nonzero;
        // Few bits make few values by themselves; a design's codebook keeps them few.
        shared += layer.codebook &&
                  (!model.carried_design ||
                   (!inputs.design && !model.carried_design->at(layer.layer).weights.codebook.empty()));
    }
    constexpr int64_t few = 10; // trained weights are not zero by chance
    if (!inputs.preserve.zeros && zeros > 0 && zeros * few >= weights)
        terminal.note("note: " + format_percent(static_cast<double>(zeros) / static_cast<double>(weights)) +
                      " of " + model.source +
                      "'s weights are zero and will not stay so; --keep-sparsity keeps them");
    if (!inputs.preserve.sharing && shared > 0)
        terminal.note("note: weights of " + std::to_string(shared) + " layers of " + model.source +
                      " share values and will not stay equal; --keep-sharing keeps them so");
}

Result<void> run_training(const TrainOptions& options, const Inputs& inputs, train::Options training,
                          Terminal& terminal) {
    flow::TrainingRequest request;
    request.model = inputs.model;
    request.reference = inputs.uncompressed;
    request.data = inputs.data;
    request.validation = inputs.validation;
    request.design = inputs.design;
    request.batch_norm = options.design.keep_batch_norm ? train::BatchNormMode::keep : options.batch_norm;
    request.weight_scales = options.weight_scales;
    request.activation_scales = options.activation_scales;
    request.calibration = inputs.calibration;
    request.calibration_samples = options.calibrate;
    training.preserve = inputs.preserve;
    request.options = training;
    const bool validated = inputs.validation || training.validation_split > 0;
    const int64_t epochs = training.steps > 0 ? 0 : training.epochs;
    note_start(training.checkpoint, terminal);
    auto outcome = flow::train_network(request, terminal.control(options.threads),
                                       observer(terminal, epochs, validated));
    if (!outcome) {
        note_checkpoint(outcome.error(), training, terminal);
        return forward_error(outcome);
    }
    if (auto written = write(options, outcome->model, training, inputs); !written) return written;
    std::error_code ignored;
    if (!training.checkpoint.file.empty()) std::filesystem::remove(training.checkpoint.file, ignored);
    if (const std::string worse = worse_text(*outcome, options.qat); !worse.empty()) terminal.note(worse);
    if (options.json) return terminal.print(training_json(*outcome, options.qat, validated, options.output));
    return terminal.print(training_text(*outcome, options.qat) + written_text(options));
}

Result<void> run(const TrainOptions& options, Terminal& terminal) {
    if (auto sensible = options.check(); !sensible) return sensible;
    for (const std::string& path : {options.output, options.checkpoint_file()})
        if (!path.empty())
            if (auto writable = check_writable(path); !writable) return writable;
    for (const std::string& specification : options.prune) // before anything takes time
        if (auto method = passes::parse_compression(specification); !method) return forward_error(method);
    auto inputs = open(options, terminal);
    if (!inputs) return forward_error(inputs);
    if (options.meta) {
        note_undone(*inputs, terminal);
        return run_meta(options, *inputs, terminal);
    }
    const train::Options training = options.training(
        flow::recommended_options(options.qat, inputs->model.trained), inputs->model.trained);
    if (auto compressed = compress(options, training.seed, terminal, *inputs); !compressed) return compressed;
    note_undone(*inputs, terminal);
    return run_training(options, *inputs, training, terminal);
}

} // namespace

Command train_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "train", "Train a network, in float or with a design's rounding in place; the same seed and data "
                 "give the same weights, whatever the thread count");
    auto options = std::make_shared<TrainOptions>();
    options->declare(*command);
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
