#pragma once
// Whole-network figures of very many designs that differ in widths only: a layer's figures depend on its own
// formats and on how wide its operands are stored, so they are kept in dense tables (filled as they are
// asked for) and a design costs additions.
//
// Kinds of target:
//   spatial, `fixed` sizing, and gpu     as above
//   spatial, `to_design` sizing          one set of tables for each demand on the chip (widest operands,
//                                        accumulator, buffers) that designs turn out to make
//   fpga_dataflow                        folding depends on all layers at once, nothing adds up: every design
//                                        is a full estimate
// Where layers keep their feature maps on the chip, what stays depends on all widths too: it is settled anew
// for each design, and looked up as a further property of each operand.
// Not thread-safe: one table per thread.

#include "core/cost/cost_model.h"

#include <memory>
#include <span>
#include <vector>

namespace widthwise::cost {

/// Positions in the table's formats. Layers without weights ignore `weights`.
struct WidthChoice {
    uint8_t weights = 0, activations = 0;
};

/// As CostBreakdown's; equal to them but for the rounding of sums.
struct CostTotals {
    double latency_s = 0, energy_j = 0;
    double area_mm2 = 0; ///< NaN: does not apply
    double model_bytes = 0, bops = 0, dram_bytes = 0;
};

class DesignTable {
public:
    /// `base`: what holds of the plan for everything that is not chosen (the default gives the width of the
    /// network's outputs). 1..32 formats each. Errors: usage for their number; as Estimator::create's.
    [[nodiscard]] static Result<DesignTable> create(GraphPtr graph, HardwareTarget target, Options options,
                                                    PrecisionPlan base,
                                                    const std::vector<NumberFormat>& weights,
                                                    const std::vector<NumberFormat>& activations);
    DesignTable(DesignTable&&) noexcept;
    DesignTable& operator=(DesignTable&&) noexcept;
    ~DesignTable();

    /// The nodes that get a choice: those that read activations, in the graph's order.
    [[nodiscard]] const std::vector<NodeId>& layers() const;
    /// False: every design is a full estimate.
    [[nodiscard]] bool adds_up() const;
    /// The plan that a design stands for.
    [[nodiscard]] PrecisionPlan plan(std::span<const WidthChoice> design) const;
    /// Of one choice per layer. Errors: usage for choices that are not there; as cost::estimate's.
    [[nodiscard]] Result<CostTotals> totals(std::span<const WidthChoice> design);

private:
    class State;
    explicit DesignTable(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace widthwise::cost
