#pragma once
// DESIGN of the command line: --bits, --layer, --design and what changes a design as a whole, the same for
// every command.

#include "core/base/result.h"
#include "core/design/precision_plan.h"

#include <optional>
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
    std::string weights_range, activations_range, requantization, overflow;
    std::optional<int> accumulator_bits;
    std::vector<std::string> passes;
    bool keep_batch_norm = false;

    /// `executed`: also what only a network that runs can tell apart (ranges, accumulators, requantization,
    /// passes).
    void declare(CLI::App& command, bool executed);
    /// What was asked for; else the `carried` design of a quantized network; else float. Errors: usage and
    /// invalid_input as the design's readers say.
    [[nodiscard]] Result<PrecisionPlan> plan(const Graph& graph,
                                             const std::optional<PrecisionPlan>& carried) const;
};

} // namespace widthwise::cli
