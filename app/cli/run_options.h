#pragma once
// What all commands that run a network share: network, design, images, calibration, threads, memory.

#include "app/cli/design_options.h"
#include "app/cli/terminal.h"
#include "core/flow/session.h"

#include <optional>
#include <string>

namespace widthwise::cli {

struct RunOptions {
    std::string model, data, calibration;
    DesignOptions design;
    int64_t calibrate = 256, limit = 0;
    uint64_t seed = 1;
    int threads = 0;
    std::optional<double> decide_within;
    std::optional<int64_t> memory_budget; ///< bytes

    /// MODEL, --data, DESIGN, --calibration, --calibrate and --threads.
    void declare(CLI::App& command);
    /// --limit, --seed, --decide-within and --memory-budget.
    void declare_measuring(CLI::App& command);
    /// Opens everything; warnings go to the terminal.
    [[nodiscard]] Result<flow::EvaluationRequest> request(Terminal& terminal) const;
};

} // namespace widthwise::cli
