#include "app/cli/command.h"
#include "app/cli/design_options.h"
#include "app/cli/prediction_files.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/base/output_file.h"
#include "core/cost/cost_model.h"
#include "core/design/json.h"
#include "core/flow/project.h"
#include "core/flow/session.h"

namespace widthwise::cli {
namespace {

struct Options {
    std::string model, data, calibration, save_design, predictions, logits, project, target;
    DesignOptions design;
    int64_t calibrate = 256, limit = 0;
    int threads = 0;
    bool json = false;
};

std::string interval_text(const Interval& interval) {
    return "[" + format_percent(interval.lo, 2) + ", " + format_percent(interval.hi, 2) + "]";
}

std::string to_text(const Evaluation& evaluation) {
    Table table(
        {"layer", "weights", "activations", "runs as", "weight SQNR", "activation SQNR", "accumulator"});
    for (const LayerDiagnostics& layer : evaluation.layers)
        table.add({layer.layer, layer.weight_format ? layer.weight_format->to_string() : "-",
                   layer.activation_format.to_string(), std::string(to_string(layer.execution)),
                   decibels(layer.weight_sqnr_db), decibels(layer.activation_sqnr_db),
                   layer.accumulator_bits ? std::to_string(*layer.accumulator_bits) + " bits" : "-"});
    const Accuracy& accuracy = evaluation.accuracy;
    const CalibrationInfo& calibration = evaluation.provenance.calibration;
    std::string text = table.to_string() + "\n";
    text += "top-1       " + format_percent(accuracy.top1, 2) + "  95 % " +
            interval_text(accuracy.top1_ci95) + " of " + grouped(accuracy.samples) + " images\n";
    if (accuracy.top5) text += "top-5       " + format_percent(*accuracy.top5, 2) + "\n";
    text += "float       " + format_percent(accuracy.float_top1, 2) + ", difference " +
            format_points(accuracy.delta_top1) + " points" + "  95 % " + interval_text(accuracy.delta_ci95) +
            "\n";
    text += "agreement   " + format_percent(accuracy.agreement, 2) +
            " of the images get the float network's answer\n";
    if (calibration.samples > 0)
        text += "calibrated  on " + grouped(calibration.samples) + " images of " + calibration.data +
                (calibration.shared_with_evaluation ? " (the data that are evaluated)" : "") + "\n";
    text += "speed       " + grouped(static_cast<long long>(evaluation.images_per_second)) + " images/s, " +
            format_si(evaluation.seconds, "s") + "\n";
    return text;
}

/// Says before the work starts what could not be written after it.
Result<void> check_outputs(const Options& options) {
    for (const std::string* path : {&options.save_design, &options.predictions, &options.logits})
        if (!path->empty())
            if (auto writable = check_writable(*path); !writable) return writable;
    return {};
}

Result<void> write_outputs(const Options& options, const flow::EvaluationOutcome& outcome,
                           const Dataset& data) {
    if (!options.save_design.empty())
        if (auto written = write_output(options.save_design, plan_to_json(outcome.evaluation.resolved));
            !written)
            return written;
    if (!options.predictions.empty())
        if (auto written = write_output(options.predictions, predictions_csv(data, outcome.predictions));
            !written)
            return written;
    if (!options.logits.empty())
        if (auto written = write_output(options.logits, logits_npy(outcome.predictions)); !written)
            return written;
    return {};
}

Result<void> store(ProjectFile& project, const flow::EvaluationRequest& request, const HardwareTarget& target,
                   const Evaluation& evaluation, const std::string& calibration) {
    auto cost = cost::estimate(*request.model.graph, evaluation.plan, target);
    if (!cost) return forward_error(cost);
    if (auto adopted = flow::adopt_network(project, request.model, *request.data, calibration,
                                           target_to_json(target), evaluation.plan);
        !adopted)
        return adopted;
    if (auto id = project.add_evaluation(flow::to_stored(evaluation, *cost, *request.model.graph)); !id)
        return forward_error(id);
    return {};
}

Result<void> run(const Options& options, Terminal& terminal) {
    if (auto writable = check_outputs(options); !writable) return writable;
    auto target = cost::load_target(options.target);
    if (!target) return forward_error(target);
    auto model = flow::load_model(options.model);
    if (!model) return forward_error(model);
    for (const std::string& warning : model->warnings) terminal.note("warning: " + warning);
    if (!model->trained && !model->topology)
        terminal.note("note: " + model->source + " is untrained, its accuracy means nothing");
    auto plan = options.design.plan(*model->graph);
    if (!plan) return forward_error(plan);
    auto data = flow::load_data(options.data);
    if (!data) return forward_error(data);

    flow::EvaluationRequest request;
    request.model = std::move(*model);
    request.data = std::move(*data);
    request.plan = std::move(*plan);
    request.calibration_samples = options.calibrate;
    request.limit = options.limit;
    request.keep_logits = !options.logits.empty();
    if (!options.calibration.empty()) {
        auto calibration = flow::load_data(options.calibration);
        if (!calibration) return forward_error(calibration);
        request.calibration = std::move(*calibration);
    }
    std::unique_ptr<ProjectFile> project;
    if (!options.project.empty()) {
        auto opened = ProjectFile::open(options.project);
        if (!opened) return forward_error(opened);
        project = std::move(*opened);
    }

    flow::Evaluator evaluator;
    auto outcome = evaluator.evaluate(request, terminal.control(options.threads));
    if (!outcome) return forward_error(outcome);
    if (auto written = write_outputs(options, *outcome, *request.data); !written) return written;
    if (project)
        if (auto stored = store(*project, request, *target, outcome->evaluation, options.calibration);
            !stored)
            return stored;
    return terminal.print(options.json ? evaluation_to_json(outcome->evaluation)
                                       : to_text(outcome->evaluation));
}

} // namespace

Command evaluate_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "evaluate",
        "Measure accuracy: the quantized network really runs, on every image, beside the float one");
    auto options = std::make_shared<Options>();
    command->add_option("MODEL", options->model, "An .onnx file, demo, or zoo:NAME")->required();
    command
        ->add_option("--data", options->data,
                     "The images to measure on: a dataset card, a folder, demo, demo:train")
        ->type_name("DATA")
        ->required();
    options->design.declare(*command);
    command
        ->add_option("--calibration", options->calibration,
                     "Images to take activation ranges from [those of --data]")
        ->type_name("DATA");
    command->add_option("--calibrate", options->calibrate, "Number of calibration images, the first ones")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str();
    command
        ->add_option("--save-design", options->save_design,
                     "Write the design with every scale and zero point resolved")
        ->type_name("FILE.json");
    command->add_option("--limit", options->limit, "Only the first N images; 0: all")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str();
    command
        ->add_option("--threads", options->threads,
                     "Worker threads; 0: one per core. The result does not depend on it")
        ->check(CLI::Range(0, 4096))
        ->type_name("N")
        ->capture_default_str();
    command->add_option("--predictions", options->predictions, "Write index,label,prediction per image")
        ->type_name("FILE.csv");
    command->add_option("--logits", options->logits, "Write the outputs, float32, images x classes")
        ->type_name("FILE.npy");
    CLI::Option* project = command
                               ->add_option("--project", options->project,
                                            "Add the evaluation to this project file; made if missing")
                               ->type_name("FILE.widthwise");
    command
        ->add_option("--target", options->target, "Hardware whose cost is stored with --project [asic-45nm]")
        ->type_name("TARGET")
        ->needs(project);
    options->target = "asic-45nm";
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
