#pragma once
// How ONNX resolves axes, slices and target shapes: shared by folding (constants) and translation
// (activations).

#include "core/base/result.h"
#include "core/graph/attributes.h"
#include "core/graph/broadcast.h"
#include "core/onnx/node_view.h"

namespace widthwise::onnx {

/// Non-negative and sorted. Errors: invalid_input for axes that do not exist or stand twice.
[[nodiscard]] Result<std::vector<int64_t>> resolve_axes(std::vector<int64_t> axes, size_t rank);
[[nodiscard]] Result<int64_t> resolve_axis(int64_t axis, size_t rank);

/// Slice of any operator set, clamped to `shape` as numpy does. Errors: invalid_input, or unsupported where a
/// bound is computed.
[[nodiscard]] Result<SliceAttributes> resolve_slice(NodeView& view, const Shape& shape);
/// Elements along one axis of a resolved slice.
[[nodiscard]] int64_t slice_extent(int64_t start, int64_t end, int64_t step);

/// Reshape's target with 0 (copy) and -1 (whatever remains) resolved. Errors: invalid_input where it does not
/// fit.
[[nodiscard]] Result<Shape> resolve_reshape(const Shape& in, const std::vector<int64_t>& target,
                                            bool allow_zero);

/// Output shapes of Reshape, Flatten, Squeeze and Unsqueeze. Errors: invalid_input, unsupported where the
/// target is computed.
[[nodiscard]] Result<Shape> reshaped(NodeView& view, const Shape& in);

/// How long the pieces of a Split are: as the file says (an attribute before operator set 13, an input
/// since), or equal ones, the last one shorter. Errors: invalid_input where they do not fit, unsupported
/// where they are computed.
[[nodiscard]] Result<std::vector<int64_t>> split_sizes(NodeView& view, int64_t extent);

} // namespace widthwise::onnx
