#include "app/cli/command.h"
#include "app/cli/cost_inputs.h"
#include "app/cli/cost_text.h"
#include "app/cli/design_options.h"
#include "app/cli/json_output.h"
#include "core/base/text.h"
#include "core/cost/cost_model.h"
#include "core/design/json.h"
#include "core/flow/session.h"

#include <nlohmann/json.hpp>

namespace widthwise::cli {
namespace {

struct Options {
    std::string model, objective, zeros;
    std::vector<std::string> targets, mappings, nests;
    DesignOptions design;
    int64_t batch = 1;
    std::optional<bool> keep_feature_maps;
    bool fuse = false, reorder = false, gains = false;
    bool json = false;
};

Result<void> change(const Options& options, HardwareTarget& target) {
    if (options.objective.empty()) return {};
    for (const Objective objective : {Objective::latency, Objective::energy, Objective::energy_delay})
        if (options.objective == to_string(objective)) {
            target.objective = objective;
            return {};
        }
    return fail(ErrorCode::usage, "unknown objective " + in_quotes(options.objective), "--objective",
                "use latency, energy or energy_delay");
}

Result<cost::Options> cost_options(const Options& options, const Graph& graph) {
    cost::Options result;
    result.batch = options.batch;
    result.keep_feature_maps = options.keep_feature_maps;
    result.fuse_layers = options.fuse;
    result.reorder = options.reorder;
    result.report_options = options.gains || options.keep_feature_maps || options.fuse || options.reorder;
    if (!options.zeros.empty()) {
        auto zeros = read_zeros(options.zeros, graph);
        if (!zeros) return forward_error(zeros);
        result.zeros = std::move(*zeros);
    }
    auto mappings = read_mappings(options.mappings, graph);
    if (!mappings) return forward_error(mappings);
    result.mappings = std::move(*mappings);
    return result;
}

Result<void> show_one(const Options& options, const CostBreakdown& cost, const Graph& graph,
                      Terminal& terminal) {
    std::vector<std::string> shown;
    for (const std::string& name : options.nests) {
        auto layers = named_layers(name, graph, "--nest");
        if (!layers) return forward_error(layers);
        shown.insert(shown.end(), layers->begin(), layers->end());
    }
    if (options.json) return terminal.print(cost_to_json(cost));
    return terminal.print(shown.empty() ? cost_text(cost) : nests_text(cost, shown));
}

/// Every target that can run the design; those that cannot say why in their place.
Result<void> show_all(const Options& options, const std::vector<TargetCost>& costs, Terminal& terminal) {
    const bool none = std::none_of(costs.begin(), costs.end(), [](const TargetCost& c) { return c.cost; });
    if (none) return tl::unexpected<Error>(costs.front().cost.error());
    if (!options.json) return terminal.print(comparison_text(costs));
    auto documents = nlohmann::ordered_json::array();
    for (const TargetCost& target : costs)
        documents.push_back(target.cost ? nlohmann::ordered_json::parse(cost_to_json(*target.cost))
                                        : nlohmann::ordered_json{{"target", target.target},
                                                                 {"error", target.cost.error().to_line()}});
    return terminal.print(dump({{"targets", documents}}));
}

/// Says which options change nothing on this target.
void note_idle_options(const Options& options, const HardwareTarget& target, Terminal& terminal) {
    if (target.kind != TargetKind::fpga_dataflow) return;
    std::vector<std::string> idle;
    if (!options.objective.empty()) idle.emplace_back("--objective");
    if (options.keep_feature_maps)
        idle.emplace_back(*options.keep_feature_maps ? "--keep-feature-maps" : "--no-keep-feature-maps");
    if (options.fuse) idle.emplace_back("--fuse");
    if (!idle.empty())
        terminal.note(join(idle, ", ") + ": no effect on target '" + target.name +
                      "', where every layer has its own unit and maps stream between them");
}

Result<void> run(const Options& options, Terminal& terminal) {
    std::vector<HardwareTarget> targets;
    for (const std::string& name : options.targets) {
        auto target = cost::load_target(name);
        if (!target) return forward_error(target);
        if (auto changed = change(options, *target); !changed) return changed;
        note_idle_options(options, *target, terminal);
        targets.push_back(std::move(*target));
    }
    if (targets.size() > 1 && !options.nests.empty())
        return fail(ErrorCode::usage, "loop nests of several targets", "--nest", "give one --target");
    auto model = flow::load_model(options.model, zoo::Weights::zero);
    if (!model) return forward_error(model);
    auto plan = options.design.plan(*model->graph, model->carried_design);
    if (!plan) return forward_error(plan);
    auto settings = cost_options(options, *model->graph);
    if (!settings) return forward_error(settings);
    std::vector<TargetCost> costs;
    for (const HardwareTarget& target : targets)
        costs.push_back({target.name, cost::estimate(*model->graph, *plan, target, *settings)});
    if (costs.size() > 1) return show_all(options, costs, terminal);
    if (!costs.front().cost) return forward_error(costs.front().cost);
    return show_one(options, *costs.front().cost, *model->graph, terminal);
}

} // namespace

Command cost_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "cost",
        "Modelled latency (s), energy (J), power (W), area (mm2) and memory (bytes) on a hardware target");
    auto options = std::make_shared<Options>();
    command
        ->add_option("MODEL", options->model, "An .onnx file, zoo:NAME, demo, or a SCALE-Sim .csv topology")
        ->required();
    command
        ->add_option(
            "--target", options->targets,
            "A preset (see `widthwise-cli targets`) or a target's JSON file; repeatable: one design on "
            "several targets, side by side")
        ->required()
        ->allow_extra_args(false);
    options->design.declare(*command, false);
    command->add_option("--batch", options->batch, "Images that are processed together")
        ->check(CLI::Range(int64_t{1}, int64_t{65536}))
        ->capture_default_str();
    command
        ->add_option("--objective", options->objective,
                     "What the choice of mappings minimizes: latency, energy or energy_delay [the target's]")
        ->type_name("WHAT");
    command
        ->add_option(
            "--zeros", options->zeros,
            "Shares of zeros that the target may gate, skip or compress: a CSV with the columns layer "
            "and inputs, weights, outputs (0..1)")
        ->type_name("FILE.csv");
    command
        ->add_option("--mapping", options->mappings,
                     "Evaluate this loop nest as it is, instead of searching one; repeatable")
        ->type_name("LAYER=FILE.json")
        ->allow_extra_args(false);
    command
        ->add_option("--nest", options->nests,
                     "Print the loop nest of a layer (or of all that match a glob), with reuse per level; "
                     "repeatable")
        ->type_name("LAYER")
        ->allow_extra_args(false);
    command->add_flag_function(
        "--keep-feature-maps,!--no-keep-feature-maps",
        [options](int64_t count) { options->keep_feature_maps = count > 0; },
        "Feature maps that fit stay in the innermost shared memory between layers [as the target does]");
    command->add_flag(
        "--fuse", options->fuse,
        "Depth-first: chains of layers run tile by tile, so that maps between them stay on the chip");
    command->add_flag("--reorder", options->reorder,
                      "Run the operators in the order that needs least memory at its peak");
    command->add_flag("--gains", options->gains,
                      "Say what each of these three gives or would give: three more estimates");
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
