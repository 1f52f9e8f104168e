#pragma once
// Cycles, traffic and energy of one layer, from numbers alone (no graph, no strings).
//
// Energy, pJ:
//   compute    MACs x (product + accumulation) in both operands' formats (mac_style.h, arithmetic.h)
//   registers  bits clocked in the PEs: per MAC the operands that move on and the running sum (ws:
//   activation; is: weight; os: both), per fold the loading of the operand that stays; composable units
//   read their weight for each product (from a small buffer, counted as registers) and sum up in the column
//   noc        every bit between the innermost buffer and the array's edge
//   buffer     reads and writes of every level but the outermost, on the array's side and on the outer side
//   dram       bits across the outermost boundary (traffic.h)
//   static     static power x latency
// Operands narrower than the MAC unit save what they do not switch; stored operands are packed at their own
// width, or take a level's `element_bits` if that is more. Latency: the longest of the array's own time and
// each level's bytes over its bandwidth (roofline; transfers overlap compute). The array's own time is the
// compute cycles and, with stationary weights, loading them again for each further tile of pixels: a layer
// that does so takes longer than its compute cycles and is bound by compute all the same.
//
// How a layer is split into tiles (traffic.h) is chosen by the objective. What it chooses never serves
// latency better with a smaller buffer or wider operands, where all levels store elements alike; the same
// holds of energy without static power. Elsewhere (codes or widths of elements that differ between levels,
// products of energy and time) it holds as far as the fewest bits also take the least energy.
//
// Zeros. Gating: a zero input clocks neither multiplier nor running sum; it still moves and takes its cycle.
// Skipping: zeros take no cycle and move nothing in the array; that rows and columns find unequal numbers of
// them and wait for each other is ignored, so this is the most that skipping can give. Compression: feature
// maps cross the outermost boundary run-length coded (zero_coding.h).

#include "core/cost/chip.h"
#include "core/cost/machine.h"
#include "core/cost/traffic.h"

namespace widthwise::cost {

/// Elements that cross one boundary, towards the array and away from it.
struct Flow {
    double inputs = 0, weights = 0, partial_reads = 0;
    double outputs = 0, partial_writes = 0;
};
/// Outermost boundary first; the last is the array's own.
using Flows = std::array<Flow, 9>;

struct MatrixLayer {
    LayerFigures figures;
    Dataflow dataflow = Dataflow::weight_stationary; ///< never `best`
    Folding folding;
    Traffic dram; ///< across the outermost boundary
    Flows flows;  ///< whole layer
};

/// A convolution or fully connected layer under `dataflow` (ws, os, is, or `best` of the three by
/// `objective`), split as serves `objective` best. Groups run one after another, each as its own product (no
/// packing of several groups onto the array).
[[nodiscard]] MatrixLayer matrix_layer(const Chip& chip, const MatrixProblem& problem, Dataflow dataflow,
                                       Objective objective);

} // namespace widthwise::cost
