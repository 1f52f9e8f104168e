#pragma once
// Area and switching energy of whole synthesized arrays of MAC units, 45 nm, 500 MHz, 0.9 V.
//
// Source: hsharma35/bitfusion@04ec1c87 results/systolic_array_synth.csv: arrays of 1 to 16 rows and columns
// of fixed b x b units (b = 2, 4, 8, 16) and of fusion units that compose b x b products of 2-bit ones. Rows
// of an array add up into one sum per column. The laws are our fits to its 1x1 and 4x4 rows:
//
//   fixed    columns (c1 b + c2 b^2) + units (e1 b + e2 b^2)
//            um^2  c1 25.62, c2 0.758, e1 23.57, e2 4.357         within 5 %; all its arrays within 16 %
//            pJ    c1 0.00817, c2 0.00111, e1 0.0148, e2 0.00094  within 6 %; all within 25 %
//   fusion   um^2  35.37 b columns + (16.04 b^2 + 0.7253 b^3) units + 0.5563 b^3 rows (columns - 1)
//                                                                 within 3 %; all within 8 %
//            pJ    (0.00345 b + 0.00084 b^2) columns + 0.00738 b^2 units
//                                                                 within 8 %; all within 14 %
//
// For unequal widths b^2 becomes the product, b the mean and b^3 their product. The quadratic element term,
// 4.36 um^2, is one cell of the multiplier, as large as a full adder (137 um^2 per 32 bits, Horowitz).

#include "core/cost/systolic.h"

namespace widthwise::cost {

/// `cells`: full adders in one unit's multiplier or what stands in its place (weight bits x activation bits
/// for a multiplier); `mean_bits`: of its two operands.
[[nodiscard]] double fixed_array_um2(const Array& array, double mean_bits, double cells);
/// Of one cycle with every unit busy.
[[nodiscard]] double fixed_array_pj(const Array& array, double mean_bits, double cells);

/// Fusion units of weight_bits x activation_bits made of min_bits x min_bits ones. Between the synthesized
/// ones (min_bits 2) and fixed units (min_bits as wide as the operands): geometric in log2(min_bits), an
/// estimate.
[[nodiscard]] double fusion_array_um2(const Array& array, int weight_bits, int activation_bits, int min_bits);
/// Of one cycle with every unit busy.
[[nodiscard]] double fusion_array_pj(const Array& array, int weight_bits, int activation_bits, int min_bits);

} // namespace widthwise::cost
