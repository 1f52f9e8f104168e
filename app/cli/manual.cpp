#include "app/cli/command.h"
#include "core/base/resource.h"

namespace widthwise::cli {

Command manual_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("manual", "The manual: designs, cards, targets, the models and their limits");
    return {command, [](Terminal& terminal) { return terminal.print(resource("manual.md")); }};
}

} // namespace widthwise::cli
