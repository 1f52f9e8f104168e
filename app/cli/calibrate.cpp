#include "app/cli/calibrate_text.h"
#include "app/cli/command.h"
#include "app/cli/cost_inputs.h"
#include "app/cli/design_options.h"
#include "core/base/output_file.h"
#include "core/base/text.h"
#include "core/flow/session.h"

#include <filesystem>

namespace widthwise::cli {
namespace {

struct Options {
    std::string target, model, measured, zeros, table, table_design, output, name;
    std::vector<std::string> components;
    DesignOptions design;
    int64_t batch = 1;
    bool json = false;
};

/// NAME=LEVEL:BITS
Result<cost::ComponentUse> component_use(const std::string& text) {
    const size_t equals = text.find('='), colon = text.rfind(':');
    cost::ComponentUse use;
    if (equals != std::string::npos && colon != std::string::npos && colon > equals) {
        const auto bits = parse_int(text.substr(colon + 1));
        use = {text.substr(0, equals), text.substr(equals + 1, colon - equals - 1),
               bits && *bits > 0 && *bits < 1 << 20 ? static_cast<int>(*bits) : 0};
    }
    if (use.component.empty() || use.level.empty() || use.word_bits == 0)
        return fail(ErrorCode::usage, in_quotes(text) + " is no NAME=LEVEL:BITS", "--component",
                    "write for example shared_glb=GLB:64, with the bits of one read or write");
    return use;
}

Result<cost::TableFit> from_table(const Options& options, const HardwareTarget& target) {
    std::vector<cost::ComponentUse> uses;
    for (const std::string& text : options.components) {
        auto use = component_use(text);
        if (!use) return forward_error(use);
        uses.push_back(std::move(*use));
    }
    auto table = cost::read_energy_table(options.table, options.table_design);
    if (!table) return forward_error(table);
    return cost::apply_energy_table(target, *table, uses);
}

Result<cost::TargetFit> from_measurements(const Options& options, const HardwareTarget& target) {
    auto model = flow::load_model(options.model, zoo::Weights::zero);
    if (!model) return forward_error(model);
    auto plan = options.design.plan(*model->graph, model->carried_design);
    if (!plan) return forward_error(plan);
    cost::MeasuredRun run;
    run.graph = model->graph;
    run.plan = std::move(*plan);
    run.options.batch = options.batch;
    run.source = options.measured;
    if (!options.zeros.empty()) {
        auto zeros = read_zeros(options.zeros, *model->graph);
        if (!zeros) return forward_error(zeros);
        run.options.zeros = std::move(*zeros);
    }
    auto layers = cost::read_measurements(options.measured, *model->graph);
    if (!layers) return forward_error(layers);
    run.layers = std::move(*layers);
    return cost::fit_target(target, std::span(&run, 1));
}

Result<void> run(const Options& options, Terminal& terminal) {
    if (options.table.empty() && options.measured.empty())
        return fail(ErrorCode::usage, "nothing to calibrate from", "calibrate",
                    "give a MODEL and --measured FILE.csv, or --energy-table FILE.yaml");
    if (options.measured.empty() != options.model.empty())
        return fail(ErrorCode::usage, "a network and its measurements belong together", "calibrate",
                    options.model.empty() ? "name the MODEL that was measured" : "add --measured FILE.csv");
    if (options.table.empty() && !options.components.empty())
        return fail(ErrorCode::usage, "components of no table", "--component",
                    "add --energy-table FILE.yaml");
    if (!options.output.empty())
        if (auto writable = check_writable(options.output); !writable) return writable;
    auto target = cost::load_target(options.target);
    if (!target) return forward_error(target);
    if (!options.name.empty())
        target->name = options.name;
    else if (!options.output.empty()) // it is no longer the preset
        target->name = std::filesystem::path(options.output).stem().string();

    Calibration calibration;
    if (!options.table.empty()) {
        auto table = from_table(options, *target);
        if (!table) return forward_error(table);
        *target = table->target;
        calibration.table = std::move(*table);
    }
    if (!options.measured.empty()) {
        auto fit = from_measurements(options, *target);
        if (!fit) return forward_error(fit);
        calibration.fit = std::move(*fit);
    }
    if (!options.output.empty()) {
        if (auto written = write_output(options.output, target_to_json(calibration.target())); !written)
            return written;
        calibration.path = std::filesystem::absolute(options.output).lexically_normal().string();
    }
    return terminal.print(options.json ? calibration_json(calibration) : calibration_text(calibration));
}

} // namespace

Command calibrate_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "calibrate",
        "Fit a target to a chip: to measured latency or energy of layers, or to an energy table");
    auto options = std::make_shared<Options>();
    command->add_option("TARGET", options->target, "The preset or file to start from")->required();
    command->add_option("MODEL", options->model, "The network that was measured");
    options->design.declare(*command, false);
    command
        ->add_option("--measured", options->measured,
                     "A CSV with the columns layer and latency_s, energy_j or both, of the whole batch")
        ->type_name("FILE.csv");
    command->add_option("--batch", options->batch, "Images that were processed together")
        ->check(CLI::Range(int64_t{1}, int64_t{65536}))
        ->capture_default_str();
    command->add_option("--zeros", options->zeros, "Shares of zeros while it was measured, as for cost")
        ->type_name("FILE.csv");
    command
        ->add_option(
            "--energy-table", options->table,
            "Energies per action: Accelergy's ERT_summary.yaml, or a .csv with the columns component, "
            "action, value, unit")
        ->type_name("FILE");
    command->add_option("--table-design", options->table_design, "Which design of a .csv with several")
        ->type_name("NAME");
    command
        ->add_option(
            "--component", options->components,
            "Which component of the table is which memory level, and the bits of one access; repeatable")
        ->type_name("NAME=LEVEL:BITS")
        ->allow_extra_args(false);
    command->add_option("--name", options->name, "The new target's name [the output file's]")
        ->type_name("NAME");
    command->add_option("-o,--output", options->output, "Where the target goes")->type_name("FILE.json");
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
