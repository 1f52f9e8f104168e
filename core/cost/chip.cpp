#include "core/cost/chip.h"

#include "core/cost/area_law.h"
#include "core/cost/energy_law.h"
#include "core/cost/technology.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace widthwise::cost {

void Demand::add(const MatrixProblem& problem) {
    if (problem.operands.floating()) {
        has_float = true;
        return;
    }
    const LoopNest& nest = problem.nest;
    const int64_t window = nest.in_channels / nest.groups * nest.kernel_height * nest.kernel_width;
    const int weights = problem.operands.weights.bits;
    const int activations = problem.operands.activations.bits;
    const int carry =
        static_cast<int>(std::bit_width(static_cast<uint64_t>(std::max<int64_t>(1, window) - 1)));
    weight_bits = std::max(weight_bits, weights);
    activation_bits = std::max(activation_bits, activations);
    accumulator_bits = std::max(accumulator_bits, weights + activations + carry);
}

void Demand::add(const Demand& other) {
    weight_bits = std::max(weight_bits, other.weight_bits);
    activation_bits = std::max(activation_bits, other.activation_bits);
    accumulator_bits = std::max(accumulator_bits, other.accumulator_bits);
    has_float = has_float || other.has_float;
}

Chip::Chip(const HardwareTarget& target, const Demand& demand)
    : array{target.rows, target.cols}
    , weight_bits(target.mac.weight_bits)
    , activation_bits(target.mac.activation_bits)
    , accumulator_bits(target.mac.accumulator_bits)
    , cycle_s(1.0 / target.clock_hz)
    , static_power_w(target.static_power_w) {
    if (target.sizing == Sizing::to_design) {
        float_units = demand.has_float;
        if (demand.weight_bits > 0) {
            weight_bits = demand.weight_bits;
            activation_bits = demand.activation_bits;
            accumulator_bits = std::min(target.mac.accumulator_bits, demand.accumulator_bits);
        }
    }
    logic_scale = energy_scale(target.node_nm, target.voltage_v);
    register_pj_per_bit =
        k_register_pj_per_bit_40nm * energy_scale(target.node_nm, target.voltage_v, k_register_node_nm);
    noc_pj_per_bit = cost::noc_pj_per_bit() * logic_scale;
    level_count = std::min(levels.size(), target.memory.size());
    for (size_t i = 0; i < level_count; ++i) {
        const MemoryLevel& from = target.memory[i];
        const double law = i == 0 ? k_dram_pj_per_bit : sram_pj_per_bit(from.bytes.value_or(0)) * logic_scale;
        levels[i].name = from.name;
        levels[i].read_pj_per_bit = from.read_energy_pj_per_bit.value_or(law);
        levels[i].write_pj_per_bit = from.write_energy_pj_per_bit.value_or(law);
        levels[i].capacity_bits = static_cast<double>(from.bytes.value_or(0)) * 8.0 / 2.0;
        levels[i].bytes_per_cycle = from.bytes_per_cycle.value_or(0);
    }
}

double Chip::mac_pj(const Operands& operands) const {
    const double pj = operands.floating() ? k_fp32_multiply_pj + k_fp32_add_pj
                                          : multiply_pj(operands.weights.bits, operands.activations.bits,
                                                        weight_bits, activation_bits) +
                                                add_pj(accumulator_bits);
    return pj * logic_scale;
}

double Chip::vector_add_pj(int bits, bool is_float) const {
    return (is_float ? k_fp32_add_pj : add_pj(bits)) * logic_scale;
}

double Chip::vector_multiply_pj(int bits, bool is_float) const {
    return (is_float ? k_fp32_multiply_pj : multiply_pj(bits, bits)) * logic_scale;
}

std::map<std::string, double> chip_area(const Chip& chip, const HardwareTarget& target) {
    const double mm2 = area_scale(target.node_nm) * 1e-6;
    const double units = static_cast<double>(chip.array.rows * chip.array.cols);
    const double integer = mac_um2(chip.weight_bits, chip.activation_bits);
    const double registers =
        accumulator_extension_um2(chip.weight_bits, chip.activation_bits, chip.accumulator_bits);
    std::map<std::string, double> area;
    area["mac"] += units * mm2 * (chip.float_units ? std::max(integer, k_fp32_mac_um2) : integer);
    area["registers"] += units * mm2 * registers;
    for (size_t i = 1; i < target.memory.size(); ++i)
        area[target.memory[i].name] += sram_um2(target.memory[i].bytes.value_or(0)) * mm2;
    return area;
}

} // namespace widthwise::cost
