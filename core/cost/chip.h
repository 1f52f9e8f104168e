#pragma once
// A target with every constant resolved: what the per-layer formulas multiply by.

#include "core/cost/problem.h"
#include "core/cost/systolic.h"
#include "core/design/hardware_target.h"

#include <array>
#include <map>
#include <string>

namespace widthwise::cost {

/// What the layers of a design ask of one MAC unit.
struct Demand {
    int weight_bits = 0, activation_bits = 0; ///< widest integers; 0: no integer layer
    int accumulator_bits = 0; ///< weights + activations + ceil(log2 K) of the most demanding layer
    bool has_float = false;

    void add(const MatrixProblem& problem);
    void add(const Demand& other); ///< of both: every figure is the larger one
    bool operator==(const Demand&) const = default;
};

struct Level {
    std::string name;
    double read_pj_per_bit = 0, write_pj_per_bit = 0;
    double capacity_bits = 0;   ///< that may be kept across folds: half of it (double buffering)
    double bytes_per_cycle = 0; ///< 0: never the bottleneck
};

struct Chip {
    Array array;
    int weight_bits = 8, activation_bits = 8, accumulator_bits = 32; ///< of a MAC unit
    bool float_units = false; ///< `to_design` for a design with floating-point layers
    double cycle_s = 0;
    double static_power_w = 0;
    double logic_scale = 1; ///< energy at the target's node and voltage over 45 nm, 0.9 V
    double register_pj_per_bit = 0;
    double noc_pj_per_bit = 0;
    std::array<Level, 8> levels; ///< outermost first
    size_t level_count = 0;

    /// `fixed`: the target's own MAC widths. `to_design`: the demand's, with an accumulator that is no wider
    /// than the target's and no wider than needed.
    Chip(const HardwareTarget& target, const Demand& demand);

    /// pJ of one multiply and accumulate.
    [[nodiscard]] double mac_pj(const Operands& operands) const;
    /// pJ of one add or compare (vector unit).
    [[nodiscard]] double vector_add_pj(int bits, bool is_float) const;
    [[nodiscard]] double vector_multiply_pj(int bits, bool is_float) const;
};

/// mm^2 by component: "mac" (whole integer PEs, or float32 multiplier and adder if larger), "registers"
/// (accumulator bits beyond the PE's own), and each memory level on the chip by its name.
[[nodiscard]] std::map<std::string, double> chip_area(const Chip& chip, const HardwareTarget& target);

} // namespace widthwise::cost
