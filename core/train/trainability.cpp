#include "core/train/trainability.h"

#include <algorithm>

namespace widthwise::train {
namespace {

bool is_constant(const Graph& graph, ValueId id) {
    return graph.value(id).constant != nullptr;
}

/// Constants after the first input are f32 and there; the first is an activation.
bool learned_constants(const Graph& graph, const Node& node) {
    if (is_constant(graph, node.inputs[0])) return false;
    return std::ranges::all_of(node.inputs.begin() + 1, node.inputs.end(), [&](ValueId id) {
        return is_constant(graph, id) && graph.value(id).type == DataType::f32;
    });
}

std::string obstacle_of_average(const Graph& graph, const Node& node) {
    const auto& reduce = std::get<ReduceAttributes>(node.attributes);
    const Shape& in = graph.value(node.inputs[0]).shape;
    return in.rank() == 4 && reduce.axes == std::vector<int64_t>{2, 3}
               ? ""
               : "only means over height and width can be trained";
}

std::string obstacle_of_function(const FunctionAttributes& function) {
    switch (function.function) {
    case Function::hard_sigmoid:
        return function.alpha > 0 ? "" : "its slope is not positive";
    case Function::hard_swish:
    case Function::silu:
    case Function::gelu:
    case Function::gelu_tanh:
    case Function::elu:
        return "";
    default:
        return "training has no gradient for it";
    }
}

std::string obstacle_of_normalization(const Graph& graph, const Node& node) {
    const Shape& in = graph.value(node.inputs[0]).shape;
    if (in.rank() != 4 && in.rank() != 2) return "only maps and vectors can be trained";
    return learned_constants(graph, node) ? "" : "its weights are not constants in float32";
}

/// Two activations differ in more than what is repeated when one is not as deep as the other: its axes would
/// not start at the batch.
std::string obstacle_of_pair(const Graph& graph, const Node& node) {
    const Value &left = graph.value(node.inputs[0]), &right = graph.value(node.inputs[1]);
    if (left.constant && right.constant) return "both sides are constants";
    if (left.constant || right.constant) return "";
    return left.shape.rank() == right.shape.rank() ? "" : "its sides differ in rank";
}

/// Empty when the node can be trained through; otherwise why not.
std::string obstacle(const Graph& graph, const Node& node) {
    const Shape& in = graph.value(node.inputs[0]).shape;
    const auto any_constant_input = [&] {
        return std::ranges::any_of(node.inputs, [&](ValueId id) { return is_constant(graph, id); });
    };
    switch (node.op) {
    case Op::conv:
    case Op::conv_transpose:
        if (in.rank() != 4) return "only maps of rank 4 can be trained";
        return learned_constants(graph, node) ? "" : "its weights are not constants in float32";
    case Op::batch_norm:
        return obstacle_of_normalization(graph, node);
    case Op::gemm:
        if (in.rank() != 2) return "only one vector for each image can be trained";
        return learned_constants(graph, node) ? "" : "its weights are not constants in float32";
    case Op::relu:
    case Op::leaky_relu:
    case Op::clip:
    case Op::sigmoid:
    case Op::tanh:
    case Op::identity:
    case Op::quantize:
    case Op::reshape:
    case Op::transpose:
    case Op::slice:
    case Op::pad:
    case Op::depth_to_space:
    case Op::space_to_depth:
    case Op::global_average_pool:
        return any_constant_input() ? "its input is a constant" : "";
    case Op::function:
        if (any_constant_input()) return "its input is a constant";
        return obstacle_of_function(std::get<FunctionAttributes>(node.attributes));
    case Op::reduce_mean:
        return obstacle_of_average(graph, node);
    case Op::lrn:
        // oneDNN's window has one channel in the middle.
        return std::get<LrnAttributes>(node.attributes).size % 2 == 1 && in.rank() == 4
                   ? ""
                   : "only odd windows over maps can be trained";
    case Op::div:
        if (!is_constant(graph, node.inputs[1])) return "it divides by an activation";
        [[fallthrough]];
    case Op::add:
    case Op::sub:
    case Op::mul:
        return obstacle_of_pair(graph, node);
    case Op::concat:
        return any_constant_input() ? "one input is a constant" : "";
    case Op::max_pool:
    case Op::average_pool: {
        if (in.rank() != 4) return "only maps of rank 4 can be trained";
        const auto& pool = std::get<PoolAttributes>(node.attributes);
        // The frameworks disagree on what an overhanging window divides by.
        return pool.ceil_mode && pool.count_include_pad && node.op == Op::average_pool
                   ? "ceil_mode together with count_include_pad"
                   : "";
    }
    case Op::unsupported:
        return node.why_unsupported;
    default:
        return "training has no gradient for it";
    }
}

ValueId logits_of(const Graph& graph) {
    ValueId value = graph.outputs().front();
    for (NodeId producer = graph.producer(value); producer.valid(); producer = graph.producer(value)) {
        const Node& node = graph.node(producer);
        value = node.inputs[0];
        if (node.op == Op::softmax) return value;
        if (node.op != Op::identity && node.op != Op::quantize) break;
    }
    return graph.outputs().front();
}

} // namespace

Result<TrainingScope> training_scope(const Graph& graph) {
    if (graph.inputs().size() != 1 || graph.outputs().size() != 1)
        return fail(ErrorCode::invalid_input, "training needs a network with one input and one output",
                    graph.name());
    TrainingScope scope{graph.inputs().front(), logits_of(graph), {}, 0};

    std::vector<bool> wanted(graph.values().size());
    wanted[scope.logits.position()] = true;
    const std::vector<NodeId> ids = graph.node_ids();
    for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
        const Node& node = graph.node(*id);
        if (std::ranges::none_of(node.outputs, [&](ValueId v) { return wanted[v.position()]; })) continue;
        for (const ValueId input : node.inputs) wanted[input.position()] = true;
        scope.nodes.push_back(*id);
    }
    std::ranges::reverse(scope.nodes);

    for (const NodeId id : scope.nodes) {
        const Node& node = graph.node(id);
        const std::string why = node.inputs.empty() ? "it has no input" : obstacle(graph, node);
        if (!why.empty())
            return fail(ErrorCode::unsupported, "cannot train " + node.op_type + ": " + why, node.name,
                        "evaluate the network as it is, or change this layer");
    }
    if (graph.value(scope.input).shape.rank() != 4 || !wanted[scope.input.position()])
        return fail(ErrorCode::invalid_input, "the network's input is not one image",
                    graph.value(scope.input).name);
    const Shape& logits = graph.value(scope.logits).shape;
    scope.classes = logits.rank() >= 2 ? logits[1] : 0;
    if (scope.classes < 2 || logits.elements() != scope.classes)
        return fail(ErrorCode::invalid_input,
                    "the network's output " + logits.to_string() + " is not one score per class",
                    graph.value(scope.logits).name);
    return scope;
}

} // namespace widthwise::train
