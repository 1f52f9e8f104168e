#pragma once
// Silicon area at 45 nm in um^2 unless a name says otherwise; technology.h scales it.

#include <cstdint>

namespace widthwise::cost {

/// Floating-point multipliers and adders: Horowitz ISSCC 2014 as reprinted in Sze et al., Proc. IEEE 2017.
inline constexpr double k_fp32_multiply_um2 = 7700, k_fp32_add_um2 = 4184;
inline constexpr double k_fp16_multiply_um2 = 1640, k_fp16_add_um2 = 1360;

/// 5.98 um^2 at 40 nm: Aladdin, as in energy_law.h.
[[nodiscard]] double register_bit_um2();

/// What an accumulator of `accumulator_bits` adds to a MAC unit (mac_array.h), whose result has weight_bits +
/// activation_bits bits: a register bit and an adder bit (137 um^2 per 32, Horowitz) for each further bit.
[[nodiscard]] double accumulator_extension_um2(int weight_bits, int activation_bits, int accumulator_bits);

/// SRAM by capacity: the power law through CACTI's 128 B (0.00149898 mm^2) and 16 KB (0.108577 mm^2) at 45
/// nm, 32-bit port (hsharma35/bitfusion@04ec1c87, CACTI sweep), whose other points lie within 35 % of it;
/// linear beyond (banks of 16 KB). For TPU v1's 24 MiB at 28 nm it gives 61 mm^2 where the published share of
/// the die is 96.
[[nodiscard]] double sram_um2(int64_t bytes);

} // namespace widthwise::cost
