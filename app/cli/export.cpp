#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/run_options.h"
#include "core/base/format.h"
#include "core/base/output_file.h"

#include <nlohmann/json.hpp>

namespace widthwise::cli {
namespace {

using Form = flow::Evaluator::ExportForm;

struct Options {
    RunOptions run;
    std::string format, output;
    bool json = false;
};

const std::map<std::string, Form> k_forms{{"float", Form::real}, {"qdq", Form::qdq}, {"qonnx", Form::qonnx}};

Result<void> run(const Options& options, Terminal& terminal) {
    if (auto writable = check_writable(options.output); !writable) return writable;
    auto request = options.run.request(terminal);
    if (!request) return forward_error(request);
    flow::Evaluator evaluator;
    auto bytes =
        evaluator.export_network(*request, k_forms.at(options.format), terminal.control(options.run.threads));
    if (!bytes) return forward_error(bytes);
    if (auto written = write_output(options.output, *bytes); !written) return written;
    if (options.json)
        return terminal.print(
            dump({{"path", options.output}, {"format", options.format}, {"bytes", bytes->size()}}));
    return terminal.print(options.output + ": " + format_bytes(static_cast<double>(bytes->size())) + ", " +
                          options.format);
}

} // namespace

Command export_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "export", "Write the network with its design for other software: QDQ, QONNX, or float with the "
                  "passes applied");
    auto options = std::make_shared<Options>();
    options->run.declare(*command);
    command
        ->add_option("--format", options->format,
                     "float: passes applied, not quantized; qdq: QuantizeLinear and DequantizeLinear, "
                     "integers of at most 8 bits, runs in ONNX Runtime; qonnx: Quant, any width")
        ->check(CLI::IsMember(std::vector<std::string>{"float", "qdq", "qonnx"}).description(""))
        ->type_name("float|qdq|qonnx")
        ->required();
    command->add_option("-o,--output", options->output, "Write the network there")
        ->type_name("OUT.onnx")
        ->required();
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
