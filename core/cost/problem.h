#pragma once
// What a layer asks of a machine, in numbers alone: no graph, no names. Equal problems cost the same on one
// machine, so results can be remembered by them.

#include "core/design/mapping.h"
#include "core/graph/layer_work.h"

#include <cstddef>
#include <cstdint>

namespace widthwise::cost {

/// How an operand's bits are read by a multiplier.
enum class Numeric : uint8_t {
    integer, ///< and fixed point
    power_of_two,
    ternary,
    binary, ///< {-1, +1}
    codebook,
    float8,
    float16,
    bfloat16,
    float32,
};
[[nodiscard]] constexpr bool is_floating(Numeric numeric) {
    return numeric >= Numeric::float8;
}

struct OperandFormat {
    Numeric numeric = Numeric::integer;
    int bits = 8;
    bool operator==(const OperandFormat&) const = default;
};

/// What meets in one multiplier.
struct Operands {
    OperandFormat weights, activations;
    [[nodiscard]] bool floating() const {
        return is_floating(weights.numeric) || is_floating(activations.numeric);
    }
    bool operator==(const Operands&) const = default;
};

/// Bits of one stored element.
struct StoredBits {
    int weights = 8;
    int input = 8;
    int output = 8;
    bool operator==(const StoredBits&) const = default;
};

/// Shares of zeros, 0..1.
struct Zeros {
    double inputs = 0, weights = 0, outputs = 0;
    bool operator==(const Zeros&) const = default;
};

/// Element-wise work: adds or compares and multiplies of `bits` wide numbers.
struct VectorWork {
    double adds = 0, multiplies = 0;
    int bits = 0;
    bool is_float = false;
    double read_bits = 0, write_bits = 0;           ///< of all operands and results
    double dram_read_bits = 0, dram_write_bits = 0; ///< what of these crosses the outermost boundary
    double written = 0; ///< elements of the result; 0 where they take no lane's time of their own
    [[nodiscard]] double operations() const { return adds + multiplies; }
    bool operator==(const VectorWork&) const = default;
};

/// A convolution, a fully connected layer or a product of two activations.
struct MatrixProblem {
    LoopNest nest;
    int64_t batch = 1; ///< images that share the weights
    Operands operands; ///< as the multipliers of the target read them
    StoredBits stored;
    Zeros zeros;
    /// The input, the output stays in the innermost shared level between two layers: it does not cross the
    /// boundary to DRAM.
    bool input_on_chip = false, output_on_chip = false;
    /// What follows each result on its way out: requantization, zero-point correction. No traffic of its own.
    VectorWork epilogue;
    bool operator==(const MatrixProblem&) const = default;

    [[nodiscard]] double macs() const {
        return static_cast<double>(nest.macs()) * static_cast<double>(batch);
    }
};

struct MatrixProblemHash {
    [[nodiscard]] size_t operator()(const MatrixProblem& problem) const;
};

} // namespace widthwise::cost
