#pragma once
// A target with every constant resolved: what the per-layer formulas multiply by.

#include "core/cost/mac_style.h"
#include "core/cost/problem.h"
#include "core/cost/systolic.h"
#include "core/design/hardware_target.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

namespace widthwise::cost {

/// What the layers of a design ask of one MAC unit.
struct Demand {
    WidestOperands widest;
    int accumulator_bits = 0; ///< product + ceil(log2 K) of the most demanding layer
    double float_um2 = 0;     ///< of the largest floating-point MAC; 0: no such layer
    /// What a buffer can use at all: bits of the input and weights of the largest layer (of one of its
    /// groups), rounded up to a power of two, infinite where feature maps stay on the chip; and running sums.
    double layer_bits = 0, layer_sums = 0;

    void add(const MatrixProblem& problem);
    void add(const Demand& other); ///< of both: every figure is the larger one
    bool operator==(const Demand&) const = default;
};

struct Level {
    std::string name;
    int64_t bytes = 0; ///< 0: unbounded
    double read_pj_per_bit = 0, write_pj_per_bit = 0;
    double capacity_bits = 0;   ///< that may be kept across folds: half of it (double buffering)
    double bytes_per_cycle = 0; ///< 0: never the bottleneck
    int element_bits = 1;       ///< least that one element takes
    bool shared = true;         ///< not a scratchpad in every processing element
    bool holds_inputs = true, holds_outputs = true;

    /// Bits of an element of `bits` as it is stored here.
    [[nodiscard]] double stored(int bits) const { return std::max(bits, element_bits); }
};

struct Chip {
    Array array;
    MacDesign mac;
    int accumulator_bits = 32; ///< of a MAC unit
    bool float_units = false;  ///< built for the design, or named among what the target supports
    double float_um2 = 0;      ///< of one: the largest of the design's, or of what the target supports
    double mac_scale = 1;      ///< energy of a MAC over the law's at 45 nm, 0.9 V
    double mac_efficiency = 1;
    ZeroUse zeros;
    double cycle_s = 0;
    double static_power_w = 0;
    double logic_scale = 1;         ///< energy at the target's node and voltage over 45 nm, 0.9 V
    double register_pj_per_bit = 0; ///< 0 on an FPGA whose MACs' energy is given
    double noc_pj_per_bit = 0;
    std::array<Level, 8> levels; ///< outermost first
    size_t level_count = 0;

    /// `fixed`: the target's own MAC widths. `to_design`: the demand's, with an accumulator that is no wider
    /// than the target's and no wider than needed, and buffers as large as the target's but no larger (in
    /// powers of two) than what keeps all of the largest layer: double-buffered input, weights and sums.
    Chip(const HardwareTarget& target, const Demand& demand);

    /// pJ of one multiply and accumulate: the law of mac_style.h at the target's node and voltage, or in that
    /// law's proportion to the target's own pJ at its own widths.
    [[nodiscard]] double mac_pj(const Operands& operands) const;
    /// Of a running sum of such products.
    [[nodiscard]] int sum_bits(const Operands& operands) const;
    /// MACs that all units together could do in one cycle; at the target's own widest operands.
    [[nodiscard]] double macs_per_cycle(const Operands& operands) const;
    [[nodiscard]] double macs_per_cycle() const;
    /// pJ of one add or compare (vector unit).
    [[nodiscard]] double vector_add_pj(int bits, bool is_float) const;
    [[nodiscard]] double vector_multiply_pj(int bits, bool is_float) const;
};

/// mm^2 by component: "mac" (the array, or floating-point multipliers and adders if larger), "registers"
/// (accumulator bits beyond the products'), and each memory level on the chip by its name, all instances.
[[nodiscard]] std::map<std::string, double> chip_area(const Chip& chip, const HardwareTarget& target);

} // namespace widthwise::cost
