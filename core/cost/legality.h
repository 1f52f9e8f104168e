#pragma once
// What a target's multipliers can be fed with, which scales and zero points it has, and what a layer's
// formats become where they cannot be run as they are.
//
// Of the pairs of formats that a target lists (a GPU without a list: each of its peaks, both operands alike)
// the narrowest whose numbers hold the layer's exactly is run. A target without a list runs everything up to
// the width of its MACs. What is coarser always stands in for what is finer: scales per channel for those per
// group, per tensor for per channel, zero points of 0.

#include "core/cost/problem.h"
#include "core/design/hardware_target.h"
#include "core/design/precision_plan.h"

#include <string>
#include <vector>

namespace widthwise::cost {

/// A number format as a multiplier reads it.
[[nodiscard]] OperandFormat operand_format(const NumberFormat& format);
/// The same of an operand that a target lists.
[[nodiscard]] OperandFormat operand_format(const OperandSupport& operand);

/// Units of this format take `operand` without rounding it, but for float16 and bfloat16 (gpu_peak.h), which
/// round powers of two and shared weights. A power of two of b bits is an integer of 2^(b-1) bits.
[[nodiscard]] bool holds(const OperandSupport& unit, const OperandFormat& operand);

/// Scales and zero points as the target runs them.
struct RunScales {
    Granularity weights = Granularity::tensor, inputs = Granularity::tensor;
    int weight_group = 0, input_group = 0; ///< sizes, >= 1 when granularity is group
    bool weight_zero_point = false, input_zero_point = false;
    bool power_of_two = false; ///< of both operands
    bool operator==(const RunScales&) const = default;
};

struct RunFormats {
    Operands operands; ///< as the target runs the layer
    RunScales scales;
    int stored_weight_bits = 0; ///< of one stored weight
    /// Why any of this differs from the design's, reasons separated by "; ": "runs as w8a8: the target
    /// multiplies no w4a8". Empty: it does not.
    std::string fallback;
};

/// `weights`: of the right operand (a product of two activations: its activations' format). Floating-point
/// formats on a target that lists none but integers are priced as if it had such units, and `fallback` says
/// so; wider ones than the target's widest floats run as those. Errors: invalid_input when no unit of the
/// target can take integers so wide (powers of two as as_integers() has them, where no data path is made for
/// them), saying which it has; `where` is left to the caller.
[[nodiscard]] Result<RunFormats> run_formats(const HardwareTarget& target, const NumberFormat& weights,
                                             const NumberFormat& activations);

/// Bits of one activation in the target's memory, as layers that read it in `format` need it: those of the
/// narrowest activation format listed (a GPU without a list: of its peaks) that holds it, else of the widest
/// floats, which it runs as; and no fewer than the outermost level gives an element.
[[nodiscard]] int stored_activation_bits(const HardwareTarget& target, const NumberFormat& format);

/// What to choose among.
struct LegalFormats {
    /// Pairs that may be chosen as they are. Empty: every integer up to the two widths below.
    std::vector<FormatPair> pairs;
    int widest_weights = 0, widest_activations = 0; ///< of integers; 0: integers do not run
    bool floats = false; ///< floating point runs on units of its own (or on ones that the design gets)
    bool per_channel = true, per_group = true;
    bool weight_zero_points = true, input_zero_points = true;
    bool operator==(const LegalFormats&) const = default;
};
[[nodiscard]] LegalFormats legal_formats(const HardwareTarget& target);
/// One line: "w8a8, w4a8, float16; scales per tensor or channel; zero points of inputs only".
[[nodiscard]] std::string to_text(const LegalFormats& legal);

} // namespace widthwise::cost
