#include "app/cli/command.h"
#include "app/cli/cost_inputs.h"
#include "app/cli/cost_text.h"
#include "app/cli/design_options.h"
#include "app/cli/execution_options.h"
#include "app/cli/json_output.h"
#include "core/base/format.h"
#include "core/base/text.h"
#include "core/cost/cost_model.h"
#include "core/design/json.h"
#include "core/flow/session.h"

#include <nlohmann/json.hpp>

namespace widthwise::cli {
namespace {

struct Options {
    std::string model, objective, zeros, data;
    std::vector<std::string> targets, mappings, nests;
    DesignOptions design;
    ExecutionOptions execution;
    int64_t data_images = 256;
    int threads = 0;
    bool gains = false, json = false;
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

/// The shares of zeros that the estimate was given, and where they are from.
using ZeroShares = std::map<std::string, cost::Zeros>;

Result<ZeroShares> zeros_of(const Options& options, const flow::Model& model, const PrecisionPlan& plan,
                            Terminal& terminal) {
    if (!options.zeros.empty()) return read_zeros(options.zeros, *model.graph);
    if (options.data.empty()) return ZeroShares();
    auto data = flow::load_data(options.data);
    if (!data) return forward_error(data);
    return measured_zeros(model, plan, *data, options.data_images, terminal.control(options.threads));
}

nlohmann::ordered_json zeros_json(const Options& options, const ZeroShares& zeros) {
    if (zeros.empty()) return nullptr;
    auto layers = nlohmann::ordered_json::array();
    for (const auto& [layer, share] : zeros)
        layers.push_back({{"name", layer},
                          {"weights", share.weights},
                          {"inputs", share.inputs},
                          {"outputs", share.outputs}});
    const bool measured = !options.data.empty();
    return {{"basis", measured ? "measured" : "given"},
            {"source", measured ? options.data : options.zeros},
            {"samples", measured ? nlohmann::ordered_json(options.data_images) : nullptr},
            {"layers", layers}};
}

/// A line that says what was measured: plain means over the layers.
std::string zeros_text(const Options& options, const ZeroShares& zeros) {
    if (options.data.empty() || zeros.empty()) return {};
    cost::Zeros mean;
    const auto layers = static_cast<double>(zeros.size());
    for (const auto& [layer, share] : zeros) {
        mean.weights += share.weights / layers;
        mean.inputs += share.inputs / layers;
    }
    return "zeros, mean of the layers: weights " + format_percent(mean.weights) + ", inputs " +
           format_percent(mean.inputs) + " (measured on " + options.data + ")\n";
}

Result<cost::Options> cost_options(const Options& options, const Graph& graph, ZeroShares zeros) {
    cost::Options result;
    options.execution.apply(result);
    result.report_options =
        options.gains || options.execution.reorder || !options.execution.map_options().empty();
    result.zeros = std::move(zeros);
    auto mappings = read_mappings(options.mappings, graph);
    if (!mappings) return forward_error(mappings);
    result.mappings = std::move(*mappings);
    return result;
}

nlohmann::ordered_json document(const CostBreakdown& cost, const nlohmann::ordered_json& zeros) {
    auto json = nlohmann::ordered_json::parse(cost_to_json(cost));
    json["zeros"] = zeros;
    return json;
}

Result<void> show_one(const Options& options, const CostBreakdown& cost, const ZeroShares& zeros,
                      const Graph& graph, Terminal& terminal) {
    std::vector<std::string> shown;
    for (const std::string& name : options.nests) {
        auto layers = named_layers(name, graph, "--nest");
        if (!layers) return forward_error(layers);
        shown.insert(shown.end(), layers->begin(), layers->end());
    }
    if (options.json) return terminal.print(dump(document(cost, zeros_json(options, zeros))));
    return terminal.print((shown.empty() ? cost_text(cost) : nests_text(cost, shown)) +
                          zeros_text(options, zeros));
}

/// Every target that can run the design; those that cannot say why in their place.
Result<void> show_all(const Options& options, const std::vector<TargetCost>& costs, const ZeroShares& zeros,
                      Terminal& terminal) {
    const bool none = std::none_of(costs.begin(), costs.end(), [](const TargetCost& c) { return c.cost; });
    if (none) return tl::unexpected<Error>(costs.front().cost.error());
    if (!options.json) return terminal.print(comparison_text(costs) + zeros_text(options, zeros));
    auto documents = nlohmann::ordered_json::array();
    for (const TargetCost& target : costs)
        documents.push_back(target.cost ? document(*target.cost, zeros_json(options, zeros))
                                        : nlohmann::ordered_json{{"target", target.target},
                                                                 {"error", target.cost.error().to_line()}});
    return terminal.print(dump({{"targets", documents}}));
}

/// Says which options change nothing on this target.
void note_idle_options(const Options& options, const HardwareTarget& target, Terminal& terminal) {
    if (target.kind != TargetKind::fpga_dataflow) return;
    std::vector<std::string> idle = options.execution.map_options();
    if (!options.objective.empty()) idle.insert(idle.begin(), "--objective");
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
    const bool runs = !options.data.empty();
    auto model = flow::load_model(options.model, runs ? zoo::Weights::he_normal : zoo::Weights::zero);
    if (!model) return forward_error(model);
    auto plan = options.design.plan(*model->graph, model->carried_design);
    if (!plan) return forward_error(plan);
    auto zeros = zeros_of(options, *model, *plan, terminal);
    if (!zeros) return forward_error(zeros);
    auto settings = cost_options(options, *model->graph, *zeros);
    if (!settings) return forward_error(settings);
    std::vector<TargetCost> costs;
    for (const HardwareTarget& target : targets)
        costs.push_back({target.name, cost::estimate(*model->graph, *plan, target, *settings)});
    if (costs.size() > 1) return show_all(options, costs, *zeros, terminal);
    if (!costs.front().cost) return forward_error(costs.front().cost);
    return show_one(options, *costs.front().cost, *zeros, *model->graph, terminal);
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
    command
        ->add_option("--objective", options->objective,
                     "What the choice of mappings minimizes: latency, energy or energy_delay [the target's]")
        ->type_name("WHAT");
    CLI::Option* zeros =
        command
            ->add_option(
                "--zeros", options->zeros,
                "Shares of zeros that the target may gate, skip or compress: a CSV with the columns layer "
                "and inputs, weights, outputs (0..1)")
            ->type_name("FILE.csv");
    CLI::Option* data =
        command
            ->add_option("--data", options->data,
                         "Measure these shares instead: the network runs with its design over these images")
            ->type_name("DATA")
            ->excludes(zeros);
    command->add_option("--data-images", options->data_images, "Over the first N images")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str()
        ->needs(data);
    command->add_option("--threads", options->threads, "Worker threads for that; 0: one per core")
        ->check(CLI::Range(0, 4096))
        ->type_name("N")
        ->capture_default_str();
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
    options->execution.declare(*command);
    command->add_flag("--gains", options->gains,
                      "Say what each of the last three gives or would give: three more estimates");
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
