// widthwise-cli: the core plus an argument parser. The contract that scripts rely on is in the manual.

#include "app/cli/command.h"
#include "core/flow/session.h"

#include <csignal>
#include <new>

namespace {

using namespace widthwise;

/// Constructed before main, so that the handler never meets a half-made token.
const CancelToken g_cancel;

/// Only an atomic store; a second Ctrl-C ends the program at once.
void on_interrupt(int) {
    g_cancel.cancel();
}

void handle_interrupt() {
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    action.sa_flags = SA_RESETHAND | SA_RESTART;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

constexpr const char* k_footer =
    R"(MODEL   an .onnx file, zoo:NAME (untrained), demo (embedded), or for inspect and cost a SCALE-Sim .csv topology
DATA    a dataset card (JSON), a folder, demo (test images) or demo:train
DESIGN  --bits w8a8 and any number of --layer NAME=w4a6, or --design FILE.json; none: what a quantized MODEL
        carries, else float. `formats` lists the number formats
TARGET  a preset of `targets`, or a JSON file

Units are in the names: _s seconds, _j joules, _mm2, _w watts, _bytes, _db; accuracies and shares are fractions 0..1 in JSON.
Exit codes: 0 done, 2 wrong usage, 3 invalid input, 4 the work failed (disk full, out of memory), 130 cancelled.
`widthwise-cli COMMAND --help` lists a command's options; `widthwise-cli manual` prints the manual.)";

/// The exit code that the parser's own request (help, version) or complaint leads to.
int finish_parsing(const CLI::App& app, const CLI::ParseError& problem, cli::Terminal& terminal) {
    if (problem.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(problem);
    const auto chosen = app.get_subcommands();
    const std::string where = chosen.empty() ? std::string() : chosen.front()->get_name();
    const std::string help =
        where.empty() ? "see widthwise-cli --help" : "see widthwise-cli " + where + " --help";
    terminal.show(Error{ErrorCode::usage, problem.what(), where, help});
    return exit_code(ErrorCode::usage);
}

int run(int argc, char** argv, cli::Terminal& terminal) {
    CLI::App app("Widthwise: choose bit widths per layer; measure accuracy, model what the hardware pays.",
                 "widthwise-cli");
    app.footer(k_footer);
    app.set_version_flag("--version", flow::program_version());
    app.require_subcommand(1);
    const std::vector<cli::Command> commands{
        cli::inspect_command(app),  cli::evaluate_command(app),  cli::sensitivity_command(app),
        cli::cost_command(app),     cli::calibrate_command(app), cli::export_command(app),
        cli::formats_command(app),  cli::targets_command(app),   cli::zoo_command(app),
        cli::compress_command(app), cli::train_command(app),     cli::explore_command(app),
        cli::searches_command(app), cli::report_command(app),    cli::demo_command(app),
        cli::manual_command(app)};
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        return finish_parsing(app, problem, terminal);
    }
    handle_interrupt();
    for (const cli::Command& command : commands) {
        if (!command.options->parsed()) continue;
        if (auto result = command.run(terminal); !result) {
            terminal.show(result.error());
            return exit_code(result.error().code);
        }
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    cli::Terminal terminal(g_cancel);
    try {
        return run(argc, argv, terminal);
    } catch (const std::bad_alloc&) {
        terminal.show(
            Error{ErrorCode::out_of_memory, "out of memory", {}, "use a smaller network or fewer threads"});
        return exit_code(ErrorCode::out_of_memory);
    } catch (const std::exception& problem) {
        terminal.show(Error{ErrorCode::failed, problem.what(), {}, "please report this"});
        return exit_code(ErrorCode::failed);
    }
}
