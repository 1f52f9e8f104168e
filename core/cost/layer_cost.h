#pragma once
// Cycles, traffic and energy of one layer, from numbers alone (no graph, no strings).
//
// Energy, pJ:
//   compute    MACs x (multiplier + accumulator) of both operand widths (energy_law.h)
//   registers  bits clocked in the PEs: per MAC the operands that move on and the running sum (ws:
//   activation; is: weight; os: both),
//              per fold the loading of the operand that stays
//   noc        every bit between the innermost buffer and the array's edge
//   buffer     reads and writes of every level but the outermost, on the array's side and on the outer side
//   dram       bits across the outermost boundary (traffic.h)
//   static     static power x latency
// Operands narrower than the MAC unit save what they do not switch; stored operands are packed at their own
// width. Latency: the longest of the compute cycles and each level's bytes over its bandwidth (roofline;
// transfers overlap compute).

#include "core/cost/chip.h"
#include "core/cost/traffic.h"
#include "core/design/cost_breakdown.h"

namespace widthwise::cost {

/// Bits of one stored element.
struct StoredBits {
    int weights = 8;
    int input = 8;
    int output = 8;
};

struct LayerFigures {
    int64_t compute_cycles = 0;
    int64_t cycles = 0;
    EnergyBreakdown energy;
    double dram_bytes = 0;
    double buffer_bytes = 0; ///< all levels but the outermost, both sides
    Bound bound = Bound::compute;
};

struct MatrixLayer {
    LayerFigures figures;
    Dataflow dataflow = Dataflow::weight_stationary; ///< never `best`
    Folding folding;
    Traffic dram; ///< across the outermost boundary
};

/// A convolution or fully connected layer under `dataflow`; `best` takes the fewest cycles, among equals the
/// least energy. Groups run one after another, each as its own product (no packing of several groups onto the
/// array).
[[nodiscard]] MatrixLayer matrix_layer(const Chip& chip, const LoopNest& nest, int64_t batch,
                                       Dataflow dataflow, const Widths& widths, const StoredBits& stored);

/// Element-wise, pooling, normalization and data-moving layers: a vector unit as wide as the array has
/// columns, one operation per lane and cycle; everything is read and written once through all levels.
struct VectorWork {
    double operations = 0;
    double operation_pj = 0;
    double read_bits = 0, write_bits = 0;
};
[[nodiscard]] LayerFigures vector_layer(const Chip& chip, const VectorWork& work);

} // namespace widthwise::cost
