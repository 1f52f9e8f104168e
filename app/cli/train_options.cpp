#include "app/cli/train_options.h"

#include "core/base/format.h"
#include "core/base/text.h"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace widthwise::cli {
namespace {

/// An option that takes the name of one of `values`.
template <typename Enum>
CLI::Option* add_choice(CLI::App& command, const char* name, Enum& to, std::vector<Enum> values,
                        const char* help) {
    std::vector<std::string> names;
    for (const Enum value : values) names.emplace_back(train::to_string(value));
    const auto choose = [&to, values = std::move(values)](const std::string& text) {
        for (const Enum value : values)
            if (train::to_string(value) == text) to = value;
    };
    return command.add_option_function<std::string>(name, choose, help)
        ->check(CLI::IsMember(names).description(""))
        ->type_name("NAME");
}

/// CLI11's own checks print the largest double as the bound.
auto number_from(double bound, bool inclusive) {
    return [bound, inclusive](const std::string& text) -> std::string {
        const auto number = parse_double(text);
        if (number && (*number > bound || (inclusive && *number == bound))) return {};
        return in_quotes(text) + (inclusive ? " is no number from " : " is no number above ") +
               format_number(bound);
    };
}

tl::unexpected<Error> misuse(const char* what, const char* option, const char* remedy) {
    return fail(ErrorCode::usage, what, option, remedy);
}

} // namespace

template <typename T> CLI::Option* TrainOptions::say(CLI::Option* option, T train::Options::*field) {
    m_said.push_back(
        {option, [field](const train::Options& from, train::Options& to) { to.*field = from.*field; }});
    return option;
}

template <typename T>
CLI::Option* TrainOptions::add(CLI::App& command, const char* name, T train::Options::*field,
                               const char* help) {
    return say(command.add_option(name, m_values.*field, help), field);
}

void TrainOptions::declare(CLI::App& command) {
    m_command = &command;
    command.add_option("MODEL", model, "zoo:NAME to start from random weights, an .onnx file or demo")
        ->required();
    command
        .add_option("--data", data,
                    "Training images: a dataset card, a folder or demo:train; several are joined")
        ->type_name("DATA")
        ->allow_extra_args(false) // one a flag, so that MODEL may follow
        ->required();
    command.add_option("--limit", limit, "Only the first N training images; 0: all")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str();
    command.add_option("--validation", validation, "Images to measure on after each epoch")
        ->type_name("DATA");
    declare_run(command);
    declare_method(command);
    declare_qat(command);
    declare_meta(command);
    declare_files(command);
}

void TrainOptions::declare_run(CLI::App& command) {
    add(command, "--epochs", &train::Options::epochs, "Passes over the training images")
        ->check(CLI::Range(1, 100000))
        ->type_name("N");
    add(command, "--steps", &train::Options::steps, "So many steps instead of epochs")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
        ->type_name("N");
    add(command, "--seed", &train::Options::seed, "Seed of order, augmentation and splits [1]")
        ->type_name("N");
    add(command, "--batch-size", &train::Options::batch_size, "Images per step [64]")
        ->check(CLI::Range(int64_t{1}, int64_t{65536}))
        ->type_name("N");
    add(command, "--validation-split", &train::Options::validation_split,
        "Without --validation: the share of the training images held out to measure on")
        ->check(CLI::Range(0.0, 0.99))
        ->type_name("X");
    add(command, "--patience", &train::Options::patience,
        "Stop after N epochs without a better validation top-1; 0: never")
        ->check(CLI::Range(0, 100000))
        ->type_name("N");
    command
        .add_option("--threads", threads, "Worker threads; 0: one per core. The result does not depend on it")
        ->check(CLI::Range(0, 4096))
        ->type_name("N")
        ->capture_default_str();
}

void TrainOptions::declare_method(CLI::App& command) {
    using train::Options;
    say(add_choice(command, "--optimizer", m_values.optimizer,
                   {train::OptimizerType::sgd, train::OptimizerType::adam},
                   "sgd or adam (AdamW) [sgd; adam for networks that are trained already and --qat]"),
        &Options::optimizer);
    add(command, "--learning-rate", &Options::learning_rate,
        "Peak learning rate [0.1; 0.0005 for networks that are trained already; 0.005 for others with --qat]")
        ->check(number_from(0, false))
        ->type_name("X");
    say(add_choice(
            command, "--schedule", m_values.schedule,
            {train::Schedule::one_cycle, train::Schedule::cosine, train::Schedule::constant},
            "one-cycle warms up first, for random weights; cosine only falls, for fine-tuning; constant"),
        &Options::schedule);
    add(command, "--momentum", &Options::momentum, "Momentum of SGD, beta 1 of Adam [0.9]")
        ->check(CLI::Range(0.0, 1.0))
        ->type_name("X");
    say(command.add_flag("--nesterov", m_values.nesterov,
                         "Nesterov's form of momentum; takes sgd where no optimizer is named"),
        &Options::nesterov);
    add(command, "--weight-decay", &Options::weight_decay,
        "Not on biases, BatchNormalization and scales [5e-4; --qat 1e-4]")
        ->check(number_from(0, true))
        ->type_name("X");
    add(command, "--label-smoothing", &Options::label_smoothing,
        "Share of the target spread over all classes")
        ->check(CLI::Range(0.0, 0.99))
        ->type_name("X");
    add(command, "--average-weights", &Options::weight_average,
        "Decay of a moving average of the weights, which is what comes out; 0: none [0.998 with --qat, else "
        "0]")
        ->check(CLI::Range(0.0, 0.999999))
        ->type_name("X");
    add(command, "--distillation", &Options::distillation,
        "Share of the loss taken from the float network that training starts from")
        ->check(CLI::Range(0.0, 1.0))
        ->type_name("X");
    say(add_choice(command, "--compute", m_values.compute,
                   {train::ComputeType::f32, train::ComputeType::bf16},
                   "f32, or bf16 where the CPU has it: weights and sums stay f32 [f32]"),
        &Options::compute);
    train::Augmentation& augmentation = m_values.augmentation;
    command.add_flag("--flip", augmentation.flip, "Mirror half of the images");
    command.add_flag("!--no-crop", augmentation.crop, "Do not shift the images by up to 4 pixels");
    command.add_option("--cutout", augmentation.cutout, "Zero a square of N pixels a side; 0: none")
        ->check(CLI::Range(0, 4096))
        ->type_name("N");
}

void TrainOptions::declare_qat(CLI::App& command) {
    command.add_flag("--qat", qat,
                     "Train with the DESIGN's rounding in place, and learn its scales; OUT carries them");
    design.declare(command, true);
    command.add_option("--calibration", calibration, "Images that ranges start from [the training images]")
        ->type_name("DATA");
    command.add_option("--calibrate", calibrate, "Number of them, the first ones")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str();
    add_choice(command, "--batch-norm", batch_norm, {train::BatchNormMode::keep, train::BatchNormMode::fold},
               "keep: BatchNormalization is trained on and goes into the requantization; fold: into the "
               "weights before training [keep]");
    using train::ScaleLearning;
    add_choice(command, "--weight-scales", weight_scales, {ScaleLearning::fixed, ScaleLearning::lsq},
               "fixed: as calibrated; lsq: learned step sizes [lsq]");
    add_choice(command, "--activation-scales", activation_scales,
               {ScaleLearning::fixed, ScaleLearning::lsq, ScaleLearning::pact},
               "Also pact: a learned upper clip [lsq]");
    add(command, "--reestimate", &train::Options::reestimate_images,
        "Images to measure BatchNormalization's statistics with again at the end; 0: none [--qat 1024]")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
        ->type_name("N");
    command
        .add_option("--prune", prune,
                    "Compress first: 0.5 (weights), layer-weights:0.5, 2:4, channels:0.3, low-rank:0.95, "
                    "share:4, vectors:4x8, product:4x8; training leaves zeros and shared weights so. "
                    "Repeatable, in this order")
        ->type_name("SPEC")
        ->allow_extra_args(false);
    command.add_flag("--keep-sparsity", keep_sparsity, "Weights that are 0 in MODEL stay 0");
    command.add_flag("--keep-sharing", keep_sharing, "Weights of a layer that are equal in MODEL stay equal");
}

void TrainOptions::declare_meta(CLI::App& command) {
    command.add_flag("--meta", meta,
                     "Meta-train: OUT is a start from which a design of this family is a few steps away "
                     "(train OUT --qat --bits w3a3 --steps 20)");
    command.add_option("--meta-bits", meta_bits, "Widths of the family's weights [2,3,4]")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::Range(k_min_bits, k_max_bits))
        ->type_name("N,N");
    command.add_option("--meta-activation-bits", meta_activation_bits, "The same of activations [2,3,4]")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::Range(k_min_bits, k_max_bits))
        ->type_name("N,N");
    command
        .add_option("--meta-tasks", meta_tasks, "Outer steps; without it, as many as --epochs have room for")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 30))
        ->type_name("N");
    command.add_option("--meta-inner-steps", meta_inner_steps, "Steps of each task [8]")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 30))
        ->type_name("N");
    const std::map<std::string, train::MetaAlgorithm> algorithms{{"reptile", train::MetaAlgorithm::reptile},
                                                                 {"fomaml", train::MetaAlgorithm::fomaml}};
    command.add_option("--meta-algorithm", meta_algorithm, "reptile or fomaml [reptile]")
        ->transform(CLI::CheckedTransformer(algorithms).description(""))
        ->type_name("NAME");
}

void TrainOptions::declare_files(CLI::App& command) {
    command.add_option("-o,--output", output, "Write the trained network there")->type_name("FILE.onnx");
    command
        .add_option("--checkpoint", checkpoint,
                    "The run's state after each epoch, removed when it is done [OUT.onnx.checkpoint]")
        ->type_name("FILE");
    command
        .add_option("--checkpoint-steps", m_values.checkpoint.every_steps,
                    "Also after every N steps; 0: epochs only")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str();
    command.add_flag("--resume", resume,
                     "Go on from the checkpoint of the same command line, where there is one");
    command.add_flag("--json", json, "One JSON document on stdout");
}

bool TrainOptions::says_design() const {
    return !design.bits.empty() || !design.file.empty() || !design.layers.empty();
}

std::string TrainOptions::checkpoint_file() const {
    if (!checkpoint.empty() || output.empty() || meta) return checkpoint;
    return output + ".checkpoint";
}

Result<void> TrainOptions::check() const {
    if (!says("--epochs") && !says("--steps") && !(meta && meta_tasks))
        return misuse("how long to train is not said", "train", "add --epochs N or --steps N");
    if (meta && qat)
        return misuse("--meta makes a start for many designs, --qat trains one", "--meta",
                      "meta-train first, then train its result with --qat");
    if (says_design() && !qat && !meta)
        return misuse("a design changes nothing in float training", "train", "add --qat");
    if (meta && !prune.empty())
        return misuse("a network is not compressed while it is meta-trained", "--prune",
                      "compress it first, with compress");
    if (meta && (resume || !checkpoint.empty()))
        return misuse("meta-training keeps no checkpoint", resume ? "--resume" : "--checkpoint",
                      "leave it out");
    if (!meta && (meta_bits || meta_activation_bits || meta_tasks || meta_inner_steps || meta_algorithm))
        return misuse("options of meta-training without it", "train", "add --meta");
    if (resume && checkpoint_file().empty())
        return misuse("there is nowhere to resume from", "--resume",
                      "name the -o FILE.onnx or the --checkpoint of the run");
    return check_idle();
}

Result<void> TrainOptions::check_validation() const {
    if (meta && (says("--validation") || says("--validation-split")))
        return misuse("--meta measures on nothing after its tasks",
                      says("--validation") ? "--validation" : "--validation-split",
                      "leave it out, and validate what is trained from the start");
    if (says("--validation") && says("--validation-split"))
        return misuse("--validation names the images to measure on, --validation-split holds some out",
                      "--validation-split", "leave one of them out");
    if (says("--patience") && !says("--validation") && !says("--validation-split"))
        return misuse("--patience without images to measure on", "--patience",
                      "add --validation or --validation-split");
    return {};
}

Result<void> TrainOptions::check_idle() const {
    if (says("--epochs") && says("--steps"))
        return misuse("--steps takes the place of --epochs", "--epochs", "leave one of them out");
    if (!qat)
        for (const char* option : {"--batch-norm", "--weight-scales", "--activation-scales"})
            if (says(option)) return misuse("it changes nothing without --qat", option, "add --qat");
    if (!qat && !meta)
        for (const char* option : {"--calibration", "--calibrate"})
            if (says(option))
                return misuse("it changes nothing without --qat or --meta", option, "add --qat");
    if (meta && says("--reestimate"))
        return misuse("--meta measures no statistics at the end", "--reestimate", "leave it out");
    if (says("--checkpoint-steps") && checkpoint_file().empty())
        return misuse("there is no file to keep the run's state in", "--checkpoint-steps",
                      meta ? "leave it out: --meta keeps no checkpoint"
                           : "add the -o FILE.onnx or a --checkpoint FILE");
    return check_validation();
}

bool TrainOptions::says(const char* name) const {
    return m_command->count(name) > 0;
}

train::Options TrainOptions::training(train::Options recommended, bool pretrained) const {
    const train::OptimizerType optimizer = recommended.optimizer;
    for (const Said& said : m_said)
        if (said.option->count() > 0) said.copy(m_values, recommended);
    if (says("--nesterov") && !says("--optimizer")) recommended.optimizer = train::OptimizerType::sgd;
    if (recommended.optimizer != optimizer && !says("--learning-rate"))
        recommended.learning_rate = flow::recommended_rate(recommended.optimizer, pretrained);
    recommended.augmentation = m_values.augmentation;
    recommended.checkpoint.file = checkpoint_file();
    recommended.checkpoint.resume = resume;
    if (!recommended.checkpoint.file.empty())
        recommended.checkpoint.every_steps = m_values.checkpoint.every_steps;
    return recommended;
}

} // namespace widthwise::cli
