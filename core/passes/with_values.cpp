#include "core/base/text.h"
#include "core/passes/graph_copy.h"
#include "core/passes/prepare.h"

#include <algorithm>
#include <cmath>

namespace widthwise::passes {
namespace {

bool is_layer(Op op) {
    return op == Op::conv || op == Op::conv_transpose || op == Op::gemm;
}

/// What follows a layer and nothing else reads.
NodeId only_reader(const Graph& graph, ValueId value) {
    const auto& consumers = graph.consumers(value);
    return consumers.size() == 1 && !graph.is_output(value) ? consumers.front() : NodeId{};
}

int64_t channels_of(const Graph& graph, const Node& node) {
    const Shape& weights = graph.value(node.inputs[1]).shape;
    if (const auto* a = std::get_if<ConvTransposeAttributes>(&node.attributes))
        return weights[1] * a->conv.group;
    return weights[0];
}

Result<void> check(const Graph& graph, const std::string& name, const LayerValues& values) {
    const NodeId id = graph.find_node(name);
    const auto wrong = [&](std::string what) {
        return fail(ErrorCode::invalid_input, std::move(what), "values of layer " + in_quotes(name),
                    "use the design with the network that it was made for");
    };
    if (!id.valid()) return wrong("the network has no such layer");
    const Node& node = graph.node(id);
    if (!is_layer(node.op) || node.inputs.size() < 2 || !graph.value(node.inputs[1]).constant)
        return wrong("the layer has no weights");
    const auto expect = [&](const std::vector<float>& given, int64_t count,
                            const char* what) -> Result<void> {
        if (static_cast<int64_t>(given.size()) != count)
            return wrong(std::to_string(given.size()) + " " + what + " where the layer has " +
                         std::to_string(count));
        if (!std::all_of(given.begin(), given.end(), [](float v) { return std::isfinite(v); }))
            return wrong(std::string("not all ") + what + " are finite numbers");
        return {};
    };
    if (Result<void> ok = expect(values.weights, graph.value(node.inputs[1]).shape.elements(), "weights");
        !ok)
        return ok;
    if (Result<void> ok = expect(values.bias, channels_of(graph, node), "biases"); !ok) return ok;
    if (values.clip_hi && !std::isfinite(*values.clip_hi)) return wrong("the clip's bound is not finite");
    return {};
}

} // namespace

Result<GraphPtr> with_values(const GraphPtr& graph, const PrecisionPlan& plan) {
    if (plan.values().empty()) return graph;
    for (const auto& [name, values] : plan.values())
        if (Result<void> ok = check(*graph, name, *values); !ok) return forward_error(ok);

    GraphCopy copy(*graph);
    std::vector<bool> dropped(graph->nodes().size(), false);
    std::vector<std::optional<float>> clip_hi(graph->nodes().size());
    for (const NodeId id : graph->node_ids()) {
        const Node& node = graph->node(id);
        if (dropped[id.position()]) {
            copy.stand_for(node.output(), copy.map(node.inputs[0]));
            continue;
        }
        Attributes attributes = node.attributes;
        if (const auto& hi = clip_hi[id.position()]) std::get<ClipAttributes>(attributes).hi = *hi;
        std::vector<ValueId> inputs;
        const auto found = plan.values().find(node.name);
        if (found == plan.values().end()) {
            if (Result<void> ok = copy.copy(node, std::move(attributes)); !ok) return forward_error(ok);
            continue;
        }
        const LayerValues& values = *found->second;
        const Value& weights = graph->value(node.inputs[1]);
        inputs.push_back(copy.map(node.inputs[0]));
        inputs.push_back(copy.constant(weights.name, weights.shape, values.weights));
        const std::string bias =
            node.inputs.size() > 2 ? graph->value(node.inputs[2]).name : node.name + ".bias";
        inputs.push_back(copy.constant(bias, Shape{static_cast<int64_t>(values.bias.size())}, values.bias));
        if (Result<void> ok = copy.copy(node, std::move(attributes), std::move(inputs)); !ok)
            return forward_error(ok);
        NodeId next = only_reader(*graph, node.output());
        if (next.valid() && graph->node(next).op == Op::batch_norm) {
            dropped[next.position()] = true;
            next = only_reader(*graph, graph->node(next).output());
        }
        if (!values.clip_hi) continue;
        if (!next.valid() || graph->node(next).op != Op::clip ||
            std::get<ClipAttributes>(graph->node(next).attributes).lo > *values.clip_hi)
            return fail(ErrorCode::invalid_input, "no Clip follows whose bound could be moved",
                        "values of layer " + in_quotes(node.name),
                        "use the design with the network that it was made for");
        clip_hi[next.position()] = values.clip_hi;
    }
    return copy.finish(graph->outputs());
}

PrecisionPlan without_values(PrecisionPlan plan) {
    const auto values = plan.values();
    for (const auto& [layer, unused] : values) plan.set_values(layer, nullptr);
    return plan;
}

} // namespace widthwise::passes
