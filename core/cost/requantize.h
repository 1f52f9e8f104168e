#pragma once
// What follows a layer's integer sums on their way out: scales, zero points, rounding and clipping. It is
// done at the accumulator's width, moves nothing through memory and keeps pace with the array.
//
// For sums of weights q_w - z_w and inputs q_x - z_x (Jacob et al., CVPR 2018, section 2.3):
//   sum (q_w - z_w)(q_x - z_x) = sum q_w q_x - z_x sum q_w - z_w sum q_x + n z_w z_x
//
// Counted, besides the products:
//   every result         scaled to the next layer's integers, rounded, its zero point added, clipped: 1
//                        multiplication and 2 additions (3 and no multiplication where a shift does)
//   zero point of inputs nothing: z_x sum q_w is a constant of the output channel and goes into the bias.
//                        Where the right operand is no constant its columns are summed as well: 1 addition
//                        per element of it, then 1 multiplication and 1 addition per result
//   zero point of        the inputs of each window are summed, 1 addition each and group, once for all output
//   weights              channels, then 1 multiplication and 1 addition per result
//   weights with a       a sum is made in parts, each scaled before the next is added: 1 multiplication (or
//   scale per group,     shift) and 1 addition per part and result
//   inputs with one per
//   channel or group
//
// Groups of weights and of inputs both are runs of the window, so a groups of one and b of the other cut it
// into at most a + b - 1 parts, which is what is counted.
//
// Scales that are powers of two of both operands shift instead of multiplying, which is counted as one add.

#include "core/cost/legality.h"

namespace widthwise::cost {

/// Of the whole batch; nothing for floating-point layers. `constant_weights`: false for a product of two
/// activations. `accumulator_bits` above 32 count as 32.
[[nodiscard]] VectorWork requantization(const LoopNest& nest, int64_t batch, const RunFormats& run,
                                        bool constant_weights, int accumulator_bits);

} // namespace widthwise::cost
