#include "core/design/layer_lookup.h"

#include "core/base/text.h"
#include "core/graph/layer_work.h"

namespace widthwise {

bool takes_precision(const Graph& graph, NodeId node) {
    return is_weighted(graph, node) || reads_activations(graph, node);
}

std::vector<std::string> precision_layers(const Graph& graph) {
    std::vector<std::string> names;
    for (const NodeId id : graph.node_ids())
        if (takes_precision(graph, id)) names.push_back(graph.node(id).name);
    return names;
}

int64_t weight_channels(const Graph& graph, NodeId node) {
    const Node& layer = graph.node(node);
    const Shape& weights = graph.value(layer.inputs[1]).shape;
    if (layer.op != Op::conv_transpose) return weights[0];
    return weights[1] * std::get<ConvTransposeAttributes>(layer.attributes).conv.group;
}

int64_t weight_elements(const Graph& graph, NodeId node) {
    return graph.value(graph.node(node).inputs[1]).shape.elements();
}

Error no_such_layer(const Graph& graph, std::string_view name, std::string where) {
    const std::vector<std::string> candidates = precision_layers(graph);
    const std::vector<std::string> near = nearest_names(name, candidates);
    std::string remedy;
    if (!near.empty())
        remedy = "did you mean " + join(near, ", ") + "?";
    else if (candidates.empty())
        remedy = "this network has no layer that takes a precision";
    else
        remedy = "'inspect' lists the layers, e.g. " + candidates.front();

    const std::string layer = in_quotes(name);
    const NodeId existing = graph.find_node(name);
    std::string message = existing.valid() ? "layer " + layer + " (" + graph.node(existing).op_type +
                                                 ") only passes numbers on and takes no precision"
                                           : "no layer " + layer;
    return Error{ErrorCode::invalid_input, std::move(message), std::move(where), std::move(remedy)};
}

} // namespace widthwise
