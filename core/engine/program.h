#pragma once
// The lowered network: a straight line of steps over buffers. It states the semantics of quantized execution;
// the reference engine runs it with plain loops and the oneDNN engine must give the same integers.
//
// Layout: a value of rank 4 is stored H x W x C per image (channels last), every other rank row-major; images
// are outermost. Quantized buffers hold u8; a signed format is stored shifted by its q_min, so that a stored
// value u means scale * (u - zero_point) with zero_point in [0, 255].

#include "core/design/precision_plan.h"
#include "core/engine/folding.h"
#include "core/graph/graph.h"

#include <array>
#include <string>
#include <variant>
#include <vector>

namespace widthwise::engine {

enum class Element { f32, u8 };

/// How a buffer's numbers are stored.
struct Representation {
    Element element = Element::f32;
    float scale = 1;        ///< u8 only
    int32_t zero_point = 0; ///< u8 only, stored domain
    int32_t q_max = 255;    ///< u8 only: stored values lie in [0, q_max]
    bool operator==(const Representation&) const = default;
};

using BufferId = Id<struct BufferTag>;

/// H, W, C of a rank-4 value; other values are 1 x 1 x elements.
struct Extent {
    int64_t height = 1, width = 1, channels = 1;
    [[nodiscard]] int64_t elements() const { return height * width * channels; }
    bool operator==(const Extent&) const = default;
};

struct Buffer {
    Extent extent;
    Representation representation;
    ValueId value;  ///< of the graph; invalid for intermediates
    BufferId alias; ///< valid: the same memory as that buffer, seen with another extent
};

/// f32 -> u8: clamp(round_half_even(x / scale) + zero_point, 0, q_max).
struct QuantizeStep {
    BufferId in, out;
};

/// u8 -> f32.
struct DequantizeStep {
    BufferId in, out;
};

/// Convolution or (1x1 extents) fully connected layer.
///
/// With a u8 input: acc = sum w * u over the stored integers, exact in 32 bits; y = (f32(acc) + bias[o]) *
/// multiplier[o], each operation rounded to f32; then y is cut to [clamp_lo, clamp_hi] and, for a u8 output,
/// rounded half to even, shifted by the output's zero point. `bias` is the integer b / (s_x s_w) - z_x
/// sum(w), held as f32. A non-zero input zero point never meets padding: a MoveStep pads with it before. With
/// an f32 input: y = sum w * x + bias, cut to the clamp.
struct ConvStep {
    BufferId in, out;
    ConvAttributes attributes;
    int64_t out_channels = 0, in_channels = 0;
    std::vector<int8_t> weights_q;                            ///< O x (I/group) x KH x KW; integer form
    std::vector<float> weights_f32;                           ///< same layout; float form
    std::vector<float> bias;                                  ///< [O]
    std::vector<float> multiplier;                            ///< [O]; integer form
    float clamp_lo = -std::numeric_limits<float>::infinity(); ///< integer form with u8 output: in output
                                                              ///< steps, zero point apart
    float clamp_hi = std::numeric_limits<float>::infinity();
    bool fully_connected = false;
    [[nodiscard]] bool is_integer() const { return !weights_q.empty(); }
};

enum class BinaryOp { add, sub, mul, div };

/// Element-wise with one operand possibly constant or broadcast. `index_a`/`index_b` map an output element to
/// the operand's (empty: the same element). y = clamp(real(a) op real(b)) in f32, then stored in the output's
/// representation.
struct BinaryStep {
    BinaryOp op = BinaryOp::add;
    BufferId a, b; ///< invalid: the constant
    std::vector<float> constant;
    std::vector<int32_t> index_a, index_b;
    Clamp clamp;
    BufferId out;
};

/// The residual add, u8 + u8 -> u8 of one shape: y = f32(a - z_a) * multiplier_a + f32(b - z_b) *
/// multiplier_b, each operation rounded to f32, with multiplier = s_operand / s_out; cut to the clamp,
/// rounded half to even, shifted by the zero point.
struct AddIntegersStep {
    BufferId a, b, out;
    float multiplier_a = 1, multiplier_b = 1;
    float clamp_lo = 0, clamp_hi = 255; ///< in output steps, zero point apart
};

/// Channel-wise y = clamp(x * scale[c] + shift[c]): a BatchNormalization that follows no weighted layer. f32
/// -> f32.
struct ScaleShiftStep {
    BufferId in, out;
    std::vector<float> scale, shift; ///< [C], the channel being the innermost index of the layout
    Clamp clamp;
};

/// Max (any representation, kept) or average pooling. The average of u8 is the f32 quotient of the exact
/// integer sum of (u - zero_point) and the count, times scale, stored in the output's representation.
struct PoolStep {
    BufferId in, out;
    PoolAttributes attributes;
    bool average = false;
};

enum class UnaryOp { relu, leaky_relu, clip, sigmoid, tanh, exp };

/// f32 -> f32.
struct UnaryStep {
    BufferId in, out;
    UnaryOp op = UnaryOp::relu;
    Clamp clamp;     ///< clip
    float alpha = 0; ///< leaky_relu
};

/// f32 -> f32 over rows of `inner_axis` elements with `stride` between them.
struct SoftmaxStep {
    BufferId in, out;
    int64_t axis_size = 1; ///< elements that are normalized together
    int64_t stride = 1;    ///< distance between them in the layout
};

/// f32 mean over groups: output element i is the mean of the inputs `members[i * count .. (i+1) * count)`.
struct MeanStep {
    BufferId in, out;
    int64_t count = 1;
    std::vector<int32_t> members;
};

/// Copies runs of elements between buffers of one representation and fills the rest.
struct MoveStep {
    struct Run {
        int32_t source = 0; ///< index into `in`; -1: fill
        int64_t from = 0, to = 0, length = 0;
        bool operator==(const Run&) const = default;
    };
    std::vector<BufferId> in;
    BufferId out;
    std::vector<Run> runs; ///< cover the output once, ascending
    float fill_f32 = 0;
    uint8_t fill_u8 = 0;
};

using Operation = std::variant<QuantizeStep, DequantizeStep, ConvStep, AddIntegersStep, BinaryStep,
                               ScaleShiftStep, PoolStep, UnaryStep, SoftmaxStep, MeanStep, MoveStep>;

struct Step {
    std::string node; ///< for errors and profiles
    Operation operation;
};

struct Program {
    std::vector<Buffer> buffers;
    std::vector<Step> steps;
    BufferId input;  ///< f32, the graph's only input
    BufferId output; ///< f32, the graph's first output
};

/// Buffers that a step reads, and the one it writes.
[[nodiscard]] std::vector<BufferId> reads(const Operation& operation);
[[nodiscard]] BufferId writes(const Operation& operation);

/// Every integer format of `resolved` must carry its scale. Errors: unsupported naming the node (op, rank),
/// invalid_input.
[[nodiscard]] Result<Program> lower(const Graph& graph, const PrecisionPlan& resolved);

} // namespace widthwise::engine
