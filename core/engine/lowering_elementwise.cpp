#include "core/engine/lowering.h"

#include <cmath>

namespace widthwise::engine {
namespace {

/// In the logarithm.
float nearest_power_of_two(float value) {
    return std::exp2(std::nearbyint(std::log2(value)));
}

BinaryOp comparison(Comparison c) {
    switch (c) {
    case Comparison::less:
        return BinaryOp::less;
    case Comparison::less_or_equal:
        return BinaryOp::less_or_equal;
    case Comparison::greater:
        return BinaryOp::greater;
    case Comparison::greater_or_equal:
        return BinaryOp::greater_or_equal;
    case Comparison::equal:
        break;
    }
    return BinaryOp::equal;
}

BinaryOp binary_op(const Node& node) {
    switch (node.op) {
    case Op::sub:
        return BinaryOp::sub;
    case Op::mul:
        return BinaryOp::mul;
    case Op::div:
        return BinaryOp::div;
    case Op::pow:
        return BinaryOp::pow;
    case Op::minimum:
        return BinaryOp::minimum;
    case Op::maximum:
        return BinaryOp::maximum;
    case Op::prelu:
        return BinaryOp::prelu;
    case Op::compare:
        return comparison(std::get<CompareAttributes>(node.attributes).comparison);
    default:
        return BinaryOp::add;
    }
}

} // namespace

Result<void> Lowering::lower_binary(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    BinaryStep step;
    step.op = binary_op(node);
    step.clamp = unit.clamp;
    const Shape& out_shape = m_graph.value(unit.output).shape;
    for (size_t i = 0; i < 2; ++i) {
        const Value& operand = m_graph.value(node.inputs[i]);
        const bool constant = operand.constant && step.constant.empty();
        (i == 0 ? step.index_a : step.index_b) = broadcast_map(operand.shape, out_shape, constant);
        if (constant)
            step.constant = operand.constant->to_f32();
        else
            (i == 0 ? step.a : step.b) = read(node, i);
    }
    step.out = new_buffer(unit.output, preferred(unit.output));
    const auto integer = [&](BufferId id) { return id.valid() && buffer(id).representation.is_plain_u8(); };
    if (step.op == BinaryOp::add && integer(step.a) && integer(step.b) && integer(step.out) &&
        step.index_a.empty() && step.index_b.empty()) {
        add_step(add_integers(step));
    } else {
        add_step(std::move(step));
    }
    return {};
}

AddIntegersStep Lowering::add_integers(const BinaryStep& step) const {
    const auto last_conv = [&](BufferId id) {
        size_t last = 0;
        for (size_t s = 0; s < m_program.steps.size(); ++s)
            if (std::holds_alternative<ConvStep>(m_program.steps[s].operation) &&
                writes(m_program.steps[s].operation) == id)
                last = s + 1;
        return last;
    };
    const bool swapped = last_conv(step.b) > last_conv(step.a);
    const BufferId first = swapped ? step.b : step.a, second = swapped ? step.a : step.b;
    const Representation &a = buffer(first).representation, &b = buffer(second).representation,
                         &out = buffer(step.out).representation;
    const OutputCut cut = output_cut(step.clamp, out);
    const bool shifts = m_plan.requantization().mode == RequantizationMode::power_of_two_shift;
    const auto multiplier = [&](const Representation& operand) {
        const float ratio = operand.scale / out.scale;
        return shifts ? nearest_power_of_two(ratio) : ratio;
    };
    return {first, second, step.out, multiplier(a), multiplier(b), cut.lo, cut.hi};
}

Result<void> Lowering::lower_where(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const Shape& out_shape = m_graph.value(unit.output).shape;
    WhereOperation operation;
    std::vector<BufferId> in;
    size_t input = 0;
    for (SelectOperand* operand : {&operation.condition, &operation.a, &operation.b}) {
        const Value& value = m_graph.value(node.inputs[input]);
        operand->index = broadcast_map(value.shape, out_shape, value.constant != nullptr);
        if (value.constant)
            operand->constant = value.constant->to_f32();
        else
            in.push_back(read_real(node, input));
        ++input;
    }
    add_step(FloatStep{std::move(in), new_buffer(unit.output, {}), std::move(operation)});
    return {};
}

} // namespace widthwise::engine
