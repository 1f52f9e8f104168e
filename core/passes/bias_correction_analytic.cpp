#include "core/base/format.h"
#include "core/passes/bias_correction.h"
#include "core/passes/channel_means.h"
#include "core/quant/quantizer.h"

#include <algorithm>
#include <cmath>

namespace widthwise::passes {
namespace {

/// (W_q - W) E[x] of each output channel.
Result<std::vector<double>> moved_means(const Layer& layer, const NumberFormat& format,
                                        const ChannelMoments& input) {
    const Result<QuantizedWeights> q =
        quantize_weights(layer.weights, static_cast<int64_t>(layer.out), format);
    if (!q) return fail(q.error().code, q.error().message, layer.name, q.error().remedy);
    std::vector<double> moved(layer.out, 0.0);
    for (size_t i = 0; i < layer.weights.size(); ++i)
        moved[i / layer.row()] +=
            (static_cast<double>(q->values[i]) - layer.weights[i]) * input.mean[layer.input_channel(i)];
    return moved;
}

} // namespace

Result<PassResult> correct_bias_analytic(const Resolved& at, std::vector<Layer>& layers) {
    const std::map<ValueId, ChannelMoments> known = channel_moments(*at.graph, layers);
    PassResult result;
    int unknown = 0;
    double largest = 0;
    for (Layer& layer : layers) {
        const NumberFormat& format = at.resolved.at(layer.name).weights;
        if (!format.is_quantized()) continue;
        const auto input = known.find(at.graph->node(at.graph->find_node(layer.name)).inputs[0]);
        if (input == known.end() || input->second.mean.size() != layer.in()) {
            ++unknown;
            continue;
        }
        auto moved = moved_means(layer, format, input->second);
        if (!moved) return forward_error(moved);
        for (size_t o = 0; o < layer.out; ++o) {
            layer.bias[o] = static_cast<float>(layer.bias[o] - (*moved)[o]);
            largest = std::max(largest, std::abs((*moved)[o]));
        }
        ++result.layers;
    }
    result.summary =
        std::to_string(result.layers) + " layers, largest shift " + format_number(largest) +
        (unknown > 0 ? ", " + std::to_string(unknown) + " with unknown input means left alone" : "");
    return result;
}

} // namespace widthwise::passes
