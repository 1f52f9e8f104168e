#pragma once
// Depth-first execution: consecutive steps run together, row by row as the last one asks for them, one image
// after another, so that the maps between them never leave the chip and never exist whole.
//
// Each map inside a segment keeps a line buffer: the rows from the oldest that a reader still needs to the
// newest that is written. Rows are computed once (no halo is computed again). A reader that needs all rows
// first (a fully connected layer, a gate behind a global pool) ends a phase: what crosses into the next phase
// is held whole, the other line buffers are gone by then. All weights of a segment stay on the chip, so they
// are fetched once for the whole batch. After M. Alwani et al., "Fused-layer CNN accelerators" (MICRO 2016),
// whose line buffers ("reuse") these are.

#include "core/cost/residency_keep.h"

namespace widthwise::cost {

struct Fusion {
    std::vector<Segment> segments; ///< of two or more steps, ascending
    std::vector<bool> inside;      ///< per map: it never leaves a segment
    double saved_bits = 0;         ///< that no longer cross the outermost boundary, whole batch
};

/// Steps first .. last with the bits that they need together.
[[nodiscard]] Segment segment_of(const StepGraph& graph, int first, int last);

/// The segments, of at most 64 steps each, that save most DRAM traffic, by dynamic programming over the
/// file's order; of equals the one with the shortest segments.
[[nodiscard]] Fusion fuse_depth_first(const StepGraph& graph, const ChipRoom& room);

/// The graph in which each segment is one step; its line buffers stand as a map that it alone reads.
[[nodiscard]] StepGraph contracted(const StepGraph& graph, std::span<const Segment> segments);

} // namespace widthwise::cost
