#include "core/cost/chip.h"

#include "core/cost/area_law.h"
#include "core/cost/energy_law.h"
#include "core/cost/legality.h"
#include "core/cost/nest_layer.h"
#include "core/cost/technology.h"
#include "core/cost/traffic.h"

#include <bit>
#include <cmath>
#include <limits>

namespace widthwise::cost {
namespace {

constexpr double k_buffer_halves = 2; ///< one is used while the other is filled
constexpr int64_t k_least_buffer_bytes = 128;
constexpr int k_widest_sum = 32; ///< of floating-point products

bool names_integers(const OperandSupport& support) {
    return support.type == "integer" || support.type == "fixed_point" ||
           support.type == "dynamic_fixed_point";
}

bool names_float(const OperandSupport& support) {
    return support.type.find("float") != std::string::npos;
}

/// Formats other than integers are among what the target says that it multiplies.
bool has_own_datapaths(const Capabilities& supports) {
    return std::any_of(supports.pairs.begin(), supports.pairs.end(), [](const FormatPair& pair) {
        return !names_integers(pair.weights) || !names_integers(pair.activations);
    });
}

bool has_float_units(const Capabilities& supports) {
    return std::any_of(supports.pairs.begin(), supports.pairs.end(), [](const FormatPair& pair) {
        return names_float(pair.weights) || names_float(pair.activations);
    });
}

/// um^2 at 45 nm of the largest floating-point MAC among what the target says that it multiplies; 0: none.
double listed_float_um2(const Capabilities& supports) {
    double um2 = 0;
    for (const FormatPair& pair : supports.pairs) {
        const Operands operands{operand_format(pair.weights), operand_format(pair.activations)};
        if (operands.floating()) um2 = std::max(um2, float_mac_um2(operands));
    }
    return um2;
}

MacDesign mac_design(const HardwareTarget& target, const Demand& demand) {
    const Array array{target.rows, target.cols};
    if (target.sizing == Sizing::fixed) return {target.mac, array, has_own_datapaths(target.supports)};
    return {target.mac, array, demand.widest, std::min(target.mac.accumulator_bits, demand.accumulator_bits)};
}

/// Bytes of a buffer of `level`'s that is built for these layers.
int64_t built_bytes(const HardwareTarget& target, const MemoryLevel& level, const Demand& demand,
                    int sum_bits) {
    const int64_t bytes = level.bytes.value_or(0);
    if (target.sizing == Sizing::fixed || maps_nests(target) || level.element_bits > 1 ||
        demand.layer_bits == 0)
        return bytes;
    const double used = k_buffer_halves * (demand.layer_bits + demand.layer_sums * sum_bits) / 8;
    int64_t built = k_least_buffer_bytes;
    while (built < bytes && static_cast<double>(built) < used) built *= 2;
    return std::min(bytes, built);
}

double input_and_weight_bits(const MatrixProblem& problem) {
    const LoopNest& nest = problem.nest;
    const Gemm gemm = group_gemm(nest, problem.batch);
    return static_cast<double>(nest.in_channels / nest.groups) * static_cast<double>(touched_plane(nest)) *
               static_cast<double>(problem.batch) * problem.stored.input +
           static_cast<double>(gemm.n) * static_cast<double>(gemm.k) * problem.stored.weights;
}

Operands widest_operands(int weight_bits, int activation_bits) {
    return {{Numeric::integer, weight_bits}, {Numeric::integer, activation_bits}};
}

} // namespace

void Demand::add(const MatrixProblem& problem) {
    const double used = input_and_weight_bits(problem);
    layer_bits = std::max(layer_bits, problem.input_on_chip || problem.output_on_chip
                                          ? std::numeric_limits<double>::infinity()
                                          : std::exp2(std::ceil(std::log2(std::max(1.0, used)))));
    const Gemm gemm = group_gemm(problem.nest, problem.batch);
    layer_sums = std::max(layer_sums, static_cast<double>(gemm.m) * static_cast<double>(gemm.n));
    if (problem.operands.floating()) {
        float_um2 = std::max(float_um2, float_mac_um2(problem.operands));
        return;
    }
    widest.add(problem.operands);
    const LoopNest& nest = problem.nest;
    const int64_t window = nest.in_channels / nest.groups * nest.kernel_height * nest.kernel_width;
    const int carry =
        static_cast<int>(std::bit_width(static_cast<uint64_t>(std::max<int64_t>(1, window) - 1)));
    const Operands integers = as_integers(problem.operands);
    const auto bits = [](const OperandFormat& format, const OperandFormat& integer) {
        const bool one_place = format.numeric == Numeric::binary || format.numeric == Numeric::ternary;
        return one_place ? format.bits : integer.bits;
    };
    accumulator_bits =
        std::max(accumulator_bits, bits(problem.operands.weights, integers.weights) +
                                       bits(problem.operands.activations, integers.activations) + carry);
}

void Demand::add(const Demand& other) {
    widest.add(other.widest);
    accumulator_bits = std::max(accumulator_bits, other.accumulator_bits);
    float_um2 = std::max(float_um2, other.float_um2);
    layer_bits = std::max(layer_bits, other.layer_bits);
    layer_sums = std::max(layer_sums, other.layer_sums);
}

Chip::Chip(const HardwareTarget& target, const Demand& demand)
    : array{target.rows, target.cols}
    , mac(mac_design(target, demand))
    , accumulator_bits(mac.accumulator_bits)
    , float_units(has_float_units(target.supports))
    , mac_efficiency(target.mac_efficiency)
    , zeros(target.zeros)
    , cycle_s(1.0 / target.clock_hz)
    , static_power_w(target.static_power_w) {
    if (target.sizing == Sizing::to_design && demand.float_um2 > 0) {
        float_units = true;
        float_um2 = demand.float_um2;
    }
    if (target.sizing == Sizing::fixed) float_um2 = listed_float_um2(target.supports);
    logic_scale = energy_scale(target.node_nm, target.voltage_v);
    mac_scale = logic_scale;
    if (target.mac_pj) {
        const MacDesign own(target.mac, array, false);
        mac_scale =
            *target.mac_pj / own.mac_pj(widest_operands(target.mac.weight_bits, target.mac.activation_bits));
    }
    // On an FPGA the energy of a MAC is that of its DSP and LUTs, registers included.
    if (!(target.fpga && target.mac_pj))
        register_pj_per_bit =
            k_register_pj_per_bit_40nm * energy_scale(target.node_nm, target.voltage_v, k_register_node_nm);
    noc_pj_per_bit = target.noc_pj_per_bit.value_or(cost::noc_pj_per_bit() * logic_scale);
    level_count = std::min(levels.size(), target.memory.size());
    for (size_t i = 0; i < level_count; ++i) {
        const MemoryLevel& from = target.memory[i];
        levels[i].bytes = built_bytes(target, from, demand, float_units ? k_widest_sum : accumulator_bits);
        const double law = i == 0 ? k_dram_pj_per_bit : sram_pj_per_bit(levels[i].bytes) * logic_scale;
        levels[i].name = from.name;
        levels[i].read_pj_per_bit = from.read_energy_pj_per_bit.value_or(law);
        levels[i].write_pj_per_bit = from.write_energy_pj_per_bit.value_or(law);
        levels[i].capacity_bits = static_cast<double>(levels[i].bytes) * 8.0 / k_buffer_halves;
        levels[i].bytes_per_cycle = from.bytes_per_cycle.value_or(0);
        levels[i].element_bits = from.element_bits;
        levels[i].shared = !from.per_pe;
        levels[i].holds_inputs = from.holds.inputs;
        levels[i].holds_outputs = from.holds.outputs;
    }
}

double Chip::mac_pj(const Operands& operands) const {
    return mac.mac_pj(operands) * mac_scale;
}

int Chip::sum_bits(const Operands& operands) const {
    return operands.floating() ? float_accumulator_bits(operands) : accumulator_bits;
}

double Chip::macs_per_cycle(const Operands& operands) const {
    const MacRate rate = mac.rate(operands);
    return static_cast<double>(array.rows * array.cols * rate.products) / static_cast<double>(rate.beats);
}

double Chip::macs_per_cycle() const {
    return macs_per_cycle(widest_operands(mac.weight_bits, mac.activation_bits));
}

double Chip::vector_add_pj(int bits, bool is_float) const {
    return (is_float ? float_add_pj(bits) : add_pj(bits)) * logic_scale;
}

double Chip::vector_multiply_pj(int bits, bool is_float) const {
    const Numeric numeric = bits <= 8 ? Numeric::float8 : bits <= 16 ? Numeric::float16 : Numeric::float32;
    return (is_float ? float_multiply_pj(numeric, numeric) : multiply_pj(bits, bits)) * logic_scale;
}

std::map<std::string, double> chip_area(const Chip& chip, const HardwareTarget& target) {
    const double mm2 = area_scale(target.node_nm) * 1e-6;
    const double units = static_cast<double>(chip.array.rows * chip.array.cols);
    std::map<std::string, double> area;
    area["mac"] += mm2 * std::max(chip.mac.array_um2(chip.array), units * chip.float_um2);
    area["registers"] += mm2 * chip.mac.accumulators_um2(chip.array);
    for (size_t i = 1; i < target.memory.size(); ++i) {
        const MemoryLevel& level = target.memory[i];
        const double one = level.area_mm2.value_or(sram_um2(chip.levels[i].bytes) * mm2);
        area[level.name] += one * (level.per_pe ? units : 1);
    }
    return area;
}

} // namespace widthwise::cost
