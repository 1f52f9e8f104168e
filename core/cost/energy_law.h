#pragma once
// Energy of one operation or one stored bit, pJ at 45 nm and 0.9 V unless a name says otherwise; technology.h
// scales it. Published figures for one operation differ by a factor of two; ratios between widths are what
// these laws are good for.

#include <cstdint>

namespace widthwise::cost {

/// Integer multiplier of weight_bits x activation_bits on a MAC unit built for unit_weight_bits x
/// unit_activation_bits. The partial-product array (quadratic term) switches only where both operands have
/// bits; the linear term (operand drivers) is that of the unit. Source: google/qkeras@78ea90fc
/// qkeras/qtools/config_public.py, a fit to Horowitz ISSCC 2014 (0.2 pJ at 8 bits, 3.1 pJ at 32):
/// 0.002994791667 b^2 + 0.001041666667 b; for unequal widths b^2 becomes the product and b the mean of the
/// two.
inline constexpr double k_multiplier_cell_pj = 0.002994791667;
inline constexpr double k_multiplier_driver_pj = 0.001041666667;
[[nodiscard]] double multiply_pj(int weight_bits, int activation_bits, int unit_weight_bits,
                                 int unit_activation_bits);
/// On a multiplier of just these widths.
[[nodiscard]] double multiply_pj(int weight_bits, int activation_bits);

/// Integer adder or comparator: 0.003125 pJ per bit (same source; 0.1 pJ at 32 bits).
[[nodiscard]] double add_pj(int bits);

/// IEEE float32 and float16, Horowitz ISSCC 2014 Fig. 1.1.9.
inline constexpr double k_fp32_multiply_pj = 3.7;
inline constexpr double k_fp32_add_pj = 0.9;
inline constexpr double k_fp16_multiply_pj = 1.1;
inline constexpr double k_fp16_add_pj = 0.4;

/// One register bit clocked once, at 40 nm: Accelergy-Project/accelergy-library-plug-in@ba4e9dac
/// library/aladdin/ aladdin_register.csv (1 ns row).
inline constexpr double k_register_pj_per_bit_40nm = 0.009;
inline constexpr double k_register_node_nm = 40;

/// One bit between the buffer and the edge of the array: a PE-to-PE transfer costs 2x a 16-bit MAC per 16-bit
/// word (Eyeriss, ISCA 2016 Table IV, normalized energies), with the MAC of the laws above (32-bit
/// accumulator).
[[nodiscard]] double noc_pj_per_bit();

/// SRAM access of one bit by capacity: the power law through Horowitz's 8 KB (10 pJ per 64 bits) and 1 MB
/// (100 pJ per 64 bits) points, 0.302 pJ/bit at 32 KB where he gives 0.3125. Smaller than 1 KB counts as 1 KB
/// (registers have their own law), larger than 1 MB as banks of 1 MB. Read and write alike.
[[nodiscard]] double sram_pj_per_bit(int64_t bytes);

/// DRAM interface and device, whatever the logic's node: 1300 pJ per 64 bits, the lower end of Horowitz ISSCC
/// 2014.
inline constexpr double k_dram_pj_per_bit = 20.3125;

} // namespace widthwise::cost
