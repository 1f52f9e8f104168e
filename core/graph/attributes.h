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

struct ReduceAttributes {
    std::vector<int64_t> axes; ///< sorted, without 0
    bool keep_dims = true;
    bool operator==(const ReduceAttributes&) const = default;
};

using Attributes =
    std::variant<std::monostate, ConvAttributes, PoolAttributes, BatchNormAttributes, ClipAttributes,
                 LeakyReluAttributes, SoftmaxAttributes, ConcatAttributes, SliceAttributes, PadAttributes,
                 ReshapeAttributes, TransposeAttributes, ReduceAttributes>;

} // namespace widthwise
