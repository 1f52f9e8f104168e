#include "core/engine/evaluator.h"
#include "core/engine/folding.h"
#include "core/engine/quantization_groups.h"
#include "core/graph/layer_work.h"
#include "core/quant/affine.h"

#include <algorithm>
#include <bit>
#include <cmath>

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

Result<void> resolve_weights(const Graph& graph, const Unit& unit, NumberFormat& format) {
    Result<QuantizedWeights> q = quantize_weights(
        folded_weights(graph, unit).weights, graph.value(graph.node(unit.node).inputs[1]).shape[0], format);
    if (!q) return forward_error(q);
    for (const AffineParams& p : q->params) {
        format.scale.push_back(p.scale);
        format.zero_point.push_back(p.zero_point);
    }
    return {};
}

Result<void> resolve_activations(const Graph& graph, const Node& node, const QuantizationGroups& groups,
                                 const Statistics& statistics, NumberFormat& format) {
    for (const ValueId input : activation_inputs(graph, node)) {
        const auto found = statistics.groups.find(groups.of(input));
        if (found == statistics.groups.end() && format.range.type != RangeRuleType::given)
            return fail(ErrorCode::invalid_input, "no calibration statistics for " + graph.value(input).name);
        if (found != statistics.groups.end() && found->second.non_finite() > 0)
            return fail(ErrorCode::invalid_input, "activations are not finite in " + graph.value(input).name,
                        {}, "check the preprocessing of the data");
        const Range range =
            choose_range(found == statistics.groups.end() ? Histogram() : found->second, format.range);
        const AffineParams p = params_for_range(range.lo, range.hi, format);
        format.scale.push_back(p.scale);
        format.zero_point.push_back(p.zero_point);
    }
    // Inputs that share a group share the quantizer: one entry says it.
    const auto all_equal = [](const auto& list) {
        return std::all_of(list.begin(), list.end(), [&](const auto& v) { return v == list.front(); });
    };
    if (all_equal(format.scale) && all_equal(format.zero_point)) {
        format.scale.resize(1);
        format.zero_point.resize(1);
    }
    return {};
}

/// Bits of a two's complement accumulator for all sums of stored inputs and weights, the bias left out.
int accumulator_bits(const QuantizedWeights& weights, size_t channels, int32_t u_max) {
    int64_t lowest = 0, highest = 0;
    const size_t per_channel = weights.q.size() / channels;
    for (size_t c = 0; c < channels; ++c) {
        int64_t negative = 0, positive = 0;
        for (size_t i = c * per_channel; i < (c + 1) * per_channel; ++i)
            (weights.q[i] < 0 ? negative : positive) += weights.q[i];
        lowest = std::min(lowest, negative * u_max);
        highest = std::max(highest, positive * u_max);
    }
    const auto magnitude = static_cast<uint64_t>(std::max(highest, -lowest - 1));
    return 1 + static_cast<int>(std::bit_width(magnitude));
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
    PrecisionPlan resolved(plan.default_precision());
    for (const Unit& unit : fuse(graph)) {
        if (!takes_precision(graph, unit.node)) continue;
        const Node& node = graph.node(unit.node);
        LayerPrecision p = plan.at(node.name);
        Result<void> ok;
        for (const NumberFormat* format : {&p.weights, &p.activations})
            if (ok) ok = validate(*format);
        if (ok && is_weighted(graph, unit.node) && !p.weights.is_resolved())
            ok = resolve_weights(graph, unit, p.weights);
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
        const bool weights_quantized = weighted && p.weights.is_integer();
        const bool integer = p.activations.is_integer() && (!weighted || weights_quantized);
        d.execution = integer                                           ? Execution::int8
                      : weights_quantized || p.activations.is_integer() ? Execution::simulated
                                                                        : Execution::float32;
        if (weights_quantized) {
            const FoldedWeights folded = folded_weights(graph, unit);
            const int64_t channels = graph.value(node.inputs[1]).shape[0];
            Result<QuantizedWeights> q = quantize_weights(folded.weights, channels, p.weights);
            if (!q) {
                q.error().where = node.name;
                return forward_error(q);
            }
            std::vector<float> back(q->q.size());
            const size_t per_channel = back.size() / static_cast<size_t>(channels);
            for (size_t i = 0; i < back.size(); ++i)
                back[i] = q->channel(i / per_channel).dequantize(q->q[i]);
            d.weight_sqnr_db = sqnr_db(folded.weights, back);
            if (integer)
                d.accumulator_bits = accumulator_bits(*q, static_cast<size_t>(channels),
                                                      p.activations.q_max() - p.activations.q_min());
        }
        if (p.activations.is_integer() && statistics) {
            const auto inputs = activation_inputs(graph, node);
            for (size_t i = 0; i < inputs.size(); ++i) {
                const auto found = statistics->groups.find(groups.of(inputs[i]));
                if (found == statistics->groups.end()) continue;
                const size_t k = p.activations.scale.size() > 1 ? i : 0;
                const AffineParams params{p.activations.scale[k],
                                          p.activations.zero_point.empty() ? 0 : p.activations.zero_point[k],
                                          p.activations.q_min(), p.activations.q_max()};
                const double db = expected_sqnr_db(found->second, params);
                d.activation_sqnr_db = std::min(db, d.activation_sqnr_db.value_or(db));
            }
        }
        layers.push_back(std::move(d));
    }
    return layers;
}

} // namespace widthwise::engine
