#pragma once
// How much a layer moves across the boundary between a memory level and everything outside it.
//
// The output pixels are split into tiles (groups of images, or strips of output rows of one image); within a
// tile the array walks over row folds x column folds of systolic.h in one of two loop orders. What a level of
// `capacity_bits` can keep crosses its boundary once; the rest is fetched again for every fold that needs it
// (SCALE-Sim's rule for an operand that does not fit its half of a double buffer, applied to tiles too). Of
// all combinations of loop order and kept operands that fit together, for each number of tiles the one that
// moves the fewest bits stands: less capacity or more bits never move less in as many tiles. Tiles may cost
// time of their own (an array that holds weights is loaded again for each), which is the caller's to weigh
// against the bits.
//
//   operand                       kept by the level          crosses the boundary, per tile
//   held in the array             nothing                    once
//   depends on the outer loop     its fold's part            once, else once per inner fold
//   depends on the inner loop     all of the tile's          once, else once per outer fold
//   partial sums (ws, is)         the results being summed   results once, else also out and back per further
//   row fold weights                       all of them                once for all tiles, else as above for
//   each tile
//
// Input maps: a fold that passes over all pixels reads each input element of the channels it touches once
// while the rows that a kernel covers stay (a line buffer), else once per overlapping output row.
// Neighbouring strips fetch the rows that they share twice. Padding is not fetched; strides larger than the
// kernel skip what they skip.

#include "core/cost/systolic.h"
#include "core/graph/layer_work.h"

#include <vector>

namespace widthwise::cost {

struct OperandBits {
    int weights = 8;
    int activations = 8; ///< as stored, in what the layer reads
    int accumulator = 32;
    int outputs = 8; ///< as stored, in what the layer writes
};

/// What one bit of an operand counts when ways to split a layer are compared: 1, its energy, or, where the
/// outer level stores elements in other widths or codes, its bits over those of the inner level; 0 for what
/// does not cross.
struct BitWeights {
    double weights = 1, activations = 1, accumulator = 1;
};

/// Bits across one boundary for the whole layer (all groups, whole batch), and how.
struct Traffic {
    double activation_reads = 0, weight_reads = 0, partial_reads = 0;
    double partial_writes = 0, output_writes = 0;
    bool rows_inner = false; ///< loop order: column folds outside, row folds inside
    int64_t tiles = 1;       ///< of output pixels
    double kept_bits = 0;    ///< what the inner level keeps across folds, largest tile
    [[nodiscard]] double reads() const { return activation_reads + weight_reads + partial_reads; }
    [[nodiscard]] double writes() const { return partial_writes + output_writes; }
    [[nodiscard]] double total() const { return reads() + writes(); }
};

/// Input elements per channel plane that the kernel touches, without padding.
[[nodiscard]] int64_t touched_plane(const LoopNest& nest);

/// The ways to split a layer that are worth pricing: more tiles each than the one before, and fewer bits. The
/// first has one tile, the last moves the fewest bits of all. `dataflow` is one of ws, os, is. `bits` are
/// those of the inner level. `capacity_bits` is what may be kept: half the level, the other half being filled
/// for the next tile (double buffering).
[[nodiscard]] std::vector<Traffic> layer_splits(const LoopNest& nest, int64_t batch, Dataflow dataflow,
                                                const Array& array, const OperandBits& bits,
                                                double capacity_bits, const BitWeights& moved = {});

} // namespace widthwise::cost
