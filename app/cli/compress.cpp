#include "app/cli/command.h"
#include "app/cli/compression_text.h"
#include "app/cli/cost_inputs.h"
#include "app/cli/design_options.h"
#include "core/base/output_file.h"
#include "core/cost/cost_model.h"
#include "core/flow/training.h"
#include "core/graph/layer_work.h"

namespace widthwise::cli {
namespace {

struct Options {
    std::string model, data, calibration, target, output, save_design;
    std::vector<std::string> methods, layers;
    DesignOptions design;
    int64_t calibrate = 256, limit = 0;
    uint64_t seed = 1;
    int threads = 0;
    bool json = false;
};

/// Everything that is opened before the work starts.
struct Inputs {
    std::vector<passes::CompressionMethod> methods;
    flow::Model model;
    PrecisionPlan plan;
    DatasetPtr data, calibration; ///< null: none
    std::optional<HardwareTarget> target;
};

Result<Inputs> open(const Options& options, Terminal& terminal) {
    for (const std::string* path : {&options.output, &options.save_design})
        if (!path->empty())
            if (auto writable = check_writable(*path); !writable) return forward_error(writable);
    Inputs inputs;
    for (const std::string& text : options.methods) {
        auto method = passes::parse_compression(text);
        if (!method) return forward_error(method);
        inputs.methods.push_back(*method);
    }
    if (!options.target.empty()) {
        auto target = cost::load_target(options.target);
        if (!target) return forward_error(target);
        inputs.target = std::move(*target);
    }
    auto model = flow::load_model(options.model);
    if (!model) return forward_error(model);
    inputs.model = std::move(*model);
    for (const std::string& warning : inputs.model.warnings) terminal.note("warning: " + warning);
    if (inputs.model.topology)
        return fail(ErrorCode::unsupported, "a topology has layers but no weights to compress",
                    inputs.model.source, "name an .onnx file or zoo:NAME");
    auto plan = options.design.plan(*inputs.model.graph, inputs.model.carried_design);
    if (!plan) return forward_error(plan);
    inputs.plan = std::move(*plan);
    for (auto [source, data] :
         {std::pair{&options.data, &inputs.data}, {&options.calibration, &inputs.calibration}}) {
        if (source->empty()) continue;
        auto opened = flow::load_data(*source);
        if (!opened) return forward_error(opened);
        if (auto fit = flow::check_fit(*inputs.model.graph, **opened); !fit) return forward_error(fit);
        *data = std::move(*opened);
    }
    if (inputs.data && !inputs.model.trained)
        terminal.note("note: " + inputs.model.source + " is untrained, its accuracy means nothing");
    return inputs;
}

/// Measures a network in every way that was asked for.
class Scale {
public:
    Scale(const Options& options, const Inputs& inputs, Terminal& terminal)
        : m_options(options), m_inputs(inputs), m_terminal(terminal) {}

    Result<CompressionStep> weigh(const flow::Model& model, const PrecisionPlan& plan) {
        CompressionStep step;
        auto size = passes::stored_size(*model.graph, &plan);
        if (!size) return forward_error(size);
        step.size = std::move(*size);
        const GraphTotals totals = graph_totals(*model.graph);
        step.parameters = totals.parameters;
        step.macs = totals.macs;
        if (m_inputs.target)
            if (auto ok = price(model, plan, step); !ok) return forward_error(ok);
        if (m_inputs.data)
            if (auto ok = measure(model, plan, step); !ok) return forward_error(ok);
        return step;
    }

private:
    Result<void> price(const flow::Model& model, const PrecisionPlan& plan, CompressionStep& step) {
        auto zeros = measured_zeros(model, plan, m_inputs.calibration ? m_inputs.calibration : m_inputs.data,
                                    m_options.calibrate, m_terminal.control(m_options.threads));
        if (!zeros) return forward_error(zeros);
        cost::Options options;
        options.zeros = std::move(*zeros);
        auto cost = cost::estimate(*model.graph, plan, *m_inputs.target, options);
        if (!cost) return forward_error(cost);
        step.energy_j = cost->energy_j;
        step.latency_s = cost->latency_s;
        return {};
    }
    Result<void> measure(const flow::Model& model, const PrecisionPlan& plan, CompressionStep& step) {
        flow::EvaluationRequest request;
        request.model = model;
        request.data = m_inputs.data;
        request.plan = plan;
        request.calibration = m_inputs.calibration;
        request.calibration_samples = m_options.calibrate;
        request.limit = m_options.limit;
        auto outcome = flow::Evaluator().evaluate(request, m_terminal.control(m_options.threads));
        if (!outcome) return forward_error(outcome);
        if (outcome->evaluation.accuracy.samples == 0)
            return fail(ErrorCode::invalid_input, "the data have no labels or the network no classes",
                        m_inputs.data->name(), "leave --data out, or name labelled images");
        step.accuracy = outcome->evaluation.accuracy;
        return {};
    }

    const Options& m_options;
    const Inputs& m_inputs;
    Terminal& m_terminal;
};

Result<void> run(const Options& options, Terminal& terminal) {
    auto inputs = open(options, terminal);
    if (!inputs) return forward_error(inputs);
    CompressionReport report;
    report.model = inputs->model.source;
    report.target = inputs->target ? inputs->target->name : "";
    report.data = inputs->data ? inputs->data->name() : "";
    report.activation_zeros = inputs->target && (inputs->data || inputs->calibration);

    flow::Model model = inputs->model;
    PrecisionPlan plan = inputs->plan;
    Scale scale(options, *inputs, terminal);
    auto before = scale.weigh(model, plan);
    if (!before) return forward_error(before);
    report.steps.push_back(std::move(*before));
    for (const passes::CompressionMethod& method : inputs->methods) {
        auto outcome = flow::compress_network(model, plan, {method, options.layers, options.seed},
                                              terminal.control(options.threads));
        if (!outcome) return forward_error(outcome);
        model = std::move(outcome->model);
        plan = std::move(outcome->plan);
        auto step = scale.weigh(model, plan);
        if (!step) return forward_error(step);
        step->method = method;
        step->changes = std::move(outcome->compressed.layers);
        report.steps.push_back(std::move(*step));
    }
    if (!options.save_design.empty())
        if (auto written = write_output(options.save_design, plan_to_json(plan)); !written) return written;
    if (!options.output.empty()) {
        std::map<std::string, std::string> recipe{{"widthwise.version", flow::program_version()},
                                                  {"widthwise.source", inputs->model.source},
                                                  {"widthwise.seed", std::to_string(options.seed)}};
        for (const passes::CompressionMethod& method : inputs->methods) {
            std::string& list = recipe["widthwise.compression"];
            list += (list.empty() ? "" : ", ") + passes::to_string(method);
        }
        auto bytes = flow::write_trained(model, model.scales.get(), recipe);
        if (!bytes) return forward_error(bytes);
        if (auto written = write_output(options.output, *bytes); !written) return written;
        report.output = options.output;
        report.output_bytes = static_cast<int64_t>(bytes->size());
    }
    return terminal.print(options.json ? compression_json(report) : compression_text(report));
}

} // namespace

Command compress_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "compress",
        "Prune, factorize, share weights, one method after the other, with the effect of each on "
        "size, operations, energy and accuracy; without a METHOD: what is sparse or shared already");
    auto options = std::make_shared<Options>();
    command->add_option("MODEL", options->model, "An .onnx file, demo, or zoo:NAME")->required();
    command->add_option(
        "METHOD", options->methods,
        "weights:0.5 (that share of the weights becomes zero, by magnitude), layer-weights:0.5 (of each "
        "layer), 2:4 (of each 4 weights along the input channels 2 stay), channels:0.3 (that share of the "
        "channels is removed), low-rank:0.95 (layers become two, with that share of the squared singular "
        "values), share:4 (codebooks of 4 bits), vectors:4x8 (codebooks of 8 bits for vectors of 4), "
        "product:4x8 (one for each place of the vector); applied in this order");
    command
        ->add_option("--layers", options->layers,
                     "Only these layers, a name or a glob (conv*); repeatable [all but the last; channels: "
                     "all that can]")
        ->type_name("GLOB")
        ->allow_extra_args(false);
    options->design.declare(*command, true);
    CLI::Option* data =
        command
            ->add_option("--data", options->data,
                         "Measure accuracy after each step on these images, and zeros for --target")
            ->type_name("DATA");
    command
        ->add_option("--calibration", options->calibration,
                     "Images to take activation ranges from [those of --data]")
        ->type_name("DATA")
        ->needs(data);
    command->add_option("--calibrate", options->calibrate, "Number of calibration images, the first ones")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str();
    command->add_option("--limit", options->limit, "Only the first N images of --data; 0: all")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str();
    command
        ->add_option("--target", options->target,
                     "Model energy and latency after each step; zeros of weights are known, those of "
                     "activations are measured with --data")
        ->type_name("TARGET");
    command->add_option("--seed", options->seed, "Seed of k-means on vectors")
        ->type_name("N")
        ->capture_default_str();
    command->add_option("--threads", options->threads, "Worker threads; 0: one per core")
        ->check(CLI::Range(0, 4096))
        ->type_name("N")
        ->capture_default_str();
    command
        ->add_option("-o,--output", options->output,
                     "Write the compressed network there, with its design where it has one")
        ->type_name("OUT.onnx");
    command
        ->add_option("--save-design", options->save_design,
                     "Write the design as it fits the compressed network")
        ->type_name("FILE.json");
    command->add_flag("--json", options->json, "One JSON document on stdout");
    return {command, [options](Terminal& terminal) { return run(*options, terminal); }};
}

} // namespace widthwise::cli
