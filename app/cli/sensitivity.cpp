#include "app/cli/command.h"
#include "app/cli/run_options.h"
#include "app/cli/sensitivity_text.h"
#include "core/cost/cost_model.h"
#include "core/design/json.h"
#include "core/flow/project.h"
#include "core/flow/stored_sensitivity.h"

#include <map>

namespace widthwise::cli {
namespace {

constexpr int k_usual_probes = 64;

struct Options {
    RunOptions run;
    std::vector<int> widths = {2, 3, 4, 6, 8};
    int probes = 0; ///< 0: no traces
    SensitivityMetric metric = SensitivityMetric::top1;
    std::string project;
    bool json = false;
};

/// Null where no project is named. Another network's is refused before anything is measured.
Result<std::unique_ptr<ProjectFile>> open_project(const Options& options,
                                                  const flow::EvaluationRequest& request) {
    if (options.project.empty()) return std::unique_ptr<ProjectFile>();
    auto target = cost::load_target("asic-45nm");
    if (!target) return forward_error(target);
    auto project = ProjectFile::open(options.project);
    if (!project) return forward_error(project);
    if (auto adopted = flow::adopt_network(**project, request.model, *request.data, options.run.calibration,
                                           target_to_json(*target), request.plan);
        !adopted)
        return forward_error(adopted);
    return project;
}

Result<void> run(const Options& options, Terminal& terminal) {
    if (options.metric == SensitivityMetric::hessian && options.probes == 0)
        return fail(ErrorCode::usage, "without traces there is no estimate from them", "--metric hessian",
                    "add --hessian");
    flow::SensitivityRequest request;
    request.widths = options.widths;
    auto base = options.run.request(terminal);
    if (!base) return forward_error(base);
    request.base = std::move(*base);
    request.decide_within = request.base.decide_within;
    request.base.decide_within.reset();
    if (options.probes > 0)
        request.traces = train::HessianOptions{.probes = options.probes, .seed = request.base.seed};
    auto project = open_project(options, request.base);
    if (!project) return forward_error(project);
    flow::Evaluator evaluator;
    if (options.run.memory_budget) evaluator.set_memory_budget(*options.run.memory_budget);
    auto sensitivity = evaluator.sensitivity(request, terminal.control(options.run.threads));
    if (!sensitivity) return forward_error(sensitivity);
    if (*project)
        if (auto id = (*project)->add_sensitivity(flow::to_stored(request, *sensitivity, 0)); !id)
            return forward_error(id);
    return terminal.print(options.json ? sensitivity_to_json(*sensitivity)
                                       : sensitivity_text(*sensitivity, options.widths, options.metric));
}

} // namespace

Command sensitivity_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "sensitivity", "What each layer alone loses at each width, weights and activations apart; the other "
                       "layers keep the design, float without one");
    auto options = std::make_shared<Options>();
    options->run.declare(*command);
    options->run.declare_measuring(*command);
    command->add_option("--widths", options->widths, "Bits to try [2,3,4,6,8]")
        ->delimiter(',')
        ->check(CLI::Range(1, 16).description(""))
        ->allow_extra_args(false)
        ->type_name("N,N,...");
    command
        ->add_option("--hessian", options->probes,
                     "Also estimate the loss from Hessian traces, with up to this many random probes [" +
                         std::to_string(k_usual_probes) + "]")
        ->expected(0, 1)
        ->default_str(std::to_string(k_usual_probes))
        ->check(CLI::Range(2, 100000).description(""))
        ->type_name("PROBES");
    std::map<std::string, SensitivityMetric> metrics;
    for (size_t i = 0; i < k_sensitivity_metrics.size(); ++i)
        metrics.emplace(k_sensitivity_metrics[i], static_cast<SensitivityMetric>(i));
    command->add_option("--metric", options->metric, "What the table shows [top1]")
        ->transform(CLI::CheckedTransformer(metrics).description(""))
        ->type_name("top1|loss|kl|sqnr|hessian");
    command->add_option("--project", options->project, "Keep it in this project file; made if missing")
        ->type_name("FILE.widthwise");
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
