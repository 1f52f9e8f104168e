#pragma once
// Kernels, strides, dilations and pads as convolutions and pools share them.

#include "core/onnx/translate.h"

#include <array>

namespace widthwise::onnx::translation {

using Pair = std::array<int64_t, 2>;

/// Height and width; 1 where the attribute is missing. Errors: invalid_input unless both lie in 1 .. 2^31.
[[nodiscard]] Result<Pair> pair_of(NodeView& view, const std::string& name);

/// Explicit pads (top, left, bottom, right), or those that auto_pad stands for on an input `in` of rank 4.
/// Errors: invalid_input for negative ones.
[[nodiscard]] Result<std::array<int64_t, 4>> pads_of(NodeView& view, const Shape& in, const Pair& kernel,
                                                     const Pair& strides, const Pair& dilations);

} // namespace widthwise::onnx::translation
