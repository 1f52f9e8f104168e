#pragma once
// Evaluates nodes whose inputs are constants, and Shape and Size of known shapes: exporters compute shapes,
// paddings and scales with whole chains of them.

#include "core/onnx/node_view.h"

namespace widthwise::onnx {

/// Bytes that folding may still create: hostile files ask for tensors that grow with every node.
struct FoldBudget {
    int64_t bytes = int64_t{512} << 20;
};

/// The node's only output, or null where it cannot be folded (its op, an input that is not constant, the
/// budget). Errors: invalid_input where the constants contradict each other (an index out of range, a
/// division by zero).
[[nodiscard]] Result<TensorPtr> fold(NodeView& view, FoldBudget& budget);

/// The pieces of a constant that Split cuts, one per output; empty where it cannot be folded. Errors as
/// above.
[[nodiscard]] Result<std::vector<TensorPtr>> fold_split(NodeView& view, FoldBudget& budget);

/// Whether `op` is one that folding knows: with constant inputs it leaves no trace in the network.
[[nodiscard]] bool can_fold(const std::string& op_type);

namespace folding {

/// What one folded op does. `inputs` are all present constants in order (null: left out).
using Inputs = std::vector<TensorPtr>;
using Function = Result<TensorPtr> (*)(NodeView& view, const Inputs& inputs);

/// Null where no folding of that name is known.
[[nodiscard]] Function layout_function(const std::string& op_type);
[[nodiscard]] Function arithmetic_function(const std::string& op_type);
[[nodiscard]] Function function_function(const std::string& op_type);

/// Errors: unsupported when a result of this shape would be larger than all inputs and 2^20 elements.
[[nodiscard]] Result<void> check_size(const Shape& shape, const Inputs& inputs);

/// `values` as a tensor of integer or boolean `type`, wrapped to its width.
[[nodiscard]] TensorPtr tensor_of_integers(DataType type, Shape shape, const std::vector<int64_t>& values);
/// `values` as f32 or f64.
[[nodiscard]] TensorPtr tensor_of_reals(DataType type, Shape shape, const std::vector<double>& values);
/// Contents of f32 or f64 (others widened through to_f32).
[[nodiscard]] std::vector<double> reals_of(const Tensor& tensor);
[[nodiscard]] bool is_integer(DataType type);
[[nodiscard]] inline bool is_real(DataType type) {
    return type == DataType::f32 || type == DataType::f64;
}

} // namespace folding

} // namespace widthwise::onnx
