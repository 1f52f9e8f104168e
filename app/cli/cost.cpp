#include "app/cli/command.h"
#include "app/cli/design_options.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/cost/cost_model.h"
#include "core/design/json.h"
#include "core/flow/session.h"

namespace widthwise::cli {
namespace {

struct Options {
    std::string model, target;
    DesignOptions design;
    int64_t batch = 1;
    bool json = false;
};

std::string to_text(const CostBreakdown& cost) {
    Table table(
        {"layer", "MACs", "W", "A", "cycles", "latency", "energy", "DRAM", "used", "bound", "mapping"});
    for (const LayerCost& layer : cost.layers)
        table.add({layer.layer, grouped(layer.macs), std::to_string(layer.weight_bits),
                   std::to_string(layer.activation_bits), grouped(layer.cycles),
                   format_si(layer.latency_s, "s"), format_si(layer.energy.total_j(), "J"),
                   format_bytes(layer.dram_bytes), format_percent(layer.utilization, 1),
                   layer.bound == Bound::memory ? "memory" : "compute", layer.mapping});
    std::string text =
        table.to_string() + "\n" + cost.target + ", batch " + std::to_string(cost.batch) + "\n";
    Table totals(
        {"latency", "throughput", "energy", "power", "area", "weights", "model", "BOPS", "DRAM", "used"});
    totals.add({format_si(cost.latency_s, "s"), format_si(cost.throughput_ips, "images/s"),
                format_si(cost.energy_j, "J"), format_si(cost.power_w, "W"),
                format_fixed(cost.area_mm2, 3) + " mm2", format_bytes(cost.weight_bytes),
                format_bytes(cost.model_bytes), format_si(cost.bops, ""), format_bytes(cost.dram_bytes),
                format_percent(cost.utilization, 1)});
    return text + totals.to_string();
}

Result<void> run(const Options& options, Terminal& terminal) {
    auto target = cost::load_target(options.target);
    if (!target) return forward_error(target);
    auto model = flow::load_model(options.model);
    if (!model) return forward_error(model);
    auto plan = options.design.plan(*model->graph, model->carried_design);
    if (!plan) return forward_error(plan);
    auto cost = cost::estimate(*model->graph, *plan, *target, {.batch = options.batch});
    if (!cost) return forward_error(cost);
    return terminal.print(options.json ? cost_to_json(*cost) : to_text(*cost));
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
        ->add_option("--target", options->target,
                     "A preset (see `widthwise-cli targets`) or a target's JSON file")
        ->required();
    options->design.declare(*command, false);
    command->add_option("--batch", options->batch, "Images that are processed together")
        ->check(CLI::Range(int64_t{1}, int64_t{65536}))
        ->capture_default_str();
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
