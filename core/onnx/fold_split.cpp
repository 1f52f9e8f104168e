#include "core/onnx/fold.h"
#include "core/onnx/shape_rules.h"

#include <cstring>

namespace widthwise::onnx {

Result<std::vector<TensorPtr>> fold_split(NodeView& view, FoldBudget& budget) {
    std::vector<TensorPtr> pieces;
    const Operand* operand = view.input(0);
    if (!view.node().domain.empty() || view.op_type() != "Split" || !operand || !operand->constant)
        return pieces;
    const Tensor& in = *operand->constant;
    const auto bytes = static_cast<int64_t>(in.bytes().size());
    if (budget.bytes < bytes || in.elements() == 0) return pieces;
    auto axis = resolve_axis(view.integer("axis", 0), in.shape().rank());
    if (!axis) return forward_error(axis);
    const auto a = static_cast<size_t>(*axis);
    auto sizes = split_sizes(view, in.shape()[a]);
    if (!sizes && sizes.error().code == ErrorCode::unsupported) return pieces;
    if (!sizes) return forward_error(sizes);
    if (view.problem()) return tl::unexpected<Error>(*view.problem());
    budget.bytes -= bytes;
    size_t outer = 1;
    for (size_t i = 0; i < a; ++i) outer *= static_cast<size_t>(in.shape()[i]);
    const size_t row = in.bytes().size() / outer, cell = row / static_cast<size_t>(in.shape()[a]);
    size_t offset = 0;
    for (size_t i = 0; i < view.node().outputs.size(); ++i) {
        Shape shape = in.shape();
        shape[a] = (*sizes)[i];
        const size_t run = cell * static_cast<size_t>(shape[a]);
        auto piece = std::make_shared<Tensor>(in.type(), std::move(shape));
        for (size_t o = 0; o < outer; ++o)
            std::memcpy(piece->bytes().data() + o * run, in.bytes().data() + o * row + offset, run);
        offset += run;
        pieces.push_back(std::move(piece));
    }
    return pieces;
}

} // namespace widthwise::onnx
