#include "core/engine/coordinates.h"
#include "core/engine/lowering.h"

namespace widthwise::engine {
namespace {

/// Where the matrices of an operand lie, one for each product of the output's batch axes.
MatrixLayout matrices(const Shape& operand, const Shape& out, bool row_major) {
    const auto strides = row_major ? strides_of(operand.dims()) : storage_strides(operand);
    const size_t rank = operand.rank();
    const auto batch_axes = [](const Shape& shape) {
        return Shape(std::vector<int64_t>(shape.dims().begin(), shape.dims().end() - 2));
    };
    return {strides[rank - 2], strides[rank - 1],
            broadcast_offsets(batch_axes(operand), strides, batch_axes(out))};
}

/// Rows along the last axis.
Extent rows_extent(const Shape& shape) {
    const int64_t columns = shape[shape.rank() - 1];
    return {shape.elements() / columns, 1, columns};
}

} // namespace

bool Lowering::is_gemm_of_maps(const Node& node) const {
    return node.op == Op::gemm && m_graph.value(node.inputs[0]).shape.rank() > 3;
}

BufferId Lowering::rows_of(BufferId in, const Shape& shape) {
    const BufferId rows = add_buffer({rows_extent(shape), buffer(in).representation, {}, {}});
    add_step(move_step(in, rows, {storage_of_logical(shape), 0}));
    return rows;
}

Result<void> Lowering::lower_gemm_of_maps(const Unit& unit) {
    const size_t first_step = m_program.steps.size();
    if (Result<void> done = lower_weighted(unit); !done) return done;
    const Shape& shape = m_graph.value(unit.output).shape;
    for (size_t i = first_step; i < m_program.steps.size(); ++i) {
        const Operation& operation = m_program.steps[i].operation;
        if (std::holds_alternative<ConvStep>(operation) || std::holds_alternative<RequantizeStep>(operation))
            m_program.buffers[writes(operation).position()].extent = rows_extent(shape);
    }
    auto& available = m_available[unit.output.position()];
    const BufferId rows = available.back(); // what the layer wrote: the value's elements in another order
    available.pop_back();
    m_program.buffers[rows.position()].value = {};
    const Representation r = buffer(rows).representation;
    const BufferId out = new_buffer(unit.output, r);
    ElementMap map{std::vector<int32_t>(static_cast<size_t>(shape.elements())), 0};
    const auto storage = storage_of_logical(shape);
    for (size_t i = 0; i < storage.size(); ++i)
        map.source[static_cast<size_t>(storage[i])] = static_cast<int32_t>(i);
    add_step(move_step(rows, out, map));
    return {};
}

Result<void> Lowering::lower_matmul(const Unit& unit) {
    const Node& node = m_graph.node(unit.node);
    const Value &a = m_graph.value(node.inputs[0]), &b = m_graph.value(node.inputs[1]);
    const Shape& out = m_graph.value(unit.output).shape;
    MatmulOperation operation{out[out.rank() - 2],
                              a.shape[a.shape.rank() - 1],
                              out[out.rank() - 1],
                              matrices(a.shape, out, a.constant != nullptr),
                              matrices(b.shape, out, b.constant != nullptr),
                              matrices(out, out, false),
                              {},
                              {}};
    std::vector<BufferId> in;
    for (size_t i = 0; i < 2; ++i) {
        if (const TensorPtr& constant = m_graph.value(node.inputs[i]).constant)
            (i == 0 ? operation.constant_a : operation.constant_b) = constant->to_f32();
        else
            in.push_back(read_real(node, i));
    }
    add_step(FloatStep{std::move(in), new_buffer(unit.output, {}), std::move(operation)});
    return {};
}

} // namespace widthwise::engine
