#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/picture.h"
#include "app/cli/table.h"
#include "core/base/format.h"
#include "core/base/output_file.h"
#include "core/flow/project.h"

#include <nlohmann/json.hpp>

namespace widthwise::cli {
namespace {

struct Options {
    std::string project, output;
    std::vector<int64_t> designs;
    bool json = false;
};

Result<void> run(const Options& options, Terminal& terminal) {
    std::error_code error;
    if (!std::filesystem::exists(options.project, error)) // opening would make an empty one
        return fail(ErrorCode::invalid_input, "no such project", options.project,
                    "evaluate with --project to make one");
    if (auto writable = check_writable(options.output); !writable) return writable;
    auto project = ProjectFile::open(options.project);
    if (!project) return forward_error(project);
    auto report = flow::project_report(**project, options.designs);
    if (!report) return forward_error(report);
    if (options.output.ends_with(".html")) report->pictures = design_space_pictures(report->designs);
    auto bytes = report::write(*report, options.output);
    if (!bytes) return forward_error(bytes);
    if (options.json)
        return terminal.print(
            dump({{"path", options.output}, {"designs", report->designs.size()}, {"bytes", *bytes}}));
    return terminal.print(options.output + ": " + std::to_string(report->designs.size()) +
                          (report->designs.size() == 1 ? " design, " : " designs, ") +
                          format_bytes(static_cast<double>(*bytes)));
}

} // namespace

Command report_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("report", "A report of a project's designs, with the design-space chart");
    auto options = std::make_shared<Options>();
    command->add_option("PROJECT", options->project, "A .widthwise file")->required();
    command->add_option("--design", options->designs, "Only this design; repeatable [all]")
        ->type_name("ID")
        ->allow_extra_args(false);
    command->add_option("-o,--output", options->output, "The extension decides: .html, .md, .csv or .json")
        ->type_name("FILE")
        ->required();
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
