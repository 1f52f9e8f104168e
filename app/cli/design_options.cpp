#include "app/cli/design_options.h"

#include "core/base/input_file.h"

#include <CLI/CLI.hpp>

namespace widthwise::cli {

void DesignOptions::declare(CLI::App& command) {
    CLI::Option* uniform = command.add_option("--bits", bits,
                                              "Bits of weights and activations everywhere: w8a8, w4a6, w4a32 "
                                              "(32: float), float [float]");
    command
        .add_option("--layer", layers,
                    "NAME=w4a6: bits of one layer, or of all that match a glob (conv*); repeatable")
        ->type_name("NAME=BITS")
        ->allow_extra_args(false);
    command
        .add_option("--design", file, "A design document (widthwise-design/1), as --save-design writes it")
        ->type_name("FILE.json")
        ->excludes(uniform);
    uniform->type_name("wNaM");
}

Result<PrecisionPlan> DesignOptions::plan(const Graph& graph) const {
    PrecisionPlan plan;
    if (!file.empty()) {
        auto text = read_input(file);
        if (!text) return forward_error(text);
        auto read = plan_from_json(*text, graph, file);
        if (!read) return forward_error(read);
        plan = std::move(*read);
    } else if (!bits.empty()) {
        auto everywhere = parse_bits(bits);
        if (!everywhere) return forward_error(everywhere);
        plan.set_default(std::move(*everywhere));
    }
    for (const std::string& option : layers)
        if (auto applied = apply_layer_option(plan, graph, option); !applied) return forward_error(applied);
    return plan;
}

} // namespace widthwise::cli
