#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/cost/cost_model.h"
#include "core/cost/gpu_peak.h"
#include "core/cost/legality.h"
#include "core/cost/machine.h"
#include "core/design/format_pair.h"

#include <nlohmann/json.hpp>

namespace widthwise::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
    std::string name;
    bool json = false;
};

Json supports_json(const HardwareTarget& target) {
    const cost::LegalFormats legal = cost::legal_formats(target);
    Json formats = Json::array();
    for (const FormatPair& pair : legal.pairs) formats.push_back(to_text(pair));
    return {{"formats", formats.empty() ? Json(nullptr) : formats},
            {"widest_weight_bits", legal.widest_weights},
            {"widest_activation_bits", legal.widest_activations},
            {"floats", legal.floats},
            {"per_channel", legal.per_channel},
            {"per_group", legal.per_group},
            {"weight_zero_points", legal.weight_zero_points},
            {"input_zero_points", legal.input_zero_points}};
}

/// MACs per second of the whole target at its own widest operands, of a GPU's fastest units; nullopt where it
/// depends on the design.
std::optional<double> peak_macs_per_s(const HardwareTarget& target) {
    if (target.kind == TargetKind::fpga_dataflow) return std::nullopt;
    const auto machine = cost::make_machine(target, {});
    if (!machine) return std::nullopt;
    return (*machine)->macs_per_cycle() / (*machine)->cycle_s();
}

/// " (int8)": whose peak it is, where the target has one for each precision.
std::string peak_units(const HardwareTarget& target) {
    if (!target.gpu) return {};
    return " (" + cost::unit_name(cost::highest_peak(*target.gpu)->format) + ")";
}

std::string array_text(const HardwareTarget& target) {
    switch (target.kind) {
    case TargetKind::spatial:
        return std::to_string(target.rows) + " x " + std::to_string(target.cols) + " " +
               std::string(to_string(target.dataflow));
    case TargetKind::gpu:
        return std::to_string(target.gpu->multiprocessors) + " SMs";
    case TargetKind::fpga_dataflow:
        break;
    }
    return "a unit per layer";
}

Json entry_json(const std::string& name, const HardwareTarget& target) {
    const auto peak = peak_macs_per_s(target);
    const auto of_array = [&](const auto& value) {
        return target.kind == TargetKind::spatial ? Json(value) : Json(nullptr);
    };
    Json confidence = Json::object();
    for (const auto& [figure, known] : target.confidence)
        confidence[figure] = {
            {"basis", to_string(known.basis)}, {"factor", known.factor}, {"note", known.note}};
    return {{"name", name},
            {"description", target.description},
            {"kind", to_string(target.kind)},
            {"node_nm", target.node_nm},
            {"clock_hz", target.clock_hz},
            {"rows", of_array(target.rows)},
            {"cols", of_array(target.cols)},
            {"dataflow", of_array(to_string(target.dataflow))},
            {"mac_style", of_array(to_string(target.mac.style))},
            {"weight_bits", of_array(target.mac.weight_bits)},
            {"activation_bits", of_array(target.mac.activation_bits)},
            {"peak_macs_per_s", peak ? Json(*peak) : Json(nullptr)},
            {"sizing", target.sizing == Sizing::fixed ? "fixed" : "to_design"},
            {"supports", supports_json(target)},
            {"confidence", confidence}};
}

Result<void> run(const Options& options, Terminal& terminal) {
    if (!options.name.empty()) {
        auto target = cost::load_target(options.name);
        if (!target) return forward_error(target);
        return terminal.print(target_to_json(*target));
    }
    Json targets = Json::array();
    Table table({"target", "kind", "node", "clock", "array", "peak MACs/s", "operands"});
    std::string descriptions;
    for (const std::string& name : cost::preset_names()) {
        auto target = cost::load_target(name);
        if (!target) return forward_error(target);
        const auto peak = peak_macs_per_s(*target);
        targets.push_back(entry_json(name, *target));
        table.add({name, std::string(to_string(target->kind)), format_fixed(target->node_nm, 0) + " nm",
                   format_si(target->clock_hz, "Hz"), array_text(*target),
                   peak ? format_si(*peak, "") + peak_units(*target) : std::string(k_no_number),
                   to_text(cost::legal_formats(*target))});
        descriptions += "\n" + target->description + "\n";
    }
    return terminal.print(options.json ? dump({{"targets", targets}}) : table.to_string() + descriptions);
}

} // namespace

Command targets_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("targets", "The hardware targets, or one of them as a file to change: targets "
                                      "NAME > my.json (calibrate fits one to a chip)");
    auto options = std::make_shared<Options>();
    command->add_option("NAME", options->name, "A preset: its JSON document is printed");
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
