#include "app/cli/command.h"
#include "app/cli/run_options.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/design/json.h"

#include <algorithm>

namespace widthwise::cli {
namespace {

struct Options {
    RunOptions run;
    std::vector<int> widths = {2, 3, 4, 6, 8};
    bool json = false;
};

/// One row a layer, one column a width: top-1 where it alone is quantized.
std::string to_text(const Sensitivity& sensitivity, const std::vector<int>& widths) {
    std::vector<std::string> headers{"layer"};
    for (const char* operand : {"W", "A"})
        for (const int bits : widths) headers.push_back(operand + std::to_string(bits));
    Table table(std::move(headers));
    for (const LayerSensitivity& layer : sensitivity.layers) {
        std::vector<std::string> row{layer.layer};
        for (const auto* entries : {&layer.weights, &layer.activations})
            for (const int bits : widths) {
                const auto found = std::find_if(entries->begin(), entries->end(),
                                                [&](const SensitivityEntry& e) { return e.bits == bits; });
                row.push_back(found == entries->end() ? "-" : format_percent(found->top1, 2));
            }
        table.add(std::move(row));
    }
    return table.to_string() + "\ntop-1 with one layer's weights (W) or activations (A) at that width; " +
           "without, " + format_percent(sensitivity.baseline_top1, 2) + " of " +
           grouped(sensitivity.samples) + " images\n" + grouped(sensitivity.evaluations) +
           " evaluations in " + format_si(sensitivity.seconds, "s") + "\n";
}

Result<void> run(const Options& options, Terminal& terminal) {
    flow::SensitivityRequest request;
    request.widths = options.widths;
    auto base = options.run.request(terminal);
    if (!base) return forward_error(base);
    request.base = std::move(*base);
    request.decide_within = request.base.decide_within;
    request.base.decide_within.reset();
    flow::Evaluator evaluator;
    if (options.run.memory_budget) evaluator.set_memory_budget(*options.run.memory_budget);
    auto sensitivity = evaluator.sensitivity(request, terminal.control(options.run.threads));
    if (!sensitivity) return forward_error(sensitivity);
    return terminal.print(options.json ? sensitivity_to_json(*sensitivity)
                                       : to_text(*sensitivity, options.widths));
}

} // namespace

Command sensitivity_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "sensitivity", "What each layer alone loses at each width, weights and activations apart; the other "
                       "layers keep the design, float without one");
    auto options = std::make_shared<Options>();
    options->run.declare(*command);
    options->run.declare_measuring(*command);
    command->add_option("--widths", options->widths, "Bits to try [2,3,4,6,8]")
        ->delimiter(',')
        ->check(CLI::Range(1, 16).description(""))
        ->allow_extra_args(false)
        ->type_name("N,N,...");
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
