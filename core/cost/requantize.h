#pragma once
// What follows a layer's integer sums on their way out: scales, zero points, rounding and clipping. It is
// done at the accumulator's width, moves nothing through memory and keeps pace with the array.
//
// For sums of weights q_w - z_w and inputs q_x - z_x (Jacob et al., CVPR 2018, section 2.3):
//   sum (q_w - z_w)(q_x - z_x) = sum q_w q_x - z_x sum q_w - z_w sum q_x + n z_w z_x
//
//   part                                                   adds              multiplies
//   per result: scale to the next layer's integers,
//     round and add its zero point, clip                   2 (shift: 3)      1 (shift: 0)
//   inputs with a zero point: z_x sum q_w is a constant of
//     the output channel, added with the bias              0                 0
//     (right operand not constant: its sums are not        1 per right
//     either)                                              operand and its   1 per result
//                                                          use, 1 per result
//   weights with a zero point: sum q_x of each output
//     position, then z_w times it                          1 per input of    1 per result
//                                                          a window, 1 per
//                                                          result
//   weights with a scale per group of n: each group's sum
//     is scaled before the next is added                   1 per group and   1 per group and
//                                                          result            result
//
// Scales that are powers of two of both operands shift instead of multiplying, which is counted as one add.

#include "core/cost/legality.h"

namespace widthwise::cost {

/// Of the whole batch; nothing for floating-point layers. `constant_weights`: false for a product of two
/// activations. `accumulator_bits` above 32 count as 32.
[[nodiscard]] VectorWork requantization(const LoopNest& nest, int64_t batch, const RunFormats& run,
                                        bool constant_weights, int accumulator_bits);

} // namespace widthwise::cost
