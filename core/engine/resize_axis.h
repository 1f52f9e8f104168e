#pragma once
// Where the pixels of a resized image come from, along one axis (ONNX Resize, operator set 19).

#include "core/engine/float_operation.h"

namespace widthwise::engine {

/// Input pixel of each output pixel under mode nearest. `axis` 0: height, 1: width, of `in` pixels.
[[nodiscard]] std::vector<int32_t> nearest_pixels(const ResizeAttributes& a, size_t axis, int64_t in);

/// Linear: 2 neighbours. Cubic: 4, weighted by Keys' kernel (1981) with the attributes' coefficient. Beyond
/// the edge the edge repeats.
[[nodiscard]] ResizeAxis interpolated_pixels(const ResizeAttributes& a, size_t axis, int64_t in);

} // namespace widthwise::engine
