#pragma once
// How a network runs on a target, where that is not the target's own: batch, and what stays on the chip.

#include "core/cost/cost_model.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace widthwise::cli {

struct ExecutionOptions {
    int64_t batch = 1;
    std::optional<bool> keep_feature_maps; ///< nullopt: as the target does
    bool fuse = false, reorder = false;

    /// --batch, --keep-feature-maps, --fuse and --reorder. Not to be moved from then on.
    void declare(CLI::App& command);
    void apply(cost::Options& options) const;
    /// Of --keep-feature-maps and --fuse those that were given, as they were.
    [[nodiscard]] std::vector<std::string> map_options() const;
};

} // namespace widthwise::cli
