#include "core/passes/layers.h"

#include "core/graph/layer_work.h"

#include <cmath>

namespace widthwise::passes {
namespace {

ChannelMoments normal_of(const Graph& graph, const Node& batch_norm) {
    const auto gamma = graph.value(batch_norm.inputs[1]).constant->to_f32();
    const auto beta = graph.value(batch_norm.inputs[2]).constant->to_f32();
    ChannelMoments moments;
    for (size_t c = 0; c < gamma.size(); ++c) {
        moments.mean.push_back(beta[c]);
        moments.variance.push_back(static_cast<double>(gamma[c]) * static_cast<double>(gamma[c]));
    }
    return moments;
}

} // namespace

std::vector<Layer> layers_of(const Graph& graph) {
    std::vector<Layer> layers;
    for (const Unit& unit : fuse(graph)) {
        const Node& node = graph.node(unit.node);
        if ((node.op != Op::conv && node.op != Op::gemm) || !is_weighted(graph, unit.node)) continue;
        Layer layer;
        layer.name = node.name;
        layer.node = unit.node;
        layer.input = node.inputs[0];
        layer.sums = unit.batch_norm.valid() ? graph.node(unit.batch_norm).output() : node.output();
        layer.clamp = unit.clamp;
        const NodeId last = graph.producer(unit.output);
        if (graph.node(last).op == Op::clip) layer.clip = last;
        const Shape& shape = graph.value(node.inputs[1]).shape;
        layer.out = static_cast<size_t>(shape[0]);
        layer.in_each = static_cast<size_t>(shape[1]);
        if (const auto* conv = std::get_if<ConvAttributes>(&node.attributes)) {
            layer.convolution = true;
            layer.groups = static_cast<size_t>(conv->group);
            layer.taps = static_cast<size_t>(shape[2] * shape[3]);
        }
        FoldedWeights folded = folded_weights(graph, unit);
        layer.weights = std::move(folded.weights);
        layer.bias = std::move(folded.bias);
        if (unit.batch_norm.valid()) layer.normal = normal_of(graph, graph.node(unit.batch_norm));
        layers.push_back(std::move(layer));
    }
    return layers;
}

PrecisionPlan with_layers(PrecisionPlan plan, const std::vector<Layer>& layers) {
    for (const Layer& layer : layers) {
        auto values = std::make_shared<LayerValues>();
        values->weights = layer.weights;
        values->bias = layer.bias;
        values->clip_hi = layer.clip_hi;
        // A Clip that an earlier preparation has moved stays there.
        const auto given = plan.values().find(layer.name);
        if (!values->clip_hi && given != plan.values().end()) values->clip_hi = given->second->clip_hi;
        plan.set_values(layer.name, std::move(values));
    }
    return plan;
}

} // namespace widthwise::passes
