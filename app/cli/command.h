#pragma once
// A command is a CLI11 subcommand with what to do once its options are read. One file a command.

#include "app/cli/terminal.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

namespace widthwise::cli {

struct Command {
    CLI::App* options = nullptr;
    std::function<Result<void>(Terminal&)> run;
};

/// Each declares its options on a subcommand of `app`.
[[nodiscard]] Command inspect_command(CLI::App& app);
[[nodiscard]] Command evaluate_command(CLI::App& app);
[[nodiscard]] Command sensitivity_command(CLI::App& app);
[[nodiscard]] Command explore_command(CLI::App& app);
[[nodiscard]] Command searches_command(CLI::App& app);
[[nodiscard]] Command cost_command(CLI::App& app);
[[nodiscard]] Command calibrate_command(CLI::App& app);
[[nodiscard]] Command export_command(CLI::App& app);
[[nodiscard]] Command formats_command(CLI::App& app);
[[nodiscard]] Command targets_command(CLI::App& app);
[[nodiscard]] Command zoo_command(CLI::App& app);
[[nodiscard]] Command compress_command(CLI::App& app);
[[nodiscard]] Command train_command(CLI::App& app);
[[nodiscard]] Command report_command(CLI::App& app);
[[nodiscard]] Command demo_command(CLI::App& app);
[[nodiscard]] Command manual_command(CLI::App& app);

} // namespace widthwise::cli
