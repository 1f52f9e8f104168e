#pragma once
// Ops that run in float: one image at a time, f32 in the layout of program.h, the same scalar code in both
// engines. Whatever does not depend on the image (which elements meet) is settled when the network is
// lowered: index tables name elements of the image in storage order.

#include "core/graph/folding.h"

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace widthwise::engine {

/// No input: a constant that a layer reads as if it were computed.
struct ConstantOperation {
    std::vector<float> values;
    bool operator==(const ConstantOperation&) const = default;
};

enum class UnaryOp { relu, leaky_relu, clip, sigmoid, tanh, exp };

struct UnaryOperation {
    UnaryOp op = UnaryOp::relu;
    Clamp clamp;     ///< clip
    float alpha = 0; ///< leaky_relu
    bool operator==(const UnaryOperation&) const = default;
};

/// As Function says.
struct FunctionOperation {
    FunctionAttributes attributes;
    bool operator==(const FunctionOperation&) const = default;
};

/// Channel-wise y = clamp(x * scale[c] + shift[c]): a BatchNormalization that follows no weighted layer.
/// Element i belongs to channel i / stride % C.
struct ScaleShiftOperation {
    std::vector<float> scale, shift; ///< [C]
    int64_t stride = 1;
    Clamp clamp;
    bool operator==(const ScaleShiftOperation&) const = default;
};

/// Over rows of `axis_size` elements with `stride` between them: exp(x - max) / sum, or its logarithm.
struct SoftmaxOperation {
    int64_t axis_size = 1;
    int64_t stride = 1;
    bool log = false;
    bool operator==(const SoftmaxOperation&) const = default;
};

/// Local response normalization; element i belongs to channel i / stride % channels. The sum is over the
/// channels from floor((size - 1) / 2) before to ceil((size - 1) / 2) behind, where they exist (ONNX LRN).
struct LrnOperation {
    int64_t channels = 1, stride = 1;
    LrnAttributes attributes;
    bool operator==(const LrnOperation&) const = default;
};

/// Groups of `count` elements that are normalized together: y = (x - mean) / sqrt(variance + epsilon) * scale
/// + bias, the variance being the mean square of x - mean. layer_norm and instance_norm.
struct NormalizeOperation {
    int64_t count = 1;
    std::vector<int32_t> members;   ///< group by group; every element once
    std::vector<float> scale, bias; ///< one per group, or (`per_member`) one per place within a group
    bool per_member = false;
    float epsilon = 0;
    bool operator==(const NormalizeOperation&) const = default;
};

/// Output element i is made of the inputs `members[i * count .. (i+1) * count)`. Sums are taken in double.
struct ReduceOperation {
    Reduction reduction = Reduction::mean;
    int64_t count = 1;
    std::vector<int32_t> members;
    bool operator==(const ReduceOperation&) const = default;
};

/// Output element i is the place of the largest (`minimum`: smallest) among the inputs `members[i * count ..
/// (i+1) * count)`, of equals the first or `last`.
struct ArgMaxOperation {
    int64_t count = 1;
    std::vector<int32_t> members;
    bool minimum = false, last = false;
    bool operator==(const ArgMaxOperation&) const = default;
};

/// Element (r, c) of product p lies at offsets[p] + r * row_stride + c * column_stride.
struct MatrixLayout {
    int64_t row_stride = 1, column_stride = 1;
    std::vector<int64_t> offsets; ///< one per product
    bool operator==(const MatrixLayout&) const = default;
};
/// out = a b for a number of products of one size, summed in f32 in the order of the inner axis.
struct MatmulOperation {
    int64_t rows = 1, inner = 1, columns = 1;
    MatrixLayout a, b, out;
    std::vector<float> constant_a, constant_b; ///< empty: the next input
    bool operator==(const MatmulOperation&) const = default;
};

/// Interpolation along H and W of an image H x W x C: each output row (column) is a weighted sum of `taps`
/// rows (columns).
struct ResizeAxis {
    int64_t taps = 2;
    std::vector<int32_t> index; ///< output extent x taps, within the image
    std::vector<float> weight;
    bool operator==(const ResizeAxis&) const = default;
};
struct ResizeOperation {
    int64_t width = 1, channels = 1; ///< of the input
    ResizeAxis rows, columns;
    bool operator==(const ResizeOperation&) const = default;
};

/// Constant, or the next input; `index` maps an output element to the operand's (empty: the same element).
struct SelectOperand {
    std::vector<float> constant;
    std::vector<int32_t> index;
    bool operator==(const SelectOperand&) const = default;
};
/// condition != 0 ? a : b.
struct WhereOperation {
    SelectOperand condition, a, b;
    bool operator==(const WhereOperation&) const = default;
};

/// y = scale * #{t : x >= t} + bias over the thresholds of channel i / stride % channels.
struct MultiThresholdOperation {
    int64_t channels = 1, stride = 1;
    std::vector<float> thresholds; ///< channels x T, each channel's ascending
    float scale = 1, bias = 0;
    bool operator==(const MultiThresholdOperation&) const = default;
};

using FloatOperation =
    std::variant<ConstantOperation, UnaryOperation, FunctionOperation, ScaleShiftOperation, SoftmaxOperation,
                 LrnOperation, NormalizeOperation, ReduceOperation, ArgMaxOperation, MatmulOperation,
                 ResizeOperation, WhereOperation, MultiThresholdOperation>;

/// One image: `in` one span per input, `out` of the output's size. Never in place.
void run(const FloatOperation& operation, std::span<const std::span<const float>> in, std::span<float> out);

} // namespace widthwise::engine
