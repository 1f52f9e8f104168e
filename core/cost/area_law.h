#pragma once
// Silicon area at 45 nm in um^2 unless a name says otherwise; technology.h scales it.

#include <cstdint>

namespace widthwise::cost {

/// One integer processing element (multiplier, adder, operand and result registers): 5.08 b^2 + 50.5 b um^2,
/// a fit within 6 % to the 1x1 rows of hsharma35/bitfusion@04ec1c87 results/systolic_array_synth.csv (45 nm,
/// 500 MHz; 2, 4, 8, 16 bits). For unequal widths b^2 becomes the product and b the mean.
[[nodiscard]] double mac_um2(int weight_bits, int activation_bits);

/// float32 multiplier and adder: 7700 + 4184 um^2 (Horowitz ISSCC 2014 as reprinted in Sze et al., Proc. IEEE
/// 2017).
inline constexpr double k_fp32_mac_um2 = 7700.0 + 4184.0;

/// What an accumulator of `accumulator_bits` adds to that element, whose result has weight_bits +
/// activation_bits bits: a register bit (5.98 um^2 at 40 nm, Aladdin as in energy_law.h) and an adder bit
/// (137 um^2 per 32, Horowitz) for each further bit.
[[nodiscard]] double accumulator_extension_um2(int weight_bits, int activation_bits, int accumulator_bits);

/// SRAM by capacity: the power law through CACTI's 128 B (0.00149898 mm^2) and 16 KB (0.108577 mm^2) at 45
/// nm, 32-bit port (hsharma35/bitfusion@04ec1c87, CACTI sweep), whose other points lie within 35 % of it;
/// linear beyond (banks of 16 KB). For TPU v1's 24 MiB at 28 nm it gives 61 mm^2 where the published share of
/// the die is 96.
[[nodiscard]] double sram_um2(int64_t bytes);

} // namespace widthwise::cost
