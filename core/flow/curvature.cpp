#include "core/flow/curvature.h"

#include "core/graph/folding.h"
#include "core/quant/quantizer.h"
#include "core/train/model.h"

#include <algorithm>

namespace widthwise::flow {
namespace {

Result<double> squared_error(std::span<const float> weights, int64_t out_channels,
                             const NumberFormat& format) {
    auto quantized = quantize_weights(weights, out_channels, format);
    if (!quantized) return forward_error(quantized);
    double sum = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
        const double error = static_cast<double>(quantized->values[i]) - static_cast<double>(weights[i]);
        sum += error * error;
    }
    return sum;
}

} // namespace

Result<train::Curvature> curvature_of(const passes::Prepared& prepared, const Dataset& data,
                                      const train::HessianOptions& options, const WorkControl& control) {
    GraphPtr graph = prepared.graph;
    if (prepared.plan.folds_batch_norm()) {
        auto folded = train::fold_batch_norms(graph);
        if (!folded) return forward_error(folded);
        graph = std::move(*folded);
    }
    return train::hessian_traces(graph, data, options, control);
}

Result<void> add_curvature(const train::Curvature& curvature, const passes::Prepared& prepared,
                           const std::function<NumberFormat(int bits)>& weight_format,
                           Sensitivity& sensitivity) {
    const Graph& graph = *prepared.graph;
    const bool fold = prepared.plan.folds_batch_norm();
    for (const Unit& unit : fuse(graph)) {
        const Node& node = graph.node(unit.node);
        const auto trace = curvature.layers.find(node.name);
        const auto layer = std::ranges::find(sensitivity.layers, node.name, &LayerSensitivity::layer);
        if (trace == curvature.layers.end() || layer == sensitivity.layers.end()) continue;
        // The trace is that of weights which were not folded.
        if (node.op == Op::conv_transpose && unit.batch_norm.valid() && fold) continue;
        layer->weight_trace = trace->second.trace;
        layer->weight_trace_error = trace->second.trace_error;
        const double average = trace->second.trace / static_cast<double>(trace->second.weights);
        const std::vector<float> weights = folded_weights(graph, unit, fold).weights;
        for (SensitivityEntry& entry : layer->weights) {
            auto error = squared_error(weights, output_channels(graph, node), weight_format(entry.bits));
            if (!error) return forward_error(error);
            entry.hessian_nat = average * *error / 2;
        }
    }
    return {};
}

} // namespace widthwise::flow
