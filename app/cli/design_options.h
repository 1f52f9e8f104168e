#pragma once
// DESIGN of the command line: --bits, --layer and --design, the same for every command.

#include "core/base/result.h"
#include "core/design/precision_plan.h"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace widthwise::cli {

struct DesignOptions {
    std::string bits;
    std::vector<std::string> layers;
    std::string file;

    void declare(CLI::App& command);
    /// Float where nothing was asked for. Errors: usage and invalid_input as the design's readers say.
    [[nodiscard]] Result<PrecisionPlan> plan(const Graph& graph) const;
};

} // namespace widthwise::cli
