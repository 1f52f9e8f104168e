#include "app/cli/command.h"
#include "app/cli/evaluation_text.h"
#include "app/cli/json_output.h"
#include "app/cli/prediction_files.h"
#include "app/cli/run_options.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/base/output_file.h"
#include "core/cost/cost_model.h"
#include "core/design/json.h"
#include "core/flow/project.h"
#include "core/flow/session.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace widthwise::cli {
namespace {

struct Options {
    RunOptions run;
    std::string save_design, predictions, logits, diagnostics, project, target;
    int64_t diagnostics_images = 64;
    bool json = false;
};

std::string decision_text(double within, const std::optional<bool>& answer, const Evaluation& evaluation) {
    const std::string points = format_fixed(within * 100, 2) + " points of float";
    if (!answer) return "undecided   all images left open whether top-1 lies within " + points + "\n";
    return std::string("decided     top-1 ") + (*answer ? "lies" : "does not lie") + " within " + points +
           ", after " + grouped(evaluation.accuracy.samples) + " images\n";
}

/// The evaluation's document, and the answer where a question was asked.
std::string to_json(const flow::EvaluationOutcome& outcome, const std::optional<double>& decide_within) {
    const std::string text = evaluation_to_json(outcome.evaluation);
    if (!decide_within) return text;
    auto document = nlohmann::ordered_json::parse(text);
    document["decide_within"] = *decide_within;
    document["within"] = outcome.within ? nlohmann::ordered_json(*outcome.within) : nullptr;
    return dump(document);
}

std::string running_text(const flow::RunningAccuracy& running) {
    const Accuracy& accuracy = running.so_far;
    if (accuracy.samples == 0) return {};
    return format_percent(accuracy.top1, 1) + " " + interval_text(accuracy.top1_ci95) + ", float " +
           format_points(accuracy.delta_top1) + " " + interval_text(accuracy.delta_ci95);
}

/// Says before the work starts what could not be written after it.
Result<void> check_outputs(const Options& options) {
    for (const std::string* path :
         {&options.save_design, &options.predictions, &options.logits, &options.diagnostics})
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

/// Also tells the evaluation what its accumulators held.
Result<void> diagnose(const Options& options, flow::Evaluator& evaluator,
                      const flow::EvaluationRequest& request, Terminal& terminal, Evaluation& evaluation) {
    auto reports =
        evaluator.layer_reports(request, options.diagnostics_images, terminal.control(options.run.threads));
    if (!reports) return forward_error(reports);
    for (LayerDiagnostics& layer : evaluation.layers)
        for (const LayerReport& report : *reports)
            if (report.layer == layer.layer)
                layer.observed_accumulator_bits = report.observed_accumulator_bits;
    const int64_t images = std::min(options.diagnostics_images, request.data->size());
    return write_output(options.diagnostics, layer_reports_to_json(*reports, images));
}

Result<void> run(const Options& options, Terminal& terminal) {
    if (auto writable = check_outputs(options); !writable) return writable;
    auto target = cost::load_target(options.target);
    if (!target) return forward_error(target);
    auto request = options.run.request(terminal);
    if (!request) return forward_error(request);
    request->keep_logits = !options.logits.empty();
    std::unique_ptr<ProjectFile> project;
    if (!options.project.empty()) {
        auto opened = ProjectFile::open(options.project);
        if (!opened) return forward_error(opened);
        project = std::move(*opened);
    }

    flow::Evaluator evaluator;
    if (options.run.memory_budget) evaluator.set_memory_budget(*options.run.memory_budget);
    const auto narrow = [&](const flow::RunningAccuracy& running) {
        terminal.set_detail(running_text(running));
    };
    auto outcome = evaluator.evaluate(*request, terminal.control(options.run.threads), narrow);
    if (!outcome) return forward_error(outcome);
    if (auto written = write_outputs(options, *outcome, *request->data); !written) return written;
    if (!options.diagnostics.empty())
        if (auto written = diagnose(options, evaluator, *request, terminal, outcome->evaluation); !written)
            return written;
    if (project)
        if (auto stored = store(*project, *request, *target, outcome->evaluation, options.run.calibration);
            !stored)
            return stored;
    const std::optional<double>& within = options.run.decide_within;
    if (options.json) return terminal.print(to_json(*outcome, within));
    return terminal.print(evaluation_text(outcome->evaluation) +
                          (within ? decision_text(*within, outcome->within, outcome->evaluation) : ""));
}

} // namespace

Command evaluate_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "evaluate",
        "Measure accuracy: the quantized network really runs, on every image, beside the float one");
    auto options = std::make_shared<Options>();
    options->run.declare(*command);
    options->run.declare_measuring(*command);
    command
        ->add_option("--save-design", options->save_design,
                     "Write the design with every scale and zero point resolved")
        ->type_name("FILE.json");
    command->add_option("--predictions", options->predictions, "Write index,label,prediction per image")
        ->type_name("FILE.csv");
    command->add_option("--logits", options->logits, "Write the outputs, float32, images x classes")
        ->type_name("FILE.npy");
    CLI::Option* diagnostics =
        command
            ->add_option("--diagnostics", options->diagnostics,
                         "Write fidelity, clipping and histograms of every layer; and see the largest sums")
            ->type_name("FILE.json");
    command->add_option("--diagnostics-images", options->diagnostics_images, "Over the first N images")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str()
        ->needs(diagnostics);
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
