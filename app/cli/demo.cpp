#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/picture.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/base/output_file.h"
#include "core/cost/cost_model.h"
#include "core/flow/session.h"
#include "core/graph/layer_work.h"
#include "core/report/cost_metrics.h"
#include "core/report/report.h"

#include <nlohmann/json.hpp>

namespace widthwise::cli {
namespace {

struct Options {
    std::string output = "widthwise-demo.html";
    std::string target = "asic-45nm";
    int64_t limit = 0;
    bool json = false;
};

/// Four bits, but eight where coarse steps hurt most: the first and last layer, and depthwise convolutions,
/// whose few weights cost next to nothing.
PrecisionPlan mixed_plan(const Graph& graph) {
    PrecisionPlan plan(LayerPrecision{weight_integer(4), activation_integer(4)});
    const LayerPrecision eight{weight_integer(8), activation_integer(8)};
    std::vector<NodeId> weighted;
    for (const NodeId id : graph.node_ids())
        if (is_weighted(graph, id)) weighted.push_back(id);
    for (const NodeId id : weighted) {
        const auto loops = loop_nest(graph, id);
        const bool depthwise = loops && loops->groups > 1;
        if (id == weighted.front() || id == weighted.back() || depthwise)
            plan.set(graph.node(id).name, eight);
    }
    return plan;
}

std::vector<std::pair<std::string, PrecisionPlan>> demo_plans(const Graph& graph) {
    std::vector<std::pair<std::string, PrecisionPlan>> plans{{"float", PrecisionPlan()}};
    for (const int bits : {8, 4})
        plans.emplace_back("w" + std::to_string(bits) + "a" + std::to_string(bits),
                           PrecisionPlan(LayerPrecision{weight_integer(bits), activation_integer(bits)}));
    plans.emplace_back("mixed w4-8 a4-8", mixed_plan(graph));
    return plans;
}

std::string to_text(const report::Report& report, const std::string& path) {
    Table table({"design", "top-1", "95 % low", "95 % high", "vs float", "agreement", "energy", "latency",
                 "area", "size", "images/s"});
    for (const report::Design& design : report.designs) {
        const Accuracy& accuracy = design.evaluation.accuracy;
        table.add({design.label, format_percent(accuracy.top1, 2), format_percent(accuracy.top1_ci95.lo, 2),
                   format_percent(accuracy.top1_ci95.hi, 2), format_points(accuracy.delta_top1) + " pt",
                   format_percent(accuracy.agreement, 2), format_si(design.cost.energy_j, "J"),
                   format_si(design.cost.latency_s, "s"), report::area_text(design.cost),
                   format_bytes(design.cost.model_bytes),
                   grouped(static_cast<long long>(design.evaluation.images_per_second))});
    }
    return table.to_string() + "\nAccuracy measured on " +
           grouped(report.designs.front().evaluation.accuracy.samples) + " images of " + report.data +
           "; energy, latency and area modelled for " + report.target + ", one image.\nReport: " + path +
           "\n";
}

std::string to_json(const report::Report& report, const std::string& path, int64_t bytes) {
    nlohmann::ordered_json designs = nlohmann::ordered_json::array();
    for (const report::Design& design : report.designs)
        designs.push_back({{"label", design.label},
                           {"top1", design.evaluation.accuracy.top1},
                           {"energy_j", design.cost.energy_j},
                           {"latency_s", design.cost.latency_s},
                           {"area_mm2", design.cost.area_mm2},
                           {"model_bytes", design.cost.model_bytes}});
    return dump({{"path", path}, {"designs", designs}, {"bytes", bytes}});
}

Result<void> run(const Options& options, Terminal& terminal) {
    if (auto writable = check_writable(options.output); !writable) return writable;
    auto target = cost::load_target(options.target);
    if (!target) return forward_error(target);
    auto model = flow::load_model("demo");
    if (!model) return forward_error(model);
    auto data = flow::load_data("demo");
    if (!data) return forward_error(data);
    auto calibration = flow::load_data("demo:train");
    if (!calibration) return forward_error(calibration);

    report::Report report;
    report.title = "Widthwise: the demo";
    report.model = model->source;
    report.data = (*data)->name();
    report.target = target->name;
    flow::Evaluator evaluator;
    for (auto& [label, plan] : demo_plans(*model->graph)) {
        flow::EvaluationRequest request;
        request.model = *model;
        request.data = *data;
        request.calibration = *calibration;
        request.limit = options.limit;
        request.plan = std::move(plan);
        terminal.note("evaluating " + label);
        auto outcome = evaluator.evaluate(request, terminal.control());
        if (!outcome) return forward_error(outcome);
        auto cost = cost::estimate(*model->graph, request.plan, *target);
        if (!cost) return forward_error(cost);
        const auto id = static_cast<int64_t>(report.designs.size()) + 1;
        report.designs.push_back({id, label, std::move(outcome->evaluation), std::move(*cost)});
    }
    report.pictures = design_space_pictures(report.designs);
    auto bytes = report::write(report, options.output);
    if (!bytes) return forward_error(bytes);
    const std::string path = std::filesystem::absolute(options.output).lexically_normal().string();
    return terminal.print(options.json ? to_json(report, path, *bytes) : to_text(report, path));
}

} // namespace

Command demo_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "demo", "Evaluate the embedded network at float, w8a8, w4a4 and a mixed design, and write a report");
    auto options = std::make_shared<Options>();
    command->add_option("-o,--output", options->output, "The report: .html, .md, .csv or .json")
        ->type_name("FILE")
        ->capture_default_str();
    command->add_option("--target", options->target, "Hardware to model")
        ->type_name("TARGET")
        ->capture_default_str();
    command->add_option("--limit", options->limit, "Only the first N images; 0: all")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str();
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
