#include "core/passes/compression_layers.h"

#include "core/base/text.h"
#include "core/graph/layer_work.h"
#include "core/passes/graph_copy.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace widthwise::passes {

namespace {

double relative_error(const std::vector<float>& before, const std::vector<float>& after) {
    double error = 0, norm = 0;
    for (size_t i = 0; i < before.size(); ++i) {
        const double b = before[i], e = b - static_cast<double>(after[i]);
        error += e * e;
        norm += b * b;
    }
    return norm > 0 ? std::sqrt(error / norm) : 0;
}

} // namespace

Result<std::vector<NodeId>> chosen_layers(const Graph& graph, const std::vector<std::string>& names,
                                          bool last_too) {
    std::vector<NodeId> weighted;
    for (const NodeId id : graph.node_ids())
        if (is_weighted(graph, id)) weighted.push_back(id);
    if (weighted.empty())
        return fail(ErrorCode::invalid_input, "no layer of the network has weights", graph.name(),
                    "inspect lists its layers");
    if (names.empty()) {
        if (!last_too && weighted.size() > 1) weighted.pop_back();
        return weighted;
    }
    std::set<NodeId> chosen;
    for (const std::string& name : names) {
        bool found = false;
        for (const NodeId id : weighted) {
            const std::string& layer = graph.node(id).name;
            if (layer != name && !glob_match(name, layer)) continue;
            chosen.insert(id);
            found = true;
        }
        if (found) continue;
        std::vector<std::string> known;
        for (const NodeId id : weighted) known.push_back(graph.node(id).name);
        const auto near = nearest_names(name, known);
        return fail(ErrorCode::usage, "no layer with weights is called " + in_quotes(name), graph.name(),
                    near.empty() ? "inspect lists the layers" : "did you mean " + join(near, " or ") + "?");
    }
    return std::vector<NodeId>(chosen.begin(), chosen.end());
}

Result<GraphPtr> with_constants(const Graph& graph, std::map<ValueId, std::vector<float>> constants) {
    GraphCopy copy(graph);
    for (auto& [id, values] : constants)
        copy.stand_for(id, copy.constant(graph.value(id).name, graph.value(id).shape, std::move(values)));
    for (const Node& node : graph.nodes())
        if (Result<void> ok = copy.copy(node); !ok) return forward_error(ok);
    return copy.finish(graph.outputs());
}

InputRuns input_runs(const Graph& graph, NodeId layer) {
    const Node& node = graph.node(layer);
    const Shape& shape = graph.value(node.inputs[1]).shape;
    const auto dim = [&](size_t axis) { return static_cast<size_t>(shape[axis]); };
    switch (node.op) {
    case Op::conv:
        return {dim(0), dim(1), dim(2) * dim(3)};
    case Op::conv_transpose: {
        const auto groups =
            static_cast<size_t>(std::get<ConvTransposeAttributes>(node.attributes).conv.group);
        return {groups, dim(0) / groups, dim(1) * dim(2) * dim(3)};
    }
    default:
        return {dim(0), dim(1), 1};
    }
}

LayerChange unchanged(const Graph& graph, NodeId layer) {
    const Node& node = graph.node(layer);
    const Tensor& weights = *graph.value(node.inputs[1]).constant;
    LayerChange change;
    change.layer = node.name;
    change.weights_before = change.weights_after = weights.elements();
    change.nonzero_before = change.nonzero_after = count_nonzero(weights.to_f32());
    change.macs_before = change.macs_after = node_macs(graph, layer);
    return change;
}

int64_t count_nonzero(std::span<const float> weights) {
    return std::count_if(weights.begin(), weights.end(), [](float w) { return w != 0; });
}

Result<void> check_finite(const Graph& graph, NodeId layer, std::span<const float> weights) {
    if (std::ranges::all_of(weights, [](float w) { return std::isfinite(w); })) return {};
    return fail(ErrorCode::invalid_input, "weights contain values that are not finite",
                graph.node(layer).name);
}

WeightTensors weights_of(const Graph& graph, const std::vector<NodeId>& layers) {
    WeightTensors tensors;
    for (const NodeId id : layers) {
        const ValueId weights = graph.node(id).inputs[1];
        if (!tensors.contains(weights)) tensors[weights] = graph.value(weights).constant->to_f32();
    }
    return tensors;
}

Result<Compressed> with_weights(const Graph& graph, const std::vector<NodeId>& layers,
                                WeightTensors tensors) {
    Compressed compressed;
    for (const NodeId id : layers) {
        LayerChange change = unchanged(graph, id);
        const ValueId weights = graph.node(id).inputs[1];
        const std::vector<float>& after = tensors.at(weights);
        change.nonzero_after = count_nonzero(after);
        change.relative_error = relative_error(graph.value(weights).constant->to_f32(), after);
        compressed.layers.push_back(std::move(change));
    }
    auto changed = with_constants(graph, std::move(tensors));
    if (!changed) return forward_error(changed);
    compressed.graph = std::move(*changed);
    return compressed;
}

} // namespace widthwise::passes
