#pragma once
// One MAC unit as it is built: how many products it makes in how many cycles, and what each costs.
//
//   bit_parallel    one product a cycle.
//   bit_serial      reads one operand bit by bit (Stripes: activations; UNPU: weights; Loom: both) and makes
//                   a row of the product in each cycle: as many cycles as that operand has bits. A unit is a
//                   lane, as large as a multiplier of one bit, so a serial array has more of them: `rows` and
//                   `cols` count lanes. Sixteen lanes of a column share a tree of adders and an accumulator,
//                   which takes the tree's sum in every cycle (Stripes: Judd et al., MICRO 2016; Lee et al.,
//                   ISSCC 2018; Sharify et al., DAC 2018). Energy from the laws of the parts: an estimate.
//   bit_composable  a fusion unit of min_bits x min_bits multipliers that makes (W / w) (A / a) products of
//                   w x a bits in one cycle, w and a rounded up to min_bits 2^k (Sharma et al., ISCA 2018: 8
//                   and 2 bits). A cycle of the whole unit costs what a fixed unit of its width does times
//                   the ratio of the synthesized arrays (mac_array.h).

#include "core/cost/arithmetic.h"
#include "core/cost/systolic.h"
#include "core/design/hardware_target.h"

namespace widthwise::cost {

/// What the layers of a design ask of one MAC unit, floating point aside.
struct WidestOperands {
    int weight_bits = 0, activation_bits = 0; ///< as they are stored; 0: no such layer
    /// Of the layers that need an array multiplier.
    int multiplier_weight_bits = 0, multiplier_activation_bits = 0;
    double special_cells = 0; ///< built, of the largest other data path
    /// With every format as an array multiplier reads it.
    int integer_weight_bits = 0, integer_activation_bits = 0;

    void add(const Operands& operands);
    void add(const WidestOperands& other); ///< of both: every figure is the larger one
    bool operator==(const WidestOperands&) const = default;
};

/// Of one unit: `products` products every `beats` cycles.
struct MacRate {
    int64_t beats = 1, products = 1;
};

struct MacDesign {
    MacStyle style = MacStyle::bit_parallel;
    SerialOperands serial = SerialOperands::activations;
    int min_bits = 2;
    int weight_bits = 8, activation_bits = 8, accumulator_bits = 32;
    /// Full adders' worth of one unit's product logic as built (arithmetic.h).
    double cells = 64;
    /// Binary, ternary, power-of-two and codebook operands meet data paths made for them; else they run
    /// through the integer multiplier.
    bool own_datapaths = false;
    double composed_ratio = 1; ///< energy of a fusion unit's cycle over a fixed unit's

    /// The chip exists.
    MacDesign(const MacUnit& unit, const Array& array, bool own_datapaths);
    /// Built for these layers, with an accumulator of `accumulator_bits`.
    MacDesign(const MacUnit& unit, const Array& array, const WidestOperands& widest, int accumulator_bits);

    [[nodiscard]] MacRate rate(const Operands& operands) const;
    /// Of the accumulator, per product.
    [[nodiscard]] double accumulations(const Operands& operands) const;
    /// pJ of one multiply and accumulate, 45 nm, 0.9 V. A float runs on a unit of its own.
    [[nodiscard]] double mac_pj(const Operands& operands) const;
    /// um^2 at 45 nm of the whole array, without what accumulators need beyond the product.
    [[nodiscard]] double array_um2(const Array& array) const;
    /// um^2 at 45 nm that the accumulators add.
    [[nodiscard]] double accumulators_um2(const Array& array) const;

private:
    [[nodiscard]] Operands as_run(const Operands& operands) const;
    void compose(const Array& array);
};

} // namespace widthwise::cost
