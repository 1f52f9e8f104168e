#include "core/base/hash.h"
#include "core/engine/zero_shares.h"
#include "core/flow/training.h"
#include "core/graph/layer_work.h"
#include "core/passes/compression_plan.h"
#include "core/passes/prepare.h"

namespace widthwise::flow {
namespace {

/// What it takes to make the network again from its parent: another hash.
std::string hash_of(const Model& parent, const PrecisionPlan& plan,
                    const passes::CompressionRequest& request) {
    std::string recipe = parent.hash + "\n" + passes::to_string(request.method) + "\n";
    for (const std::string& layer : request.layers) recipe += layer + "\n";
    recipe += std::to_string(request.seed);
    if (!plan.values().empty()) recipe += "\n" + plan_to_json(plan);
    return sha256(recipe);
}

/// Weights alone need no images.
PrecisionPlan with_float_activations(PrecisionPlan plan) {
    LayerPrecision everywhere = plan.default_precision();
    everywhere.activations = float32_format();
    plan.set_default(everywhere);
    const auto layers = plan.layers();
    for (const auto& [name, precision] : layers) {
        LayerPrecision changed = precision;
        changed.activations = float32_format();
        plan.set(name, changed);
    }
    return plan;
}

} // namespace

Result<CompressionOutcome> compress_network(const Model& model, const PrecisionPlan& plan,
                                            const passes::CompressionRequest& request,
                                            const WorkControl& control) {
    if (model.topology)
        return fail(ErrorCode::unsupported, "a topology has layers but no weights to compress", model.source,
                    "name an .onnx file or zoo:NAME");
    auto size_before = passes::stored_size(*model.graph, &plan);
    if (!size_before) return forward_error(size_before);
    auto graph = passes::with_values(model.graph, plan);
    if (!graph) return forward_error(graph);
    const PrecisionPlan bare = passes::without_values(plan);
    auto compressed = passes::compress(*graph, request, control);
    if (!compressed) return forward_error(compressed);

    CompressionOutcome outcome;
    outcome.plan = passes::fitted_plan(**graph, bare, *compressed);
    auto size_after = passes::stored_size(*compressed->graph, &outcome.plan);
    if (!size_after) return forward_error(size_after);
    outcome.size_before = std::move(*size_before);
    outcome.size_after = std::move(*size_after);
    const GraphTotals before = graph_totals(*model.graph), after = graph_totals(*compressed->graph);
    outcome.parameters_before = before.parameters;
    outcome.parameters_after = after.parameters;
    outcome.macs_before = before.macs;
    outcome.macs_after = after.macs;

    outcome.model = model;
    outcome.model.hash = hash_of(model, plan, request);
    outcome.model.graph = compressed->graph;
    outcome.model.carried_design.reset();
    if (!outcome.plan.is_float()) outcome.model.carried_design = outcome.plan;
    outcome.model.scales.reset(); // of other weights
    outcome.model.warnings.clear();
    outcome.compressed = std::move(*compressed);
    return outcome;
}

Result<std::map<std::string, ZeroShares>> measure_zeros(const Model& model, const PrecisionPlan& plan,
                                                        const DatasetPtr& data, int64_t samples,
                                                        const WorkControl& control) {
    if (model.topology)
        return fail(ErrorCode::unsupported, "a topology has layers but nothing to run", model.source,
                    "name an .onnx file or zoo:NAME");
    if (data)
        if (Result<void> fit = check_fit(*model.graph, *data); !fit) return forward_error(fit);
    passes::PrepareOptions options;
    options.calibration = data.get();
    options.samples = samples;
    auto prepared =
        passes::prepare(model.graph, data ? plan : with_float_activations(plan), options, control);
    if (!prepared) return forward_error(prepared);
    auto zeros = engine::zero_shares(prepared->graph, prepared->plan, data.get(), samples, control);
    if (!zeros) return forward_error(zeros);
    std::map<std::string, ZeroShares> shares;
    for (const engine::LayerZeros& layer : *zeros)
        shares[layer.layer] = {layer.inputs, layer.weights, layer.outputs};
    return shares;
}

} // namespace widthwise::flow
