#include "core/engine/calibration.h"
#include "core/engine/evaluator.h"
#include "core/engine/layer_weights.h"
#include "core/engine/layout.h"
#include "core/engine/quantization_groups.h"
#include "core/engine/representation.h"
#include "core/graph/folding.h"
#include "core/graph/layer_work.h"
#include "core/quant/range_rule.h"

#include <algorithm>

namespace widthwise::engine {
namespace {

bool takes_precision(const Graph& graph, NodeId id) {
    return is_weighted(graph, id) || reads_activations(graph, id);
}

std::vector<ValueId> activation_inputs(const Graph& graph, const Node& node) {
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs)
        if (!graph.value(input).constant) inputs.push_back(input);
    return inputs;
}

/// What the scales of one input are taken from: the whole tensor, or its channels, or groups of them.
Result<std::vector<TensorStatistics>> parts_of(const Graph& graph, ValueId input, const NumberFormat& format,
                                               const QuantizationGroups& groups,
                                               const Statistics& statistics) {
    const auto missing = [&] {
        return fail(ErrorCode::invalid_input, "no calibration statistics for " + graph.value(input).name);
    };
    const bool given = format.range.type == RangeRuleType::given;
    std::vector<TensorStatistics> parts;
    if (format.granularity == Granularity::tensor) {
        const auto found = statistics.groups.find(groups.of(input));
        if (found == statistics.groups.end() && !given) return missing();
        parts.push_back(found == statistics.groups.end() ? TensorStatistics() : found->second);
        return parts;
    }
    const auto channels = static_cast<size_t>(extent_of(graph.value(input).shape).channels);
    const size_t each =
        format.granularity == Granularity::channel ? 1 : static_cast<size_t>(format.group_size);
    const auto found = statistics.channels.find(input.index);
    if (found == statistics.channels.end() && !given) return missing();
    for (size_t c = 0; c < channels; c += each) {
        TensorStatistics part;
        for (size_t i = c; found != statistics.channels.end() && i < std::min(c + each, channels); ++i)
            part.merge(found->second[i]);
        parts.push_back(std::move(part));
    }
    return parts;
}

Result<void> resolve_activations(const Graph& graph, const Node& node, const QuantizationGroups& groups,
                                 const Statistics& statistics, NumberFormat& format) {
    const NumberFormat open = format;
    for (const ValueId input : activation_inputs(graph, node)) {
        auto parts = parts_of(graph, input, format, groups, statistics);
        if (!parts) return forward_error(parts);
        for (const TensorStatistics& part : *parts) {
            if (part.histogram.non_finite() > 0)
                return fail(ErrorCode::invalid_input,
                            "activations are not finite in " + graph.value(input).name, {},
                            "check the preprocessing of the data");
            append_scale(scale_from_statistics(part, open), format);
        }
    }
    // Inputs that share a group share the quantizer: one entry says it.
    const auto shrink = [&](auto& list) {
        if (!list.empty()) list.resize(1);
    };
    const auto all_equal = [](const auto& list) {
        return std::all_of(list.begin(), list.end(), [&](const auto& v) { return v == list.front(); });
    };
    if (all_equal(format.scale) && all_equal(format.zero_point) && all_equal(format.threshold)) {
        shrink(format.scale);
        shrink(format.zero_point);
        shrink(format.threshold);
    }
    return {};
}

/// The least SQNR over what the layer reads.
std::optional<double> activation_sqnr(const Graph& graph, const Node& node, const NumberFormat& format,
                                      const QuantizationGroups& groups, const Statistics& statistics) {
    std::optional<double> least;
    if (format.is_dynamic() || format.granularity != Granularity::tensor) return least;
    const auto inputs = activation_inputs(graph, node);
    for (size_t i = 0; i < inputs.size(); ++i) {
        const auto found = statistics.groups.find(groups.of(inputs[i]));
        if (found == statistics.groups.end()) continue;
        const Quantizer quantizer(format, format.scale.size() > 1 ? i : 0);
        const double db = expected_sqnr_db(found->second.histogram, quantizer);
        least = std::min(db, least.value_or(db));
    }
    return least;
}

Result<void> diagnose_weights(const Graph& graph, const Unit& unit, const PrecisionPlan& resolved,
                              LayerDiagnostics& d) {
    const Node& node = graph.node(unit.node);
    const LayerPrecision& p = resolved.at(node.name);
    const FoldedWeights folded = folded_weights(graph, unit, resolved.folds_batch_norm());
    const int64_t channels = output_channels(graph, node);
    const Result<QuantizedWeights> q = quantize_weights(folded.weights, channels, p.weights);
    if (!q) return tl::unexpected<Error>(q.error());
    d.weight_sqnr_db = sqnr_db(folded.weights, q->values);
    if (d.execution == Execution::int8)
        d.accumulator_bits = accumulator_bits(*kernel_weights(*q, p.weights, channels), channels,
                                              p.activations.q_min(), p.activations.q_max());
    return {};
}

} // namespace

bool is_resolved(const Graph& graph, const PrecisionPlan& plan) {
    for (const NodeId id : graph.node_ids()) {
        if (!takes_precision(graph, id)) continue;
        const LayerPrecision& p = plan.at(graph.node(id).name);
        if (!p.activations.is_resolved() || (is_weighted(graph, id) && !p.weights.is_resolved()))
            return false;
    }
    return true;
}

Result<PrecisionPlan> resolve_plan(const Graph& graph, const PrecisionPlan& plan,
                                   const Statistics& statistics) {
    const QuantizationGroups groups(graph);
    PrecisionPlan resolved = plan; // what holds for the whole network stays
    for (const Unit& unit : fuse(graph)) {
        if (!takes_precision(graph, unit.node)) continue;
        const Node& node = graph.node(unit.node);
        LayerPrecision p = plan.at(node.name);
        Result<void> ok = validate(p.weights);
        if (ok) ok = check_activation_format(p.activations);
        if (ok && is_weighted(graph, unit.node) && !p.weights.is_resolved()) {
            auto format = resolve_weight_format(folded_weights(graph, unit, plan.folds_batch_norm()).weights,
                                                output_channels(graph, node), p.weights);
            if (format)
                p.weights = std::move(*format);
            else
                ok = forward_error(format);
        }
        if (ok && !p.activations.is_resolved())
            ok = resolve_activations(graph, node, groups, statistics, p.activations);
        if (!ok) {
            ok.error().where = node.name;
            return forward_error(ok);
        }
        resolved.set(node.name, std::move(p));
    }
    return resolved;
}

Result<std::vector<LayerDiagnostics>> diagnose(const Graph& graph, const PrecisionPlan& resolved,
                                               const Statistics* statistics) {
    const QuantizationGroups groups(graph);
    std::vector<LayerDiagnostics> layers;
    for (const Unit& unit : fuse(graph)) {
        if (!takes_precision(graph, unit.node)) continue;
        const Node& node = graph.node(unit.node);
        const LayerPrecision& p = resolved.at(node.name);
        const bool weighted = is_weighted(graph, unit.node);
        LayerDiagnostics d;
        d.layer = node.name;
        if (weighted) d.weight_format = p.weights;
        d.activation_format = p.activations;
        const bool weights_quantized = weighted && p.weights.is_quantized();
        const bool integer =
            activations_fit_kernels(p.activations) && (!weighted || weights_fit_kernels(p.weights));
        d.execution = integer                                             ? Execution::int8
                      : weights_quantized || p.activations.is_quantized() ? Execution::simulated
                                                                          : Execution::float32;
        if (weights_quantized)
            if (Result<void> ok = diagnose_weights(graph, unit, resolved, d); !ok) {
                ok.error().where = node.name;
                return forward_error(ok);
            }
        if (p.activations.is_quantized() && statistics)
            d.activation_sqnr_db = activation_sqnr(graph, node, p.activations, groups, *statistics);
        layers.push_back(std::move(d));
    }
    return layers;
}

} // namespace widthwise::engine
