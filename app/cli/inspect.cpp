#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/table.h"
#include "core/design/layer_lookup.h"
#include "core/flow/session.h"
#include "core/graph/layer_work.h"

#include <nlohmann/json.hpp>

namespace widthwise::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
    std::string model;
    bool json = false;
};

/// Dimensions with the batch first, as 1; null downstream of an unsupported op.
Json shape_json(const Value& value) {
    return value.shape_known ? Json(value.shape.dims()) : Json(nullptr);
}

Json ports_json(const Graph& graph, const std::vector<ValueId>& ids) {
    Json ports = Json::array();
    for (const ValueId id : ids) {
        const Value& value = graph.value(id);
        ports.push_back(
            {{"name", value.name}, {"shape", shape_json(value)}, {"type", to_string(value.type)}});
    }
    return ports;
}

Json layer_json(const Graph& graph, NodeId id) {
    const Node& node = graph.node(id);
    Json inputs = Json::array();
    for (const ValueId input : node.inputs)
        if (!graph.value(input).constant) inputs.push_back(shape_json(graph.value(input)));
    return {{"name", node.name},
            {"op", node.op_type},
            {"input_shapes", inputs},
            {"output_shape", node.outputs.empty() ? Json(nullptr) : shape_json(graph.value(node.output()))},
            {"parameters", node_parameters(graph, id)},
            {"macs", node_macs(graph, id)},
            {"quantizable", takes_precision(graph, id)},
            {"weighted", is_weighted(graph, id)}};
}

std::string to_json(const flow::Model& model) {
    const Graph& graph = *model.graph;
    const GraphTotals totals = graph_totals(graph);
    Json layers = Json::array(), unsupported = Json::array();
    for (const NodeId id : graph.node_ids()) {
        layers.push_back(layer_json(graph, id));
        const Node& node = graph.node(id);
        if (node.op == Op::unsupported)
            unsupported.push_back({{"name", node.name}, {"op", node.op_type}, {"why", node.why_unsupported}});
    }
    const Json document = {
        {"name", graph.name()},
        {"source", model.source},
        {"hash", model.hash},
        {"trained", model.trained},
        {"opset", graph.opset()},
        {"inputs", ports_json(graph, graph.inputs())},
        {"outputs", ports_json(graph, graph.outputs())},
        {"layers", layers},
        {"totals", {{"parameters", totals.parameters}, {"macs", totals.macs}, {"layers", totals.layers}}},
        {"unsupported", unsupported},
        {"warnings", model.warnings}};
    return dump(document);
}

std::string to_text(const flow::Model& model) {
    const Graph& graph = *model.graph;
    Table table({"layer", "op", "output", "parameters", "MACs", "takes bits"});
    std::string unsupported;
    for (const NodeId id : graph.node_ids()) {
        const Node& node = graph.node(id);
        const bool known = !node.outputs.empty() && graph.value(node.output()).shape_known;
        const char* takes = is_weighted(graph, id) ? "w a" : reads_activations(graph, id) ? "a" : "";
        table.add({node.name, node.op_type, known ? graph.value(node.output()).shape.to_string() : "?",
                   grouped(node_parameters(graph, id)), grouped(node_macs(graph, id)), takes});
        if (node.op == Op::unsupported)
            unsupported +=
                "not supported: " + node.name + " (" + node.op_type + "): " + node.why_unsupported + "\n";
    }
    const GraphTotals totals = graph_totals(graph);
    return model.name + (model.trained ? "" : " (untrained: good for cost only)") + "\n\n" +
           table.to_string() + "\n" + grouped(totals.layers) + " layers, " + grouped(totals.parameters) +
           " parameters, " + grouped(totals.macs) + " MACs per image\n" + unsupported;
}

} // namespace

Command inspect_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("inspect", "Layers, shapes, parameters and MACs of a network");
    auto options = std::make_shared<Options>();
    command
        ->add_option("MODEL", options->model, "An .onnx file, zoo:NAME, demo, or a SCALE-Sim .csv topology")
        ->required();
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) -> Result<void> {
                auto model = flow::load_model(options->model);
                if (!model) return forward_error(model);
                for (const std::string& warning : model->warnings) terminal.note("warning: " + warning);
                return terminal.print(options->json ? to_json(*model) : to_text(*model));
            }};
}

} // namespace widthwise::cli
