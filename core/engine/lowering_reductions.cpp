#include "core/engine/lowering.h"

namespace widthwise::engine {
namespace {

/// Groups in the storage order of the output that they are reduced to.
AxisGroups reduced_groups(const Shape& in, std::span<const int64_t> axes, const Shape& out) {
    const AxisGroups logical = axis_groups(in, axes);
    const auto storage = storage_of_logical(out);
    AxisGroups groups{logical.count, std::vector<int32_t>(logical.members.size())};
    const auto count = static_cast<std::ptrdiff_t>(logical.count);
    for (size_t group = 0; group < storage.size(); ++group)
        std::copy_n(logical.members.begin() + static_cast<std::ptrdiff_t>(group) * count, count,
                    groups.members.begin() + storage[group] * count);
    return groups;
}

} // namespace

Result<void> Lowering::lower_pool(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const Shape& shape = m_graph.value(node.inputs[0]).shape;
    PoolStep step;
    step.average = node.op != Op::max_pool;
    if (node.op == Op::global_average_pool || node.op == Op::reduce_mean) {
        if (node.op == Op::reduce_mean &&
            (shape.rank() != 4 ||
             std::get<ReduceAttributes>(node.attributes).axes != std::vector<int64_t>{2, 3}))
            return lower_reduce(unit);
        step.attributes.kernel = {shape[2], shape[3]};
    } else {
        step.attributes = std::get<PoolAttributes>(node.attributes);
    }
    step.in = read(node, 0);
    step.out =
        new_buffer(unit.output, step.average ? preferred(unit.output) : buffer(step.in).representation);
    add_step(std::move(step));
    return {};
}

Result<void> Lowering::lower_reduce(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const auto& a = std::get<ReduceAttributes>(node.attributes);
    AxisGroups groups =
        reduced_groups(m_graph.value(node.inputs[0]).shape, a.axes, m_graph.value(unit.output).shape);
    const BufferId in = read_real(node, 0);
    add_step(FloatStep{{in},
                       new_buffer(unit.output, {}),
                       ReduceOperation{a.reduction, groups.count, std::move(groups.members)}});
    return {};
}

Result<void> Lowering::lower_arg_max(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const auto& a = std::get<ArgMaxAttributes>(node.attributes);
    AxisGroups groups = reduced_groups(m_graph.value(node.inputs[0]).shape, std::span(&a.axis, 1),
                                       m_graph.value(unit.output).shape);
    const BufferId in = read_real(node, 0);
    add_step(FloatStep{{in},
                       new_buffer(unit.output, {}),
                       ArgMaxOperation{groups.count, std::move(groups.members), a.minimum, a.last}});
    return {};
}

} // namespace widthwise::engine
