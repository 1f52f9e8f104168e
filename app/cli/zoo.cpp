#include "core/graph/zoo.h"
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/base/output_file.h"
#include "core/graph/layer_work.h"
#include "core/graph/network_facts.h"
#include "core/onnx/export.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace widthwise::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
    std::string name, output;
    bool json = false;
};

/// One row of the comparison: what is listed, and what the graph says.
struct Network {
    std::string name; ///< with its options
    zoo::Entry entry; ///< without published accuracies where options changed the network
    NetworkFacts facts;
    int64_t outputs = 0;
};

Result<Network> described(const std::string& spec, const zoo::Entry& entry) {
    auto graph = zoo::build(spec, zoo::Weights::zero);
    if (!graph) return forward_error(graph);
    const Value& output = (*graph)->value((*graph)->outputs().front());
    Network network{spec, entry, network_facts(**graph), output.shape.elements()};
    if (spec != entry.name) network.entry.published = {};
    return network;
}

Json json_of(const Extent& extent) {
    return extent.high == 0 ? Json() : Json{extent.low, extent.high};
}

Json json_of(const zoo::Published& published) {
    if (published.dataset.empty()) return {};
    const auto share = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
    return {{"top1", share(published.top1)},
            {"top5", share(published.top5)},
            {"dataset", published.dataset},
            {"source", published.source}};
}

Json json_of(const Network& network) {
    const auto& [name, entry, facts, outputs] = network;
    const LayerFacts& conv = facts.convolutions;
    const LayerFacts& fc = facts.fully_connected;
    return {{"name", name},
            {"description", entry.description},
            {"source", entry.source},
            {"trained", false},
            {"input_shape", facts.input.dims()},
            {"size_unit", entry.size_unit},
            {"smallest_size", entry.smallest_size},
            {"classes", entry.classes ? Json(outputs) : Json()},
            {"conv_layers", conv.layers},
            {"conv_kernels", facts.kernels},
            {"conv_channels", json_of(conv.channels)},
            {"conv_filters", json_of(conv.filters)},
            {"conv_strides", json_of(facts.strides)},
            {"conv_weights", conv.weights},
            {"conv_macs", conv.macs},
            {"fc_layers", fc.layers},
            {"fc_channels", json_of(fc.channels)},
            {"fc_filters", json_of(fc.filters)},
            {"fc_weights", fc.weights},
            {"fc_macs", fc.macs},
            {"parameters", facts.parameters},
            {"running_statistics", facts.statistics},
            {"macs", facts.macs},
            {"total_activations", facts.total_activations},
            {"peak_activations", facts.peak_activations},
            {"published", json_of(entry.published)}};
}

std::string percent_or_dash(const std::optional<double>& share) {
    return share ? format_percent(*share) : "-";
}

std::string or_dash(std::string text) {
    return text.empty() ? "-" : text;
}

/// The columns of Sze et al. 2017, table II.
std::string comparison(const std::vector<Network>& networks) {
    Table table({"network", "input", "conv", "kernels", "channels", "conv weights", "conv MACs", "fc",
                 "fc weights", "fc MACs", "parameters", "MACs", "peak activations", "top-1", "top-5"});
    for (const auto& [name, entry, facts, outputs] : networks) {
        const LayerFacts& conv = facts.convolutions;
        const LayerFacts& fc = facts.fully_connected;
        const auto count = [](int64_t number) { return format_si(static_cast<double>(number), ""); };
        table.add({"zoo:" + name, facts.input.to_string().substr(2), std::to_string(conv.layers),
                   or_dash(kernels_text(facts)), or_dash(to_string(conv.channels)), count(conv.weights),
                   count(conv.macs), std::to_string(fc.layers), count(fc.weights), count(fc.macs),
                   count(facts.parameters), count(facts.macs), count(facts.peak_activations),
                   percent_or_dash(entry.published.top1), percent_or_dash(entry.published.top5)});
    }
    return table.to_string();
}

Result<void> list(const Options& options, Terminal& terminal) {
    std::vector<Network> networks;
    Json documents = Json::array();
    Table descriptions({"network", "description", "source", "accuracy of"});
    for (const zoo::Entry& entry : zoo::entries()) {
        auto network = described(std::string(entry.name), entry);
        if (!network) return forward_error(network);
        documents.push_back(json_of(*network));
        const zoo::Published& published = entry.published;
        descriptions.add({std::string(entry.name), std::string(entry.description), std::string(entry.source),
                          published.dataset.empty()
                              ? "-"
                              : std::string(published.dataset) + ", " + std::string(published.source)});
        networks.push_back(std::move(*network));
    }
    if (options.json) return terminal.print(dump({{"networks", documents}}));
    return terminal.print(
        comparison(networks) + "\n" + descriptions.to_string() +
        "\nWeights, MACs and activations (at 8 bit: bytes) are for one image; accuracies are "
        "those that others published.\nUntrained: good for cost only, or to be trained. "
        "zoo:NAME@size=32,width=0.5,classes=10 changes one.\n");
}

Result<void> show(const std::string& name, const Options& options, Terminal& terminal) {
    const std::string architecture = name.substr(0, name.find('@'));
    const std::vector<zoo::Entry>& entries = zoo::entries();
    const auto entry =
        std::ranges::find_if(entries, [&](const zoo::Entry& e) { return e.name == architecture; });
    auto network = described(name, entry == entries.end() ? zoo::Entry{} : *entry);
    if (!network) return forward_error(network);
    if (options.json) return terminal.print(dump(json_of(*network)));
    return terminal.print(comparison({*network}) + "\n" + std::string(network->entry.description) + " (" +
                          std::string(network->entry.source) + ")\n");
}

Result<void> write(const std::string& name, const Options& options, Terminal& terminal) {
    auto graph = zoo::build(name);
    if (!graph) return forward_error(graph);
    auto bytes = onnx::export_model(**graph, {{"widthwise.source", "zoo:" + name}});
    if (!bytes) return forward_error(bytes);
    if (auto written = write_output(options.output, *bytes); !written) return forward_error(written);
    const GraphTotals totals = graph_totals(**graph);
    if (options.json)
        return terminal.print(dump({{"path", options.output},
                                    {"bytes", bytes->size()},
                                    {"parameters", totals.parameters},
                                    {"macs", totals.macs},
                                    {"layers", totals.layers}}));
    return terminal.print(options.output + ": " + format_bytes(static_cast<double>(bytes->size())) +
                          ", untrained");
}

Result<void> run(const Options& options, Terminal& terminal) {
    if (options.name.empty() && !options.output.empty())
        return fail(ErrorCode::usage, "no network to write", "--output", "name one: zoo lenet5 -o FILE.onnx");
    if (options.name.empty()) return list(options, terminal);
    const std::string name = options.name.starts_with("zoo:") ? options.name.substr(4) : options.name;
    return options.output.empty() ? show(name, options, terminal) : write(name, options, terminal);
}

} // namespace

Command zoo_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("zoo", "The built-in architectures compared, or one of them as an ONNX file");
    auto options = std::make_shared<Options>();
    command->add_option("NAME", options->name, "NAME or NAME@size=32,width=0.5,classes=10");
    command->add_option("-o,--output", options->output, "Write the network there")->type_name("FILE.onnx");
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
