#include "core/passes/bias_correction.h"

#include "core/base/format.h"
#include "core/passes/prepare.h"

#include <algorithm>
#include <cmath>

namespace widthwise::passes {
namespace {

bool quantized(const PrecisionPlan& plan, const Layer& layer) {
    const LayerPrecision& p = plan.at(layer.name);
    return p.weights.is_quantized() || p.activations.is_quantized();
}

/// A layer's output before the activation, in a graph that carries values (no BatchNormalization after it).
ValueId sums_of(const Graph& graph, const Layer& layer) {
    return graph.node(graph.find_node(layer.name)).output();
}

Result<std::vector<ChannelSums>> reference_sums(const Graph& reference, const std::vector<Layer>& layers,
                                                const Images& images, const WorkControl& control) {
    std::vector<ValueId> values;
    for (const Layer& layer : layers) values.push_back(sums_of(reference, layer));
    return channel_sums(reference, PrecisionPlan(), values, images, control);
}

/// The quantized sums of one layer with all values as they stand.
Result<ChannelSums> quantized_sums(const Resolved& at, const std::vector<Layer>& layers, size_t layer,
                                   const Images& images, const WorkControl& control) {
    Result<GraphPtr> graph = with_values(at.graph, with_layers({}, layers));
    if (!graph) return forward_error(graph);
    const ValueId value = sums_of(**graph, layers[layer]);
    auto sums = channel_sums(**graph, at.resolved, {&value, 1}, images, control);
    if (!sums) return forward_error(sums);
    return std::move(sums->front());
}

} // namespace

Result<PassResult> correct_bias(const Graph& reference, const Resolved& at, std::vector<Layer>& layers,
                                const Images& images, const WorkControl& control) {
    auto wanted = reference_sums(reference, layers, images, control);
    if (!wanted) return forward_error(wanted);
    PassResult result;
    double largest = 0;
    for (size_t l = 0; l < layers.size(); ++l) {
        control.report("correcting biases", static_cast<int64_t>(l), static_cast<int64_t>(layers.size()));
        if (!quantized(at.resolved, layers[l])) continue;
        auto sums = quantized_sums(at, layers, l, images, control);
        if (!sums) return forward_error(sums);
        double deviation = 0;
        for (size_t c = 0; c < layers[l].out; ++c) deviation += (*wanted)[l].variance(c);
        deviation = std::sqrt(deviation / static_cast<double>(layers[l].out));
        for (size_t c = 0; c < layers[l].out; ++c) {
            const double shift = (*wanted)[l].mean(c) - sums->mean(c);
            layers[l].bias[c] = static_cast<float>(layers[l].bias[c] + shift);
            if (deviation > 0) largest = std::max(largest, std::abs(shift) / deviation);
        }
        ++result.layers;
    }
    result.summary = std::to_string(result.layers) + " layers, largest shift " + format_number(largest) +
                     " standard deviations";
    return result;
}

Result<PassResult> reestimate_batch_norm(const Graph& reference, Resolved& at, std::vector<Layer>& layers,
                                         const Images& images, const WorkControl& control) {
    PassResult result;
    if (std::none_of(layers.begin(), layers.end(), [](const Layer& l) { return l.normal.has_value(); })) {
        result.summary = "no layer has a BatchNormalization";
        return result;
    }
    auto wanted = reference_sums(reference, layers, images, control);
    if (!wanted) return forward_error(wanted);
    int scaled = 0;
    for (size_t l = 0; l < layers.size(); ++l) {
        control.report("measuring BatchNormalization", static_cast<int64_t>(l),
                       static_cast<int64_t>(layers.size()));
        Layer& layer = layers[l];
        if (!layer.normal || !quantized(at.resolved, layer)) continue;
        auto sums = quantized_sums(at, layers, l, images, control);
        if (!sums) return forward_error(sums);
        LayerPrecision precision = at.resolved.at(layer.name);
        NumberFormat& weights = precision.weights;
        const bool scales = weights.is_integer() && weights.scale_type == ScaleType::real &&
                            weights.type != FormatType::fixed_point &&
                            weights.type != FormatType::dynamic_fixed_point &&
                            weights.scale.size() == layer.out && layer.out > 1;
        for (size_t c = 0; c < layer.out; ++c) {
            double factor = 1;
            if (scales) {
                const double before = sums->variance(c), after = (*wanted)[l].variance(c);
                // A channel that quantization has all but silenced has no deviation to go by.
                constexpr double most = 2;
                if (before > 0 && after > 0) factor = std::clamp(std::sqrt(after / before), 1 / most, most);
                weights.scale[c] = static_cast<float>(weights.scale[c] * factor);
                if (!weights.threshold.empty())
                    weights.threshold[c] = static_cast<float>(weights.threshold[c] * factor);
                for (size_t i = c * layer.row(); i < (c + 1) * layer.row(); ++i)
                    layer.weights[i] = static_cast<float>(layer.weights[i] * factor);
            }
            // (sum - bias) scales, so the mean without the bias does.
            const double own = sums->mean(c) - layer.bias[c];
            layer.bias[c] = static_cast<float>((*wanted)[l].mean(c) - own * factor);
        }
        at.resolved.set(layer.name, std::move(precision));
        scaled += scales;
        ++result.layers;
    }
    result.summary = std::to_string(result.layers) + " layers, deviations set in " + std::to_string(scaled);
    return result;
}

} // namespace widthwise::passes
