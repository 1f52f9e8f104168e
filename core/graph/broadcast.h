#pragma once

#include "core/base/result.h"
#include "core/tensor/shape.h"

namespace widthwise {

/// numpy's broadcasting: axes align at the end, and each pair is equal or has a 1. Errors: invalid_input
/// naming both shapes.
[[nodiscard]] Result<Shape> broadcast_shape(const Shape& a, const Shape& b);

} // namespace widthwise
