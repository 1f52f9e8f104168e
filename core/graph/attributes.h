#pragma once
// Typed attributes of the ops that we run, canonical whatever the file said (auto_pad resolved, axes
// non-negative).

#include <array>
#include <cstdint>
#include <limits>
#include <variant>
#include <vector>

namespace widthwise {

/// 2-D convolution. Weights are O x (I/group) x KH x KW, activations N x C x H x W. Pads are zeros.
struct ConvAttributes {
    std::array<int64_t, 2> kernel{1, 1};    ///< height, width
    std::array<int64_t, 2> strides{1, 1};   ///< height, width
    std::array<int64_t, 4> pads{};          ///< top, left, bottom, right
    std::array<int64_t, 2> dilations{1, 1}; ///< 1: dense
    int64_t group = 1;
    bool operator==(const ConvAttributes&) const = default;
};

/// Max or average pooling over H and W.
struct PoolAttributes {
    std::array<int64_t, 2> kernel{1, 1};
    std::array<int64_t, 2> strides{1, 1};
    std::array<int64_t, 4> pads{}; ///< top, left, bottom, right
    bool ceil_mode = false;
    bool count_include_pad = false; ///< average only
    bool operator==(const PoolAttributes&) const = default;
};

struct BatchNormAttributes {
    float epsilon = 1e-5F;
    bool operator==(const BatchNormAttributes&) const = default;
};

struct ClipAttributes {
    float lo = -std::numeric_limits<float>::infinity();
    float hi = std::numeric_limits<float>::infinity();
    bool operator==(const ClipAttributes&) const = default;
};

struct LeakyReluAttributes {
    float alpha = 0.01F;
    bool operator==(const LeakyReluAttributes&) const = default;
};

/// Softmax normalizes over `axis` alone, or (opset < 13) over all of `axis` and what follows it.
struct SoftmaxAttributes {
    int64_t axis = 1;
    bool flatten_trailing = false;
    bool log = false; ///< LogSoftmax
    bool operator==(const SoftmaxAttributes&) const = default;
};

struct ConcatAttributes {
    int64_t axis = 1; ///< never 0 (the batch)
    bool operator==(const ConcatAttributes&) const = default;
};

/// One entry per axis of the input, resolved: starts and ends within the axis, steps non-zero. The batch axis
/// is whole.
struct SliceAttributes {
    std::vector<int64_t> starts, ends, steps;
    bool operator==(const SliceAttributes&) const = default;
};

/// Constant padding; one entry per axis, none negative, none on the batch axis.
struct PadAttributes {
    std::vector<int64_t> before, after;
    float value = 0;
    bool operator==(const PadAttributes&) const = default;
};

/// Reshape, Flatten, Squeeze, Unsqueeze: the output's shape at batch 1 (leading 1 = the batch).
struct ReshapeAttributes {
    std::vector<int64_t> shape;
    bool operator==(const ReshapeAttributes&) const = default;
};

struct TransposeAttributes {
    std::vector<int64_t> perm; ///< perm[0] == 0: the batch stays outermost
    bool operator==(const TransposeAttributes&) const = default;
};

enum class Reduction { mean, sum, max, min, prod, l1, l2, sum_square, log_sum, log_sum_exp };

struct ReduceAttributes {
    std::vector<int64_t> axes; ///< sorted, without 0
    bool keep_dims = true;
    Reduction reduction = Reduction::mean; ///< Op::reduce_mean: mean
    bool operator==(const ReduceAttributes&) const = default;
};

/// Transposed 2-D convolution: y[o, p * stride - pad + k * dilation] += w[i, o, k] x[i, p].
struct ConvTransposeAttributes {
    ConvAttributes conv;                     ///< of the forward convolution that it transposes
    std::array<int64_t, 2> output_padding{}; ///< extra rows and columns at the end
    bool operator==(const ConvTransposeAttributes&) const = default;
};

/// Functions of one number; alpha and beta where the function has parameters.
enum class Function {
    hard_sigmoid, ///< max(0, min(1, alpha x + beta))
    hard_swish,   ///< x hard_sigmoid(x) with alpha 1/6, beta 1/2
    gelu,         ///< x / 2 (1 + erf(x / sqrt 2))
    gelu_tanh,    ///< x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
    erf,
    log,
    sqrt,
    neg,
    abs,
    reciprocal,
    floor,
    ceil,
    round, ///< half to even
    sign,
    truncate, ///< Cast to an integer type, kept as f32
    elu,      ///< x < 0: alpha (e^x - 1)
    selu,     ///< beta (x < 0: alpha (e^x - 1))
    softplus,
    softsign,
    mish, ///< x tanh(softplus(x))
    silu, ///< x sigmoid(x)
    logical_not
};
struct FunctionAttributes {
    Function function = Function::neg;
    float alpha = 0, beta = 0;
    bool operator==(const FunctionAttributes&) const = default;
};

enum class Comparison { equal, less, less_or_equal, greater, greater_or_equal };
struct CompareAttributes {
    Comparison comparison = Comparison::equal;
    bool operator==(const CompareAttributes&) const = default;
};

/// Local response normalization across channels (Krizhevsky 2012): x / (bias + alpha / size * sum x^2)^beta.
struct LrnAttributes {
    int64_t size = 5;
    float alpha = 1e-4F, beta = 0.75F, bias = 1;
    bool operator==(const LrnAttributes&) const = default;
};

/// layer_norm: over all axes from `axis` on. instance_norm: over H and W (axis 2).
struct NormAttributes {
    int64_t axis = 1;
    float epsilon = 1e-5F;
    bool operator==(const NormAttributes&) const = default;
};

enum class ResizeMode { nearest, linear, cubic };
enum class ResizeCoordinates { half_pixel, pytorch_half_pixel, asymmetric, align_corners };
enum class ResizeRounding { prefer_floor, prefer_ceil, floor, ceil };
/// Spatial resizing of N x C x H x W.
struct ResizeAttributes {
    ResizeMode mode = ResizeMode::nearest;
    ResizeCoordinates coordinates = ResizeCoordinates::half_pixel;
    ResizeRounding rounding = ResizeRounding::prefer_floor; ///< nearest
    std::array<int64_t, 2> size{1, 1};                      ///< output height, width
    std::array<double, 2> scale{1, 1};                      ///< output over input, as the file says
    float cubic_coefficient = -0.75F;
    bool operator==(const ResizeAttributes&) const = default;
};

/// depth_to_space: [blocks.., C] (`column_row_depth` false: DCR) or CRD order. space_to_depth: DCR only.
struct BlockAttributes {
    int64_t block = 2;
    bool column_row_depth = false;
    bool operator==(const BlockAttributes&) const = default;
};

/// Elements `indices` of `axis`, in this order; never the batch axis.
struct GatherAttributes {
    int64_t axis = 1;
    std::vector<int64_t> indices; ///< each within the axis
    bool drop_axis = false;       ///< a scalar index: the axis disappears
    bool operator==(const GatherAttributes&) const = default;
};

/// Numpy broadcasting (Expand) to `shape`, batch 1 leading; or, `tile`, whole repetitions of the input
/// (Tile): shape[i] is a multiple of the input's.
struct ExpandAttributes {
    std::vector<int64_t> shape;
    bool tile = false;
    bool operator==(const ExpandAttributes&) const = default;
};

struct ArgMaxAttributes {
    int64_t axis = 1;
    bool keep_dims = true;
    bool last = false; ///< of equal maxima
    bool minimum = false;
    bool operator==(const ArgMaxAttributes&) const = default;
};

/// QONNX MultiThreshold: y = scale * #{t in thresholds[c] : x >= t} + bias; input 1: thresholds C x T (C may
/// be 1).
struct MultiThresholdAttributes {
    float scale = 1, bias = 0;
    bool operator==(const MultiThresholdAttributes&) const = default;
};

using Attributes =
    std::variant<std::monostate, ConvAttributes, PoolAttributes, BatchNormAttributes, ClipAttributes,
                 LeakyReluAttributes, SoftmaxAttributes, ConcatAttributes, SliceAttributes, PadAttributes,
                 ReshapeAttributes, TransposeAttributes, ReduceAttributes, ConvTransposeAttributes,
                 FunctionAttributes, CompareAttributes, LrnAttributes, NormAttributes, ResizeAttributes,
                 BlockAttributes, GatherAttributes, ExpandAttributes, ArgMaxAttributes,
                 MultiThresholdAttributes>;

} // namespace widthwise
