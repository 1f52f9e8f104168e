#include "app/cli/run_options.h"

#include <CLI/CLI.hpp>

namespace widthwise::cli {

void RunOptions::declare(CLI::App& command) {
    command.add_option("MODEL", model, "An .onnx file, demo, or zoo:NAME")->required();
    command
        .add_option("--data", data, "The images to measure on: a dataset card, a folder, demo, demo:train")
        ->type_name("DATA")
        ->required();
    design.declare(command, true);
    command
        .add_option("--calibration", calibration, "Images to take activation ranges from [those of --data]")
        ->type_name("DATA");
    command.add_option("--calibrate", calibrate, "Number of calibration images, the first ones")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str();
    command
        .add_option("--threads", threads, "Worker threads; 0: one per core. The result does not depend on it")
        ->check(CLI::Range(0, 4096))
        ->type_name("N")
        ->capture_default_str();
}

void RunOptions::declare_measuring(CLI::App& command) {
    command.add_option("--limit", limit, "Only the first N images; 0: all")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str();
    command
        .add_option("--seed", seed,
                    "Seed of the order in which images are run, so that the first ones are a fair sample")
        ->type_name("N")
        ->capture_default_str();
    command
        .add_option("--decide-within", decide_within,
                    "Stop as soon as it is decided, at 95 %, whether top-1 lies within X (0.01: one point) "
                    "of float")
        ->check(CLI::Range(1e-6, 1.0))
        ->type_name("X");
    command
        .add_option("--memory-budget", memory_budget,
                    "Bytes that kept activations may take; 0: keep none [2 GiB or a quarter of the memory]")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 50))
        ->type_name("BYTES");
}

Result<flow::EvaluationRequest> RunOptions::request(Terminal& terminal) const {
    auto opened = flow::load_model(model);
    if (!opened) return forward_error(opened);
    for (const std::string& warning : opened->warnings) terminal.note("warning: " + warning);
    if (!opened->trained && !opened->topology)
        terminal.note("note: " + opened->source + " is untrained, its accuracy means nothing");
    auto plan = design.plan(*opened->graph, opened->carried_design);
    if (!plan) return forward_error(plan);
    auto images = flow::load_data(data);
    if (!images) return forward_error(images);
    flow::EvaluationRequest request;
    request.model = std::move(*opened);
    request.data = std::move(*images);
    request.plan = std::move(*plan);
    request.calibration_samples = calibrate;
    request.limit = limit;
    request.seed = seed;
    request.decide_within = decide_within;
    if (!calibration.empty()) {
        auto others = flow::load_data(calibration);
        if (!others) return forward_error(others);
        request.calibration = std::move(*others);
    }
    return request;
}

} // namespace widthwise::cli
