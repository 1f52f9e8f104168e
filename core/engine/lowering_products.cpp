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

} // namespace

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
    emit(FloatStep{std::move(in), new_buffer(unit.output, {}), std::move(operation)});
    return {};
}

} // namespace widthwise::engine
