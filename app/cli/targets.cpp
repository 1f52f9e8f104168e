#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/cost/cost_model.h"

#include <nlohmann/json.hpp>

namespace widthwise::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
    std::string name;
    bool json = false;
};

Result<void> run(const Options& options, Terminal& terminal) {
    if (!options.name.empty()) {
        auto target = cost::load_target(options.name);
        if (!target) return forward_error(target);
        return terminal.print(target_to_json(*target));
    }
    Json targets = Json::array();
    Table table({"target", "node", "clock", "array", "dataflow", "operands"});
    std::string descriptions;
    for (const std::string& name : cost::preset_names()) {
        auto target = cost::load_target(name);
        if (!target) return forward_error(target);
        targets.push_back({{"name", name},
                           {"description", target->description},
                           {"kind", "spatial"},
                           {"node_nm", target->node_nm},
                           {"clock_hz", target->clock_hz},
                           {"rows", target->rows},
                           {"cols", target->cols},
                           {"dataflow", to_string(target->dataflow)},
                           {"weight_bits", target->mac.weight_bits},
                           {"activation_bits", target->mac.activation_bits}});
        table.add(
            {name, format_fixed(target->node_nm, 0) + " nm", format_si(target->clock_hz, "Hz"),
             std::to_string(target->rows) + " x " + std::to_string(target->cols),
             std::string(to_string(target->dataflow)),
             "w" + std::to_string(target->mac.weight_bits) + "a" + std::to_string(target->mac.activation_bits)});
        descriptions += "\n" + target->description + "\n";
    }
    return terminal.print(options.json ? dump({{"targets", targets}}) : table.to_string() + descriptions);
}

} // namespace

Command targets_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "targets", "The hardware targets, or one of them as a file to change: targets NAME > my.json");
    auto options = std::make_shared<Options>();
    command->add_option("NAME", options->name, "A preset: its JSON document is printed");
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
