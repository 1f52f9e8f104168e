#pragma once
// The lowered network: a straight line of steps over buffers. It states the semantics of quantized execution;
// the reference engine runs it with plain loops and the oneDNN engine must give the same integers.
//
// Layout: a value of rank 4 is stored H x W x C per image (channels last), every other rank row-major; images
// are outermost. Integers of at most 8 bits are stored as u8, signed ones shifted by their q_min, so that a
// stored value u means scale * (u - zero_point) with zero_point in [0, 255]. All other formats are simulated:
// f32 that lies on the format's grid.

#include "core/design/precision_plan.h"
#include "core/engine/binary_op.h"
#include "core/engine/float_operation.h"
#include "core/graph/folding.h"
#include "core/graph/graph.h"
#include "core/quant/quantizer.h"

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace widthwise::engine {

enum class Element {
    f32,
    u8,
    s32 ///< a layer's sums, before requantization
};

/// The values that a simulated format allows.
struct Grid {
    std::vector<Quantizer> quantizers; ///< one, or one per channel or group of channels
    int64_t channels_each = 0;         ///< consecutive channels that share one; 0: all
    bool operator==(const Grid&) const = default;
};

/// How u8 values are chosen: affine rounds to the nearest; binary is 0 or 2 (zero point 1) by sign; ternary
/// is 1, or 0 and 2 where |x| exceeds the threshold.
enum class Coding { affine, binary, ternary };

/// How a buffer's numbers are stored.
struct Representation {
    Element element = Element::f32;
    float scale = 1;         ///< u8 only
    int32_t zero_point = 0;  ///< u8 only, stored domain
    int32_t q_max = 255;     ///< u8 only: stored values lie in [0, q_max]
    int32_t code_offset = 0; ///< u8 only: stored value + code_offset is the format's own integer
    Coding coding = Coding::affine;
    float threshold = 0;      ///< ternary only
    bool dynamic = false;     ///< u8 only: scale and zero point are each image's own
    std::optional<Grid> grid; ///< f32 only: simulated
    bool operator==(const Representation&) const = default;
    /// What any producer can round to on its way out.
    [[nodiscard]] bool is_plain_u8() const {
        return element == Element::u8 && coding == Coding::affine && !dynamic;
    }
    [[nodiscard]] bool is_plain_f32() const { return element == Element::f32 && !grid; }
};

using BufferId = Id<struct BufferTag>;

/// H, W, C of a rank-4 value, rows x 1 x columns of a rank-3 one; other values are 1 x 1 x elements.
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

/// f32 -> u8: clamp(round_half_even(x / scale) + zero_point, 0, q_max), or as the coding says; dynamic: scale
/// and zero point from the image's own range, as ONNX DynamicQuantizeLinear. f32 -> f32 with a grid: each
/// value rounded to it.
struct QuantizeStep {
    BufferId in, out;
    bool operator==(const QuantizeStep&) const = default;
};

/// u8 -> f32.
struct DequantizeStep {
    BufferId in, out;
    bool operator==(const DequantizeStep&) const = default;
};

/// Convolution or (1x1 extents) fully connected layer.
///
/// With a u8 input: acc = sum (w - w_z) * u over the stored integers, exact in 32 bits. An s32 output gets
/// acc itself. Otherwise y = (f32(acc) + bias[o]) * multiplier[o], each operation rounded to f32; then y is
/// cut to [clamp_lo, clamp_hi] and, for a u8 output, rounded half to even, shifted by the output's zero
/// point. `bias` is b / (s_x s_w), rounded to an integer unless a BatchNormalization was left unfolded, less
/// z_x sum(w - w_z), held as f32. A non-zero input zero point never meets padding: a MoveStep pads with it
/// before. With an f32 input: y = sum w * x + bias, cut to the clamp.
struct ConvStep {
    BufferId in, out;
    ConvAttributes attributes;
    int64_t out_channels = 0, in_channels = 0;
    std::vector<int8_t> weights_q;                            ///< O x (I/group) x KH x KW; integer form
    std::vector<int32_t> weight_zero_points;                  ///< w_z, within s8: one or [O]; empty: 0
    std::vector<float> weights_f32;                           ///< same layout; float form
    std::vector<float> bias;                                  ///< [O]
    std::vector<float> multiplier;                            ///< [O]; integer form
    float clamp_lo = -std::numeric_limits<float>::infinity(); ///< integer form with u8 output: in output
                                                              ///< steps, zero point apart
    float clamp_hi = std::numeric_limits<float>::infinity();
    bool fully_connected = false;
    /// Width of a saturating accumulator; s32 output only. Then the sum is over the formats' own integers
    /// (u + code_offset), cut after each addition: over kernel rows, columns, then input channels.
    std::optional<int> saturate_bits;
    [[nodiscard]] bool is_integer() const { return !weights_q.empty(); }
    bool operator==(const ConvStep&) const = default;
};

/// s32 sums to the next representation: what a ConvStep with an s32 output left to do.
///
/// a = acc + code_shift[o] is the sum over the formats' own integers; wrapped to `wrap_bits` where that is
/// given. float_scale: y = (f32(a) + bias[o]) * multiplier[o], as ConvStep. The integer modes (u8 output):
/// t = (a + integer_bias[o]) * integer_multiplier[o] (power of two: 1), shifted right by shift[o] (negative:
/// left) with the rounding, in 64 bits; then cut and shifted by the zero point. With a dynamic input the sum
/// is corrected by each image's zero point: y = f32(acc - z * weight_sum[o]) * (s_x * multiplier[o]) +
/// bias[o].
struct RequantizeStep {
    BufferId in, out;
    std::vector<int32_t> code_shift; ///< [O]
    std::optional<int> wrap_bits;
    Requantization how;
    std::vector<float> bias, multiplier; ///< [O]
    std::vector<int64_t> integer_bias;   ///< [O]; integer modes
    std::vector<int32_t> integer_multiplier, shift;
    BufferId dynamic_input;          ///< valid: whose scale and zero point apply
    std::vector<int32_t> weight_sum; ///< [O]; dynamic
    float clamp_lo = -std::numeric_limits<float>::infinity(),
          clamp_hi = std::numeric_limits<float>::infinity();
    bool operator==(const RequantizeStep&) const = default;
};

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
    bool operator==(const BinaryStep&) const = default;
};

/// The residual add, u8 + u8 -> u8 of one shape: y = fma(f32(b - z_b), multiplier_b, f32(a - z_a) *
/// multiplier_a), the product rounded to f32 and the sum once, with multiplier = s_operand / s_out; cut to
/// the clamp, rounded half to even, shifted by the zero point. `a` is the operand that a convolution wrote
/// last: so does its kernel on its way out.
struct AddIntegersStep {
    BufferId a, b, out;
    float multiplier_a = 1, multiplier_b = 1;
    float clamp_lo = 0, clamp_hi = 255; ///< in output steps, zero point apart
    bool operator==(const AddIntegersStep&) const = default;
};

/// Max (any representation, kept) or average pooling. The average of u8 is the f32 quotient of the exact
/// integer sum of (u - zero_point) and the count, times scale, stored in the output's representation.
struct PoolStep {
    BufferId in, out;
    PoolAttributes attributes;
    bool average = false;
    bool operator==(const PoolStep&) const = default;
};

/// What runs in float only; see float_operation.h. All buffers are f32 without a grid.
struct FloatStep {
    std::vector<BufferId> in;
    BufferId out;
    FloatOperation operation;
    bool operator==(const FloatStep&) const = default;
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
    bool operator==(const MoveStep&) const = default;
};

using Operation = std::variant<QuantizeStep, DequantizeStep, ConvStep, RequantizeStep, AddIntegersStep,
                               BinaryStep, PoolStep, FloatStep, MoveStep>;

struct Step {
    std::string node; ///< for errors and profiles
    Operation operation;
};

struct Program {
    std::vector<Buffer> buffers;
    std::vector<Step> steps;
    BufferId input;                ///< f32, the graph's only input
    std::vector<BufferId> outputs; ///< f32, the graph's outputs in order
};

/// Buffers that a step reads, and the one it writes.
[[nodiscard]] std::vector<BufferId> reads(const Operation& operation);
[[nodiscard]] BufferId writes(const Operation& operation);

struct LowerOptions {
    bool observe_accumulators = false; ///< every integer layer's sums pass through an s32 buffer
};

/// Every format of `resolved` must carry its scale. Errors: unsupported naming the node (op, rank),
/// invalid_input.
[[nodiscard]] Result<Program> lower(const Graph& graph, const PrecisionPlan& resolved,
                                    const LowerOptions& options = {});

} // namespace widthwise::engine
