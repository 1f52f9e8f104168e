#pragma once
// Energy and time of a mapped layer from its access counts.
//
// Energy: MACs by the arithmetic's law; per level reads at its read energy, fills and updates at its write
// energy, in elements as wide as they are stored there; what passes between the shared levels and the
// processing elements also pays the network on the chip. Scratchpads count as registers. Zero gating: a zero
// input leaves multiplier, weight and partial-sum scratchpads still (the input's own scratchpad is read to
// find it). Maps that cross the outermost boundary run-length coded take coded_share(). Time: the longest of
// steps (times the bits that a bit-serial unit takes; composable units make one product a step here) /
// mac_efficiency and each level's bytes per instance over its bandwidth (transfers overlap compute).
// Skipped zeros take no step.

#include "core/cost/chip.h"
#include "core/cost/machine.h"
#include "core/cost/nest_counts.h"

namespace widthwise::cost {

class NestPricing {
public:
    /// `target` and `chip` must outlive it.
    NestPricing(const HardwareTarget& target, const Chip& chip, const MatrixProblem& problem);

    [[nodiscard]] LayerFigures price(const NestCounts& counts) const;

    /// What no mapping of `steps` or more steps can undercut: MACs, the accesses that serve them, each
    /// element once across the outermost boundary.
    [[nodiscard]] LayerFigures floor(double steps, const NestShape& shape) const;

    /// Bits that tiles take in one instance of `level`, all operands that it holds.
    [[nodiscard]] double used_bits(size_t level, const NestShape& shape, const Extents& inside) const;
    [[nodiscard]] double capacity_bits(size_t level) const { return m_levels[level].capacity; }
    [[nodiscard]] size_t level_count() const { return m_count; }

private:
    struct Level {
        std::array<double, k_operands> bits; ///< of one element, partial sums for outputs
        std::array<bool, k_operands> holds;
        double capacity = 0; ///< bits; infinite where unbounded
        double bytes_per_cycle = 0;
        double read_pj = 0, write_pj = 0; ///< per bit
        bool per_pe = false;
        std::string_view name;
    };

    /// Between the shared levels and the processing elements, both ways.
    [[nodiscard]] double network_bits(const NestCounts& counts) const;

    std::array<Level, k_most_levels> m_levels;
    std::array<size_t, k_operands> m_shared{}; ///< the innermost shared level that holds the operand
    std::array<size_t, k_operands> m_pad{};    ///< the outermost scratchpad that does; 0: none
    size_t m_count = 0;
    double m_final_bits = 8; ///< of a finished result in the outermost level
    double m_input_coding = 1, m_output_coding = 1;
    bool m_input_on_chip = false, m_output_on_chip = false;
    double m_active = 1; ///< share of MACs that switch
    double m_busy = 1;   ///< cycles of a step: a bit-serial unit's bits, less the zeros that are skipped
    double m_compute_pj = 0;
    double m_units = 1, m_efficiency = 1;
    double m_noc_pj = 0, m_static_w = 0, m_cycle_s = 0;
};

} // namespace widthwise::cost
