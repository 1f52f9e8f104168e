#pragma once
// What `explore` is asked to do.

#include "app/cli/execution_options.h"
#include "app/cli/run_options.h"
#include "core/flow/explore.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace widthwise::cli {

/// Not to be moved once declared: the parser writes into it.
struct ExploreOptions {
    RunOptions run; ///< its design is what layers keep that are not searched
    std::string report_data, target, project, name, save_designs;
    std::string algorithm, scenario;
    std::vector<std::string> objectives, vary;
    std::map<explore::Metric, std::optional<double>> limits;
    flow::SpaceOptions space;
    int64_t budget = 400, sensitivity_images = 256;
    ExecutionOptions execution;
    bool resume = false, all_images = false, json = false;

    void declare(CLI::App& command);
    /// Opens everything and forms space and goals. Warnings, and what the scenario took for its limits, go to
    /// the terminal. Errors: as the readers', make_space's and scenario_goals'; usage for unknown objectives
    /// and for texts that are no KEY=VALUES.
    [[nodiscard]] Result<flow::ExploreRequest> request(Terminal& terminal);

private:
    void declare_goals(CLI::App& command);
    void declare_space(CLI::App& command);
    [[nodiscard]] Result<explore::Goals> goals(const flow::ExploreRequest& request, Terminal& terminal) const;
};

} // namespace widthwise::cli
