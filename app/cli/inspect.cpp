#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/design/layer_lookup.h"
#include "core/flow/session.h"
#include "core/graph/layer_work.h"
#include "core/passes/stored_size.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

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

/// What a quantized network carries for a layer; null where it carries nothing.
struct CarriedFormats {
    const NumberFormat* weights = nullptr;
    const NumberFormat* activations = nullptr;
};
CarriedFormats carried_formats(const flow::Model& model, NodeId id) {
    CarriedFormats formats;
    const Graph& graph = *model.graph;
    if (!model.carried_design || !takes_precision(graph, id)) return formats;
    const LayerPrecision& precision = model.carried_design->at(graph.node(id).name);
    if (is_weighted(graph, id)) formats.weights = &precision.weights;
    formats.activations = &precision.activations;
    return formats;
}

Json format_json(const NumberFormat* format) {
    return format ? Json(format->to_string()) : Json(nullptr);
}

/// What the weights would take; nullopt for networks without weights of their own, and for weights that no
/// format holds.
std::optional<passes::NetworkSize> size_of(const flow::Model& model) {
    if (!model.trained) return std::nullopt;
    auto size = passes::stored_size(*model.graph, model.carried_design ? &*model.carried_design : nullptr);
    return size ? std::optional(std::move(*size)) : std::nullopt;
}

const passes::LayerSize* size_of_layer(const std::optional<passes::NetworkSize>& size,
                                       const std::string& layer) {
    if (!size) return nullptr;
    const auto found = std::ranges::find(size->layers, layer, &passes::LayerSize::layer);
    return found == size->layers.end() ? nullptr : &*found;
}

/// Different weights, 0 included; null: more than 256.
Json distinct_json(const passes::LayerSize& layer) {
    const int64_t distinct = layer.distinct + (layer.nonzero < layer.weights ? 1 : 0);
    return distinct > 256 ? Json(nullptr) : Json(distinct);
}

Json bytes_json(const std::optional<passes::NetworkSize>& size) {
    if (!size) return nullptr;
    return {{"float", size->float_bytes},
            {"dense", size->dense_bytes},
            {"sparse", size->sparse_bytes},
            {"huffman", size->huffman_bytes},
            {"best", size->best_bytes}};
}

Json layer_json(const flow::Model& model, const std::optional<passes::NetworkSize>& size, NodeId id) {
    const Graph& graph = *model.graph;
    const passes::LayerSize* stored = size_of_layer(size, graph.node(id).name);
    const Node& node = graph.node(id);
    const CarriedFormats carried = carried_formats(model, id);
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
            {"weighted", is_weighted(graph, id)},
            {"weight_format", format_json(carried.weights)},
            {"activation_format", format_json(carried.activations)},
            {"density", stored ? Json(stored->density()) : Json(nullptr)},
            {"distinct_weights", stored ? distinct_json(*stored) : Json(nullptr)}};
}

std::string to_json(const flow::Model& model) {
    const Graph& graph = *model.graph;
    const GraphTotals totals = graph_totals(graph);
    const std::optional<passes::NetworkSize> size = size_of(model);
    Json layers = Json::array(), unsupported = Json::array();
    for (const NodeId id : graph.node_ids()) {
        layers.push_back(layer_json(model, size, id));
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
        {"quantized", model.carried_design ? Json(plan_label(*model.carried_design, graph)) : Json(nullptr)},
        {"inputs", ports_json(graph, graph.inputs())},
        {"outputs", ports_json(graph, graph.outputs())},
        {"layers", layers},
        {"totals", {{"parameters", totals.parameters}, {"macs", totals.macs}, {"layers", totals.layers}}},
        {"stored_bytes", bytes_json(size)},
        {"unsupported", unsupported},
        {"warnings", model.warnings}};
    return dump(document);
}

/// Of networks whose weights are sparse or share values; else empty.
std::string sizes_text(const std::optional<passes::NetworkSize>& size) {
    if (!size) return {};
    int64_t weights = 0, nonzero = 0, shared = 0, vectors = 0;
    for (const passes::LayerSize& layer : size->layers) {
        weights += layer.weights;
        nonzero += layer.nonzero;
        (layer.vector_length > 1 ? vectors : shared) += layer.codebook;
    }
    // Small layers may take the fewest bytes dense and share values all the same.
    if (nonzero == weights && shared == 0 && vectors == 0) return {};
    return grouped(nonzero) + " of " + grouped(weights) + " weights are not zero, " + std::to_string(shared) +
           " layers share at most 256 values" +
           (vectors > 0 ? ", " + std::to_string(vectors) + " vectors" : "") + ": " +
           grouped(size->float_bytes) + " bytes as floats, " + grouped(size->sparse_bytes) +
           " stored sparse, " + grouped(size->huffman_bytes) + " with Huffman codes\n";
}

std::string to_text(const flow::Model& model) {
    const Graph& graph = *model.graph;
    const bool quantized = model.carried_design.has_value();
    std::vector<std::string> headers{"layer", "op", "output", "parameters", "MACs", "takes bits"};
    if (quantized) headers.insert(headers.end(), {"weights", "activations"});
    Table table(std::move(headers));
    std::string unsupported;
    for (const NodeId id : graph.node_ids()) {
        const Node& node = graph.node(id);
        const bool known = !node.outputs.empty() && graph.value(node.output()).shape_known;
        const char* takes = is_weighted(graph, id) ? "w a" : reads_activations(graph, id) ? "a" : "";
        std::vector<std::string> row{node.name,
                                     node.op_type,
                                     known ? graph.value(node.output()).shape.to_string() : "?",
                                     grouped(node_parameters(graph, id)),
                                     grouped(node_macs(graph, id)),
                                     takes};
        const CarriedFormats carried = carried_formats(model, id);
        for (const NumberFormat* format : {carried.weights, carried.activations})
            if (quantized) row.push_back(format ? format->to_string() : "");
        table.add(std::move(row));
        if (node.op == Op::unsupported)
            unsupported +=
                "not supported: " + node.name + " (" + node.op_type + "): " + node.why_unsupported + "\n";
    }
    const GraphTotals totals = graph_totals(graph);
    return model.name + (model.trained ? "" : " (untrained: good for cost only)") +
           (quantized ? ", quantized: " + plan_label(*model.carried_design, graph) : "") + "\n\n" +
           table.to_string() + "\n" + grouped(totals.layers) + " layers, " + grouped(totals.parameters) +
           " parameters, " + grouped(totals.macs) + " MACs per image\n" + sizes_text(size_of(model)) +
           unsupported;
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
                auto model = flow::load_model(options->model, zoo::Weights::zero);
                if (!model) return forward_error(model);
                for (const std::string& warning : model->warnings) terminal.note("warning: " + warning);
                return terminal.print(options->json ? to_json(*model) : to_text(*model));
            }};
}

} // namespace widthwise::cli
