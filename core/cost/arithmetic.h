#pragma once
// Energy (pJ, 45 nm, 0.9 V) and size of the arithmetic that multiplies two operands and sums the products,
// for every pair of number formats and unequal widths.
//
//   operands                  what multiplies                     cells (full adders)
//   integer x integer         array multiplier                    w a
//   binary x binary           XNOR; the sum is a count of ones    10/28
//   binary, ternary x any     conditional negation (and zeroing)  a 10/28 (+ a 6/28)
//   power of two x any        log shifter of the other operand    its 2:1 multiplexers 12/28 each, + a 10/28
//   codebook x any            table of 2^bits entries, then an array multiplier of the entry's width
//   floating point            float_multiply_pj, float_add_pj
//
// One cell is a full adder: 0.003 pJ (the quadratic term of Horowitz's multipliers and, per bit, his adder
// agree on it) and 4.4 um^2 (mac_array.h). Other gates count by their transistors over a full adder's 28:
// XNOR 10, AND 6, 2:1 multiplexer 12, as in static CMOS standard cells (from memory): estimates, good to a
// factor of two. An operand in floating point makes the other one floating point, too.

#include "core/cost/problem.h"

namespace widthwise::cost {

enum class Datapath { multiply, xnor_count, negate, shift, look_up, floating };
[[nodiscard]] Datapath datapath(const Operands& operands);

/// Full adders' worth of logic of one product: what switches, and what is built (a codebook's table is built
/// whole and read at one entry). Not for floating point.
struct Cells {
    double switching = 0, built = 0;
};
[[nodiscard]] Cells product_cells(const Operands& operands);

/// The operands as an array multiplier without other data paths reads them: binary and ternary as 2-bit
/// integers, powers of two as integers that hold their largest exponent (2^(bits-1) bits), codebook entries
/// at the other operand's width, at least 8 bits. Floating point stays.
[[nodiscard]] Operands as_integers(const Operands& operands);

/// One product. The linear part (operand drivers) is that of a unit of `unit_weight_bits` x
/// `unit_activation_bits`; narrower operands switch fewer cells.
[[nodiscard]] double product_pj(const Operands& operands, int unit_weight_bits, int unit_activation_bits);
/// One product's way into the running sum of `accumulator_bits`. A count of ones switches two bits on average
/// (1 + 1/2 + 1/4 + ...).
[[nodiscard]] double accumulate_pj(const Operands& operands, int accumulator_bits);

/// Bits of the running sum of floating-point products: float8 and float16 sum up in float16; bfloat16 and
/// float32 in float32.
[[nodiscard]] int float_accumulator_bits(const Operands& operands);

/// Horowitz's float16 (1.1 pJ) and float32 (3.7 pJ) multipliers exactly; the others by the law through these
/// two points, 0.00449 m1 m2 + 0.0348 b, with significands of m bits (hidden one included) and b bits in all:
/// bfloat16 0.84 pJ, float8 (as E4M3) 0.35 pJ, estimates.
[[nodiscard]] double float_multiply_pj(Numeric a, Numeric b);
/// Horowitz: float16 0.4 pJ, float32 0.9 pJ.
[[nodiscard]] double float_add_pj(int bits);
/// Multiplier by the law of the same form through 1640 um^2 (float16) and 7700 um^2 (float32), adder 1360 and
/// 4184 um^2 (Horowitz ISSCC 2014 as reprinted in Sze et al., Proc. IEEE 2017, from memory).
[[nodiscard]] double float_mac_um2(const Operands& operands);

} // namespace widthwise::cost
