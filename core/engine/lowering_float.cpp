#include "core/engine/coordinates.h"
#include "core/engine/lowering.h"
#include "core/engine/resize_axis.h"

#include <algorithm>

namespace widthwise::engine {
namespace {

SoftmaxOperation softmax(const SoftmaxAttributes& a, const Shape& shape) {
    const auto axis = static_cast<size_t>(a.axis);
    const auto strides = storage_strides(shape);
    SoftmaxOperation operation{shape[axis], strides[axis], a.log};
    if (!a.flatten_trailing) return operation;
    for (size_t i = axis + 1; i < shape.rank(); ++i) {
        operation.axis_size *= shape[i];
        operation.stride = std::min(operation.stride, strides[i]);
    }
    return operation;
}

UnaryOperation unary(const Node& node) {
    switch (node.op) {
    case Op::leaky_relu:
        return {UnaryOp::leaky_relu, {}, std::get<LeakyReluAttributes>(node.attributes).alpha};
    case Op::clip: {
        const auto& a = std::get<ClipAttributes>(node.attributes);
        return {UnaryOp::clip, {a.lo, a.hi}, 0};
    }
    case Op::sigmoid:
        return {UnaryOp::sigmoid, {}, 0};
    case Op::tanh:
        return {UnaryOp::tanh, {}, 0};
    case Op::exp:
        return {UnaryOp::exp, {}, 0};
    default:
        return {UnaryOp::relu, {}, 0};
    }
}

/// Over H and W (and more) for each channel.
NormalizeOperation instance_norm(const Graph& graph, const Node& node) {
    const Shape& shape = graph.value(node.inputs[0]).shape;
    std::vector<int64_t> axes;
    for (size_t i = 2; i < shape.rank(); ++i) axes.push_back(static_cast<int64_t>(i));
    AxisGroups groups = axis_groups(shape, axes);
    NormalizeOperation operation;
    operation.count = groups.count;
    operation.members = std::move(groups.members);
    operation.scale = graph.value(node.inputs[1]).constant->to_f32();
    operation.bias = graph.value(node.inputs[2]).constant->to_f32();
    operation.epsilon = std::get<NormAttributes>(node.attributes).epsilon;
    return operation;
}

/// Scale and bias are broadcast to the normalized axes.
NormalizeOperation layer_norm(const Graph& graph, const Node& node) {
    const auto& a = std::get<NormAttributes>(node.attributes);
    const Shape& shape = graph.value(node.inputs[0]).shape;
    std::vector<int64_t> axes, dims;
    for (size_t i = static_cast<size_t>(a.axis); i < shape.rank(); ++i) {
        axes.push_back(static_cast<int64_t>(i));
        dims.push_back(shape[i]);
    }
    AxisGroups groups = axis_groups(shape, axes);
    NormalizeOperation operation;
    operation.count = groups.count;
    operation.members = std::move(groups.members);
    operation.per_member = true;
    operation.epsilon = a.epsilon;
    const auto broadcast = [&](size_t input, float otherwise) {
        std::vector<float> values(static_cast<size_t>(groups.count), otherwise);
        if (input >= node.inputs.size()) return values;
        const Value& parameter = graph.value(node.inputs[input]);
        const auto given = parameter.constant->to_f32();
        const auto from = broadcast_offsets(parameter.shape, strides_of(parameter.shape.dims()), Shape(dims));
        for (size_t k = 0; k < values.size(); ++k) values[k] = given[static_cast<size_t>(from[k])];
        return values;
    };
    operation.scale = broadcast(1, 1);
    operation.bias = broadcast(2, 0);
    return operation;
}

MultiThresholdOperation multi_threshold(const Graph& graph, const Node& node) {
    const auto& a = std::get<MultiThresholdAttributes>(node.attributes);
    const Value& thresholds = graph.value(node.inputs[1]);
    MultiThresholdOperation operation{thresholds.shape[0], channel_stride(graph.value(node.inputs[0]).shape),
                                      thresholds.constant->to_f32(), a.scale, a.bias};
    for (float& t : operation.thresholds) // nothing reaches NaN; infinity sorts
        if (t != t) t = std::numeric_limits<float>::infinity();
    const auto each = static_cast<std::ptrdiff_t>(thresholds.shape[1]);
    for (auto first = operation.thresholds.begin(); first != operation.thresholds.end(); first += each)
        std::sort(first, first + each);
    return operation;
}

} // namespace

Result<void> Lowering::lower_float(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const Shape& in_shape = m_graph.value(node.inputs[0]).shape;
    FloatStep step;
    switch (node.op) {
    case Op::function:
        step.operation = FunctionOperation{std::get<FunctionAttributes>(node.attributes)};
        break;
    case Op::softmax:
        step.operation = softmax(std::get<SoftmaxAttributes>(node.attributes), in_shape);
        break;
    case Op::lrn:
        step.operation =
            LrnOperation{in_shape[1], channel_stride(in_shape), std::get<LrnAttributes>(node.attributes)};
        break;
    case Op::instance_norm:
        step.operation = instance_norm(m_graph, node);
        break;
    case Op::layer_norm:
        step.operation = layer_norm(m_graph, node);
        break;
    case Op::multi_threshold:
        step.operation = multi_threshold(m_graph, node);
        break;
    case Op::resize: {
        const auto& a = std::get<ResizeAttributes>(node.attributes);
        step.operation = ResizeOperation{in_shape[3], in_shape[1], interpolated_pixels(a, 0, in_shape[2]),
                                         interpolated_pixels(a, 1, in_shape[3])};
        break;
    }
    default:
        step.operation = unary(node);
        break;
    }
    step.in = {read_real(node, 0)};
    step.out = new_buffer(unit.output, {});
    add_step(std::move(step));
    return {};
}

} // namespace widthwise::engine
