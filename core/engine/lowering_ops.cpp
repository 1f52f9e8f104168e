#include "core/engine/lowering.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine {
namespace {

/// Rounded to 16 significant bits.
float sixteen_bits(float value) {
    int exponent = 0;
    const float mantissa = std::frexp(value, &exponent);
    return std::ldexp(std::nearbyint(std::ldexp(mantissa, 16)), exponent - 16);
}

} // namespace

Result<void> Lowering::lower_binary(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    BinaryStep step;
    step.op = node.op == Op::add   ? BinaryOp::add
              : node.op == Op::sub ? BinaryOp::sub
              : node.op == Op::mul ? BinaryOp::mul
                                   : BinaryOp::div;
    step.clamp = unit.clamp;
    const Shape& out_shape = m_graph.value(unit.output).shape;
    for (size_t i = 0; i < 2; ++i) {
        const Value& operand = m_graph.value(node.inputs[i]);
        const bool constant = operand.constant != nullptr;
        (i == 0 ? step.index_a : step.index_b) = broadcast_map(operand.shape, out_shape, constant);
        if (constant) {
            step.constant = operand.constant->to_f32();
        } else {
            (i == 0 ? step.a : step.b) = buffer_for(node.inputs[i], read_representation(node, i));
        }
    }
    step.out = new_buffer(unit.output, preferred(unit.output));
    const auto integer = [&](BufferId id) {
        return id.valid() && buffer(id).representation.element == Element::u8;
    };
    if (step.op == BinaryOp::add && integer(step.a) && integer(step.b) && integer(step.out) &&
        step.index_a.empty() && step.index_b.empty()) {
        emit(add_integers(step));
    } else {
        emit(std::move(step));
    }
    return {};
}

AddIntegersStep Lowering::add_integers(const BinaryStep& step) const {
    const Representation &a = buffer(step.a).representation, &b = buffer(step.b).representation,
                         &out = buffer(step.out).representation;
    const OutputCut cut = output_cut(step.clamp, out);
    return {step.a, step.b, step.out, sixteen_bits(a.scale / out.scale), sixteen_bits(b.scale / out.scale),
            cut.lo, cut.hi};
}

Result<void> Lowering::lower_pool(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const Shape& shape = m_graph.value(node.inputs[0]).shape;
    PoolStep step;
    step.average = node.op != Op::max_pool;
    if (node.op == Op::global_average_pool || node.op == Op::reduce_mean) {
        if (node.op == Op::reduce_mean &&
            (shape.rank() != 4 ||
             std::get<ReduceAttributes>(node.attributes).axes != std::vector<int64_t>{2, 3}))
            return lower_mean(unit);
        step.attributes.kernel = {shape[2], shape[3]};
    } else {
        step.attributes = std::get<PoolAttributes>(node.attributes);
    }
    const Representation read = read_representation(node, 0);
    step.in = buffer_for(node.inputs[0], read);
    step.out = new_buffer(unit.output, step.average ? preferred(unit.output) : read);
    emit(std::move(step));
    return {};
}

Result<void> Lowering::lower_mean(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const Shape& in = m_graph.value(node.inputs[0]).shape;
    const auto& axes = std::get<ReduceAttributes>(node.attributes).axes;
    const auto in_storage = storage_of_logical(in);
    // Logical coordinates of the kept axes name the output element.
    std::vector<int64_t> kept;
    for (size_t axis = 0; axis < in.rank(); ++axis)
        kept.push_back(
            std::find(axes.begin(), axes.end(), static_cast<int64_t>(axis)) == axes.end() ? in[axis] : 1);
    const auto target = broadcast_map(Shape(kept), in, true);
    const auto out_storage = storage_of_logical(m_graph.value(unit.output).shape);
    MeanStep step;
    step.count = in.elements() / std::max<int64_t>(1, Shape(kept).elements());
    std::vector<std::vector<int32_t>> members(out_storage.size());
    for (const int32_t storage : in_storage)
        members[static_cast<size_t>(out_storage[static_cast<size_t>(target[static_cast<size_t>(storage)])])]
            .push_back(storage);
    for (const auto& list : members) step.members.insert(step.members.end(), list.begin(), list.end());
    const BufferId read = buffer_for(node.inputs[0], read_representation(node, 0));
    step.in = read;
    if (buffer(read).representation.element == Element::u8) step.in = buffer_for(node.inputs[0], {});
    step.out = new_buffer(unit.output, {});
    emit(std::move(step));
    return {};
}

Result<void> Lowering::lower_concat(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const Shape& out_shape = m_graph.value(unit.output).shape;
    const auto axis = static_cast<size_t>(std::get<ConcatAttributes>(node.attributes).axis);
    const Representation r = read_representation(node, 0);
    MoveStep step;
    // Number the input's elements through the output, then cut the output into runs.
    std::vector<std::pair<int32_t, int32_t>> origin(static_cast<size_t>(out_shape.elements()));
    int64_t offset = 0;
    const auto out_storage = storage_of_logical(out_shape);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
        const Value& input = m_graph.value(node.inputs[i]);
        if (input.constant) return fail(ErrorCode::unsupported, "Concat with a constant cannot be run");
        step.in.push_back(buffer_for(node.inputs[i], r));
        int64_t inner = 1;
        for (size_t a = axis + 1; a < out_shape.rank(); ++a) inner *= out_shape[a];
        const int64_t block = input.shape[axis] * inner, out_block = out_shape[axis] * inner;
        const auto in_storage = storage_of_logical(input.shape);
        for (int64_t logical = 0; logical < input.shape.elements(); ++logical) {
            const int64_t to = logical / block * out_block + offset + logical % block;
            origin[static_cast<size_t>(out_storage[static_cast<size_t>(to)])] = {
                static_cast<int32_t>(i), in_storage[static_cast<size_t>(logical)]};
        }
        offset += block;
    }
    for (size_t i = 0; i < origin.size(); ++i) {
        const auto [source, from] = origin[i];
        if (!step.runs.empty() && step.runs.back().source == source &&
            step.runs.back().from + step.runs.back().length == from) {
            ++step.runs.back().length;
        } else {
            step.runs.push_back({source, from, static_cast<int64_t>(i), 1});
        }
    }
    step.out = new_buffer(unit.output, r);
    emit(std::move(step));
    return {};
}

Result<void> Lowering::lower_softmax(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const auto& a = std::get<SoftmaxAttributes>(node.attributes);
    const Shape& shape = m_graph.value(unit.output).shape;
    const auto axis = static_cast<size_t>(a.axis);
    SoftmaxStep step;
    step.axis_size = shape[axis];
    if (a.flatten_trailing)
        for (size_t i = axis + 1; i < shape.rank(); ++i) step.axis_size *= shape[i];
    const bool channels_last = shape.rank() == 4;
    if (channels_last && axis > 1) {
        step.stride = shape[1];
        if (!a.flatten_trailing && axis == 2) step.stride *= shape[3];
    } else if (!channels_last && !a.flatten_trailing) {
        for (size_t i = axis + 1; i < shape.rank(); ++i) step.stride *= shape[i];
    }
    step.in = buffer_for(node.inputs[0], {});
    step.out = new_buffer(unit.output, {});
    emit(step);
    return {};
}

Result<void> Lowering::lower_unary(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    UnaryStep step;
    switch (node.op) {
    case Op::relu:
        step.op = UnaryOp::relu;
        break;
    case Op::leaky_relu:
        step.op = UnaryOp::leaky_relu;
        step.alpha = std::get<LeakyReluAttributes>(node.attributes).alpha;
        break;
    case Op::clip: {
        const auto& a = std::get<ClipAttributes>(node.attributes);
        step.op = UnaryOp::clip;
        step.clamp = {a.lo, a.hi};
        break;
    }
    case Op::sigmoid:
        step.op = UnaryOp::sigmoid;
        break;
    case Op::tanh:
        step.op = UnaryOp::tanh;
        break;
    default:
        step.op = UnaryOp::exp;
        break;
    }
    step.in = buffer_for(node.inputs[0], {});
    step.out = new_buffer(unit.output, {});
    emit(step);
    return {};
}

} // namespace widthwise::engine
