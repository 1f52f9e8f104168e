#include "core/cost/energy_law.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {

double multiply_pj(int weight_bits, int activation_bits, int unit_weight_bits, int unit_activation_bits) {
    return k_multiplier_cell_pj * weight_bits * activation_bits +
           k_multiplier_driver_pj * 0.5 * (unit_weight_bits + unit_activation_bits);
}

double multiply_pj(int weight_bits, int activation_bits) {
    return multiply_pj(weight_bits, activation_bits, weight_bits, activation_bits);
}

double add_pj(int bits) {
    return 0.003125 * bits;
}

double noc_pj_per_bit() {
    return 2.0 * (multiply_pj(16, 16) + add_pj(32)) / 16.0;
}

double sram_pj_per_bit(int64_t bytes) {
    constexpr double k_small_kb = 8, k_large_kb = 1024;
    constexpr double k_small_pj = 10.0 / 64.0, k_large_pj = 100.0 / 64.0;
    const double kb = std::clamp(static_cast<double>(bytes) / 1024.0, 1.0, k_large_kb);
    const double exponent = std::log(k_large_pj / k_small_pj) / std::log(k_large_kb / k_small_kb);
    return k_small_pj * std::pow(kb / k_small_kb, exponent);
}

} // namespace widthwise::cost
