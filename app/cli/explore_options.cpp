#include "app/cli/explore_options.h"

#include "core/base/text.h"
#include "core/cost/cost_model.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace widthwise::cli {
namespace {

using explore::Metric;

struct Limit {
    Metric metric;
    const char* option;
    const char* help;
};
constexpr std::array k_limits = {
    Limit{Metric::drop, "--max-drop", "Most that top-1 may drop against float: 0.01 is one point"},
    Limit{Metric::latency, "--max-latency-s", "Longest latency of a batch"},
    Limit{Metric::energy, "--max-energy-j", "Most energy of a batch"},
    Limit{Metric::area, "--max-area-mm2", "Largest chip"},
    Limit{Metric::size, "--max-size-bytes", "Largest model: weights, biases, scales"},
    Limit{Metric::power, "--max-power-w", "Most power"},
    Limit{Metric::throughput, "--min-throughput-ips", "Least throughput, images per second"},
    Limit{Metric::luts, "--max-luts", "Of an FPGA; also the next three"},
    Limit{Metric::dsps, "--max-dsps", "Most DSP slices"},
    Limit{Metric::bram18, "--max-bram18", "Most block RAMs of 18 Kbit"},
    Limit{Metric::urams, "--max-urams", "Most UltraRAMs"},
};

std::string names_of_algorithms() {
    std::vector<std::string> names;
    for (const explore::AlgorithmInfo& info : explore::algorithms()) names.push_back(info.name);
    return join(names, ", ");
}

std::string names_of_scenarios() {
    std::vector<std::string> names;
    for (const explore::Scenario& scenario : explore::scenarios()) names.push_back(scenario.name);
    return join(names, ", ");
}

/// A number, true, false or null as it is; a name in quotes.
std::string json_value(const std::string& text) {
    const auto parsed = nlohmann::json::parse(text, nullptr, false);
    return parsed.is_discarded() ? nlohmann::json(text).dump() : text;
}

/// KEY or KEY=V1,V2,...
Result<flow::HardwareVariable> hardware_variable(const std::string& text) {
    const size_t equals = text.find('=');
    flow::HardwareVariable variable{text.substr(0, equals), {}};
    if (equals == std::string::npos) return variable;
    for (const std::string& value : split(text.substr(equals + 1), ',')) {
        if (trim(value).empty())
            return fail(ErrorCode::usage, in_quotes(text) + " has an empty value", "--vary",
                        "write for example array.rows=8,16,32");
        variable.values.push_back(json_value(trim(value)));
    }
    return variable;
}

Result<Metric> objective(const std::string& name) {
    if (const auto metric = explore::metric_from(name)) return *metric;
    std::vector<std::string> names;
    for (const Metric metric : explore::k_metrics) names.emplace_back(explore::to_string(metric));
    const auto near = nearest_names(name, names);
    return fail(ErrorCode::usage, "there is no objective " + in_quotes(name), "--objective",
                near.empty() ? "choose among " + join(names, ", ")
                             : "did you mean " + join(near, " or ") + "?");
}

void set_limit(explore::Goals& goals, Metric metric, double limit) {
    std::erase_if(goals.constraints, [&](const auto& constraint) { return constraint.metric == metric; });
    goals.constraints.push_back({metric, limit});
}

} // namespace

void ExploreOptions::declare(CLI::App& command) {
    run.declare(command);
    command
        .add_option("--report-data", report_data,
                    "Images that no decision sees, for the front that is reported [30 % of --data, set aside "
                    "by the seed]")
        ->type_name("DATA");
    command.add_option("--target", target, "A preset (see `targets`) or a target's JSON file")->required();
    command
        .add_option("--project", project,
                    "Keeps every design looked at, as soon as it is finished; made if missing")
        ->type_name("P.widthwise")
        ->required();
    command
        .add_option("--algorithm", algorithm,
                    names_of_algorithms() + " [" + explore::algorithms().front().name + "]")
        ->type_name("NAME");
    command.add_option("--budget", budget, "Designs to run, on all images or on as many as they deserve")
        ->check(CLI::Range(int64_t{1}, int64_t{100'000'000}))
        ->type_name("N")
        ->capture_default_str();
    command.add_option("--seed", run.seed, "Of the search, and of how images are drawn and split")
        ->type_name("N")
        ->capture_default_str();
    command.add_option("--limit", run.limit, "Search on N images, drawn by the seed; 0: all")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str();
    command
        .add_option("--sensitivity-images", sensitivity_images,
                    "Search images for the sensitivities that a search starts from; 0: all")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str();
    command.add_flag("--all-images", all_images,
                     "Run every design on all images, none is left early for being clearly worse");
    declare_goals(command);
    declare_space(command);
    command
        .add_option("--save-designs", save_designs,
                    "Write the front here as design-ID.json, with target-ID.json where hardware is searched; "
                    "the folder is made if missing")
        ->type_name("FOLDER");
    command.add_option("--name", name, "What to call this search in the project")->type_name("LABEL");
    command.add_flag("--resume", resume,
                     "Go on with this search where the project has it; of a finished one, its result");
    command.add_flag("--json", json, "One JSON document on stdout");
}

void ExploreOptions::declare_goals(CLI::App& command) {
    command
        .add_option("--scenario", scenario,
                    "Goals that go with a use: " + names_of_scenarios() + "; what is given beside wins")
        ->type_name("NAME");
    command
        .add_option("--objective", objectives,
                    "What to trade off: drop (always) and any of energy, latency, area, size, power, "
                    "throughput, luts, dsps, bram18, urams [energy]")
        ->delimiter(',')
        ->type_name("NAME,...")
        ->allow_extra_args(false);
    for (const Limit& limit : k_limits)
        command.add_option(limit.option, limits[limit.metric], limit.help)->type_name("X");
    execution.declare(command);
}

void ExploreOptions::declare_space(CLI::App& command) {
    const auto widths = [&](const char* option, std::vector<int>& to, const char* help) {
        command.add_option(option, to, help)
            ->delimiter(',')
            ->check(CLI::Range(1, 32).description(""))
            ->allow_extra_args(false)
            ->type_name("N,N,...");
    };
    widths("--weight-widths", space.weight_widths, "Bits that weights may have [2,3,4,6,8]");
    widths("--activation-widths", space.activation_widths, "Bits that activations may have [2,3,4,6,8]");
    const auto formats = [&](const char* option, std::vector<std::string>& to, const char* help) {
        command.add_option(option, to, help)->delimiter(',')->allow_extra_args(false)->type_name("F,...");
    };
    formats("--weight-formats", space.weight_formats,
            "Other formats besides, as `formats` lists them: ternary, log4, e4m3, ...");
    formats("--activation-formats", space.activation_formats, "The same of activations");
    command
        .add_option("--freeze", space.frozen,
                    "Layers that keep the design's precision, a name or a glob; repeatable")
        ->type_name("GLOB")
        ->allow_extra_args(false);
    command.add_flag("--tie", space.tie_operands, "One width for a layer's weights and activations");
    command
        .add_option("--vary", vary,
                    "A parameter of the target to search beside the widths, as array.rows=8,16,32 or "
                    "memory.GLB.bytes (values around its own); repeatable")
        ->type_name("KEY[=V1,V2,...]")
        ->allow_extra_args(false);
}

Result<flow::ExploreRequest> ExploreOptions::request(Terminal& terminal) {
    auto chip = cost::load_target(target);
    if (!chip) return forward_error(chip);
    for (const std::string& text : vary) {
        auto variable = hardware_variable(text);
        if (!variable) return forward_error(variable);
        space.hardware.push_back(std::move(*variable));
    }
    auto base = run.request(terminal);
    if (!base) return forward_error(base);
    if (run.design.bits.empty() && run.design.file.empty() && !base->model.carried_design) {
        // What is not searched (pooling, additions) is then computed as in the w8a8 design.
        run.design.bits = "w8a8";
        auto plan = run.design.plan(*base->model.graph, std::nullopt);
        if (!plan) return forward_error(plan);
        base->plan = std::move(*plan);
    }
    flow::ExploreRequest request;
    if (!report_data.empty()) {
        auto images = flow::load_data(report_data);
        if (!images) return forward_error(images);
        request.report_data = std::move(*images);
    }
    auto searched = flow::make_space(*base->model.graph, base->plan, *chip, space);
    if (!searched) return forward_error(searched);
    request.space = std::move(*searched);
    request.model = std::move(base->model);
    request.data = std::move(base->data);
    request.calibration = std::move(base->calibration);
    request.calibration_samples = base->calibration_samples;
    request.limit = run.limit;
    execution.apply(request.cost);
    request.algorithm = algorithm;
    request.budget = budget;
    request.seed = run.seed;
    request.sensitivity_samples = sensitivity_images;
    request.screen = !all_images;
    auto wanted = goals(request, terminal);
    if (!wanted) return forward_error(wanted);
    request.goals = std::move(*wanted);
    return request;
}

Result<explore::Goals> ExploreOptions::goals(const flow::ExploreRequest& request, Terminal& terminal) const {
    explore::Goals goals;
    if (!scenario.empty()) {
        const PrecisionPlan w8a8 =
            explore::plan_of(request.space, explore::uniform_choices(request.space, 8, 8));
        auto cost = cost::estimate(*request.model.graph, w8a8, request.space.target, request.cost);
        if (!cost) return forward_error(cost);
        auto preset = explore::scenario_goals(scenario, explore::figures_of(*cost));
        if (!preset) return forward_error(preset);
        goals = std::move(*preset);
        for (const explore::Scenario& known : explore::scenarios())
            if (known.name == scenario) terminal.note(known.title + ": " + known.why);
    }
    if (!objectives.empty()) {
        goals.objectives = {Metric::drop};
        for (const std::string& text : objectives) {
            auto metric = objective(text);
            if (!metric) return forward_error(metric);
            if (*metric != Metric::drop) goals.objectives.push_back(*metric);
        }
    }
    for (const auto& [metric, limit] : limits)
        if (limit) set_limit(goals, metric, *limit);
    return goals;
}

} // namespace widthwise::cli
