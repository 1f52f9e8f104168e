#pragma once
// A rectangular systolic array running a matrix product, in closed form: cycles and accesses to the buffer
// beside it.
//
// Source: SCALE-Sim v2 (scalesim-project/scale-sim-v2@22f88b17), whose stall-free cycle counts, utilizations
// and SRAM accesses these formulas reproduce exactly (tests/core/cost/validation_scalesim.cpp).
//   dataflow   rows hold S_r   columns hold S_c   streamed T   cycles per fold
//   os         M (pixels)      N (filters)        K (window)   T + R + C - 2     drain overlaps the next fold
//   ws         K               N                  M            T + 2R + C - 2    load R, stream T, skew R-1
//   and C-1 is         K               M                  N            T + 2R + C - 2

#include "core/design/hardware_target.h"
#include "core/graph/layer_work.h"

#include <cstdint>

namespace widthwise::cost {

struct Array {
    int64_t rows = 1, cols = 1;
};

/// M x K by K x N. A convolution: M output pixels of the whole batch, N filters, K = kernel height x width x
/// channels; a grouped one is one such product per group.
struct Gemm {
    int64_t m = 1, n = 1, k = 1;
};

struct Folding {
    int64_t s_r = 1, s_c = 1, t = 1;
    int64_t row_folds = 1, col_folds = 1;
    int64_t fill = 0; ///< cycles of a fold beside its t: loading and skew

    [[nodiscard]] int64_t folds() const { return row_folds * col_folds; }
};

/// `dataflow` is one of ws, os, is (not `best`).
[[nodiscard]] Folding fold(Dataflow dataflow, const Gemm& gemm, const Array& array);

/// Bit-composable units that each take `products` operand pairs of neighbouring input channels at once. The
/// positions of the kernel follow one another, each over all channels (channel-wise), except where a group
/// has fewer channels than the array has rows: there the window is unrolled over the rows (im2col). With
/// stationary weights nothing is loaded between folds and nothing skews: every unit has a weight buffer of
/// its own. Source: hsharma35/bitfusion@0246bc4c simulator/accelerator.py get_compute_cycles(), whose cycles
/// these are exactly for AlexNet; it unrolls a network's first layer only.
[[nodiscard]] Folding fold_composed(Dataflow dataflow, const LoopNest& nest, int64_t batch,
                                    const Array& array, int64_t products);

/// Cycles without memory stalls for `groups` products of this folding, one after another: the index of the
/// last result's write (SCALE-Sim's "Total Cycles"), hence the -1 (not where nothing is filled); edge folds
/// take as long as whole ones. `beats`: cycles that one operand pair takes (bit-serial units). `busy`: share
/// of the pairs that are not skipped, evenly spread.
[[nodiscard]] double compute_cycles(const Folding& folding, int64_t groups = 1, int64_t beats = 1,
                                    double busy = 1);

/// Words between the buffer and the array's edge, per group. SCALE-Sim's own counts for os carry folds * (R +
/// C) further result words, an artefact of its trace that is left out here.
struct ArrayWords {
    int64_t activation_reads = 0;
    int64_t weight_reads = 0;
    int64_t result_writes = 0; ///< ws and is: every fold writes its partial sums
    int64_t partial_reads =
        0; ///< ws and is: partial sums read back for accumulation, (row_folds - 1) T S_c; not in SCALE-Sim
};
[[nodiscard]] ArrayWords array_words(Dataflow dataflow, const Folding& folding);

/// Share of the array that holds data, over all folds: S_r S_c / (folds R C).
[[nodiscard]] double mapping_efficiency(const Folding& folding, const Array& array);

/// One group's product of a layer at a batch.
[[nodiscard]] Gemm group_gemm(const LoopNest& nest, int64_t batch);

} // namespace widthwise::cost
