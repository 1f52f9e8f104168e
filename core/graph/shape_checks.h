#pragma once
// What the rules of shape inference share (shape_*.cpp). Attributes come from files: every one is checked
// before it is used, so that nothing overflows (values have at most 2^40 elements, attributes at most 2^31).

#include "core/graph/graph.h"

namespace widthwise::shapes {

using Inputs = std::span<const Value* const>;

inline constexpr int64_t k_attribute_limit = int64_t{1} << 31;

[[nodiscard]] tl::unexpected<Error> misfit(std::string message);
/// lo <= value <= k_attribute_limit.
[[nodiscard]] bool in_range(int64_t value, int64_t lo);
[[nodiscard]] Result<void> need_inputs(Inputs inputs, size_t least, size_t most);
[[nodiscard]] Result<void> need_rank(const Shape& shape, size_t rank, const char* what);
/// Constant vector of `length` values (biases, BatchNormalization).
[[nodiscard]] Result<void> need_vector(const Value& value, int64_t length, const char* what);
/// All inputs but the first.
[[nodiscard]] Result<void> need_constants(Inputs inputs);
/// An axis behind the batch.
[[nodiscard]] Result<void> need_axis(int64_t axis, const Shape& shape);
[[nodiscard]] Result<void> need_epsilon(float epsilon);

// One rule per op; each may rely on the number of inputs and on `need_constants` where graph.h says W, and on
// inputs that are f32 and neither empty nor larger than 2^40 elements.

// shape_layers.cpp
[[nodiscard]] Result<Shape> conv(const ConvAttributes& a, Inputs inputs);
[[nodiscard]] Result<Shape> conv_transpose(const ConvTransposeAttributes& a, Inputs inputs);
[[nodiscard]] Result<Shape> gemm(Inputs inputs);
[[nodiscard]] Result<Shape> matmul(Inputs inputs);

// shape_norms.cpp
[[nodiscard]] Result<Shape> batch_norm(const BatchNormAttributes& a, Inputs inputs);
[[nodiscard]] Result<Shape> instance_norm(const NormAttributes& a, Inputs inputs);
[[nodiscard]] Result<Shape> layer_norm(const NormAttributes& a, Inputs inputs);
[[nodiscard]] Result<Shape> lrn(const LrnAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> softmax(const SoftmaxAttributes& a, const Shape& in);

// shape_pointwise.cpp
/// Element-wise ops with numpy's broadcasting.
[[nodiscard]] Result<Shape> broadcast(Inputs inputs);
[[nodiscard]] Result<Shape> prelu(Inputs inputs);
[[nodiscard]] Result<Shape> clip(const ClipAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> function(const FunctionAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> multi_threshold(Inputs inputs);
/// The batch axis of a broadcast result is an activation's own.
[[nodiscard]] Result<Shape> keep_batch(Shape out, Inputs inputs);

// shape_windows.cpp
struct Window {
    int64_t in, kernel, stride, pad_before, pad_after, dilation;
};
/// Output extent of a sliding window.
[[nodiscard]] Result<int64_t> windowed(const Window& w, bool ceil_mode);
[[nodiscard]] Result<Shape> pool(const PoolAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> reduce(const ReduceAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> arg_max(const ArgMaxAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> resize(const ResizeAttributes& a, const Shape& in);

// shape_moves.cpp
[[nodiscard]] Result<Shape> concat(const ConcatAttributes& a, Inputs inputs);
[[nodiscard]] Result<Shape> slice(const SliceAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> pad(const PadAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> reshape(const ReshapeAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> transpose(const TransposeAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> gather(const GatherAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> expand(const ExpandAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> depth_to_space(const BlockAttributes& a, const Shape& in);
[[nodiscard]] Result<Shape> space_to_depth(const BlockAttributes& a, const Shape& in);

} // namespace widthwise::shapes
