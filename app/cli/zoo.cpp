#include "core/graph/zoo.h"
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/base/output_file.h"
#include "core/graph/layer_work.h"
#include "core/onnx/export.h"

#include <nlohmann/json.hpp>

namespace widthwise::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
    std::string name, output;
    bool json = false;
};

Result<void> list(const Options& options, Terminal& terminal) {
    Json networks = Json::array();
    Table table({"network", "description"});
    for (const zoo::Entry& entry : zoo::entries()) {
        networks.push_back({{"name", entry.name}, {"description", entry.description}, {"trained", false}});
        table.add({"zoo:" + std::string(entry.name), std::string(entry.description)});
    }
    if (options.json) return terminal.print(dump({{"networks", networks}}));
    return terminal.print(table.to_string() + "\nUntrained: good for cost only, or to be trained. "
                                              "zoo:NAME@size=32,width=0.5,classes=10 changes one.\n");
}

Result<void> write(const Options& options, Terminal& terminal) {
    const std::string name = options.name.starts_with("zoo:") ? options.name.substr(4) : options.name;
    auto graph = zoo::build(name);
    if (!graph) return forward_error(graph);
    if (options.output.empty())
        return fail(ErrorCode::usage, "no file to write the network to", "zoo " + name, "add -o FILE.onnx");
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

} // namespace

Command zoo_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("zoo", "The built-in architectures, or one of them as an ONNX file");
    auto options = std::make_shared<Options>();
    command->add_option("NAME", options->name, "NAME or NAME@size=32,width=0.5,classes=10");
    command->add_option("-o,--output", options->output, "Write the network there")->type_name("FILE.onnx");
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) {
                return options->name.empty() ? list(*options, terminal) : write(*options, terminal);
            }};
}

} // namespace widthwise::cli
