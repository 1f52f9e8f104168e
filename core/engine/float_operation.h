#pragma once
// Ops that run in float: one image at a time, f32 in the layout of program.h, the same scalar code in both
// engines.

#include "core/engine/folding.h"

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace widthwise::engine {

enum class UnaryOp { relu, leaky_relu, clip, sigmoid, tanh, exp };

struct UnaryOperation {
    UnaryOp op = UnaryOp::relu;
    Clamp clamp;     ///< clip
    float alpha = 0; ///< leaky_relu
    bool operator==(const UnaryOperation&) const = default;
};

/// Channel-wise y = clamp(x * scale[c] + shift[c]): a BatchNormalization that follows no weighted layer. The
/// channel is the innermost index of the layout.
struct ScaleShiftOperation {
    std::vector<float> scale, shift; ///< [C]
    Clamp clamp;
    bool operator==(const ScaleShiftOperation&) const = default;
};

/// Over rows of `axis_size` elements with `stride` between them.
struct SoftmaxOperation {
    int64_t axis_size = 1;
    int64_t stride = 1;
    bool operator==(const SoftmaxOperation&) const = default;
};

/// Output element i is the mean of the inputs `members[i * count .. (i+1) * count)`.
struct MeanOperation {
    int64_t count = 1;
    std::vector<int32_t> members;
    bool operator==(const MeanOperation&) const = default;
};

using FloatOperation = std::variant<UnaryOperation, ScaleShiftOperation, SoftmaxOperation, MeanOperation>;

/// One image: `in` one span per input, `out` of the output's size. Never in place.
void run(const FloatOperation& operation, std::span<const std::span<const float>> in, std::span<float> out);

} // namespace widthwise::engine
