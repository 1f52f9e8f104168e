#include "core/cost/area_law.h"

#include "core/cost/technology.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {

double register_bit_um2() {
    return 5.98 * area_scale(45, 40);
}

double accumulator_extension_um2(int weight_bits, int activation_bits, int accumulator_bits) {
    const double adder_bit = 137.0 / 32.0;
    return std::max(0, accumulator_bits - weight_bits - activation_bits) * (register_bit_um2() + adder_bit);
}

double sram_um2(int64_t bytes) {
    constexpr double k_small_bytes = 128, k_bank_bytes = 16384;
    constexpr double k_small_um2 = 1498.98, k_bank_um2 = 108577;
    const double size = static_cast<double>(bytes);
    if (size >= k_bank_bytes) return k_bank_um2 * size / k_bank_bytes;
    const double exponent = std::log(k_bank_um2 / k_small_um2) / std::log(k_bank_bytes / k_small_bytes);
    return k_small_um2 * std::pow(size / k_small_bytes, exponent);
}

} // namespace widthwise::cost
