#include "core/cost/nest_pricing.h"

#include "core/cost/zero_coding.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace widthwise::cost {
namespace {

constexpr double k_joules_per_pj = 1e-12;
constexpr double k_bits_per_byte = 8;
constexpr double k_most_cycles = 9e18;
constexpr size_t k_weights = static_cast<size_t>(Operand::weights);
constexpr size_t k_inputs = static_cast<size_t>(Operand::inputs);
constexpr size_t k_outputs = static_cast<size_t>(Operand::outputs);

int64_t whole_cycles(double cycles) {
    return static_cast<int64_t>(std::min(k_most_cycles, std::ceil(cycles)));
}

} // namespace

NestPricing::NestPricing(const HardwareTarget& target, const Chip& chip, const MatrixProblem& problem)
    : m_count(chip.level_count)
    , m_input_coding(coded_share(target.zeros, problem.zeros.inputs, problem.stored.input))
    , m_output_coding(coded_share(target.zeros, problem.zeros.outputs, problem.stored.output))
    , m_input_on_chip(problem.input_on_chip)
    , m_output_on_chip(problem.output_on_chip)
    , m_units(static_cast<double>(target.rows * target.cols))
    , m_efficiency(target.mac_efficiency)
    , m_noc_pj(chip.noc_pj_per_bit)
    , m_static_w(target.static_power_w)
    , m_cycle_s(chip.cycle_s) {
    const int partial = chip.sum_bits(problem.operands);
    for (size_t i = 0; i < m_count; ++i) {
        const MemoryLevel& from = target.memory[i];
        const auto stored = [&](int bits) { return static_cast<double>(std::max(bits, from.element_bits)); };
        Level& level = m_levels[i];
        level.bits = {stored(problem.stored.weights), stored(problem.stored.input), stored(partial)};
        level.holds = {from.holds.weights, from.holds.inputs, from.holds.outputs};
        level.capacity = from.bytes ? static_cast<double>(*from.bytes) * k_bits_per_byte
                                    : std::numeric_limits<double>::infinity();
        level.bytes_per_cycle = from.bytes_per_cycle.value_or(0);
        level.read_pj = chip.levels[i].read_pj_per_bit;
        level.write_pj = chip.levels[i].write_pj_per_bit;
        level.per_pe = from.per_pe;
        level.name = from.name;
    }
    for (size_t o = 0; o < k_operands; ++o)
        for (size_t i = m_count; i-- > 0;) {
            if (!m_levels[i].holds[o]) continue;
            if (m_levels[i].per_pe)
                m_pad[o] = i; // the outermost
            else if (m_shared[o] == 0)
                m_shared[o] = i; // the innermost
        }
    m_final_bits = std::max(problem.stored.output, target.memory.front().element_bits);
    const ZeroUse& zeros = target.zeros;
    const double dense = 1 - problem.zeros.inputs;
    if (zeros.gating || zeros.skips_inputs) m_active *= dense;
    if (zeros.skips_weights) m_active *= 1 - problem.zeros.weights;
    if (zeros.skips_inputs) m_busy *= dense;
    if (zeros.skips_weights) m_busy *= 1 - problem.zeros.weights;
    m_busy *= static_cast<double>(chip.mac.rate(problem.operands).beats);
    m_compute_pj =
        problem.macs() * chip.mac_pj(problem.operands) * m_active +
        problem.epilogue.adds * chip.vector_add_pj(problem.epilogue.bits, problem.epilogue.is_float) +
        problem.epilogue.multiplies *
            chip.vector_multiply_pj(problem.epilogue.bits, problem.epilogue.is_float);
}

LayerFigures NestPricing::price(const NestCounts& counts) const {
    LayerFigures figures;
    double cycles = counts.steps * m_busy / m_efficiency;
    figures.compute_cycles = whole_cycles(cycles);
    figures.mapped_units = counts.units / m_units;
    figures.peak_macs_per_cycle = m_units / (m_busy > 0 ? m_busy : 1);
    figures.energy.compute_j = m_compute_pj * k_joules_per_pj;
    double longest = static_cast<double>(figures.compute_cycles);
    for (size_t i = 0; i < m_count; ++i) {
        const Level& level = m_levels[i];
        double pj = 0, bits = 0, used = 0;
        for (size_t o = 0; o < k_operands; ++o) {
            if (!level.holds[o]) continue;
            const OperandAccesses& a = counts.levels[i].operands[o];
            double reads = a.reads * level.bits[o];
            double writes = (a.fills + a.updates) * level.bits[o];
            if (i == 0) {
                if (o == k_inputs) reads *= m_input_on_chip ? 0 : m_input_coding;
                if (o == k_outputs) {
                    const double final = std::min(a.updates, counts.distinct_outputs);
                    writes = (a.updates - final) * level.bits[o] +
                             (m_output_on_chip ? 0 : final * m_final_bits * m_output_coding);
                }
            }
            bits += reads + writes;
            if (level.per_pe && o != k_inputs) { // gated with the MAC, but for fills
                reads *= m_active;
                writes = (a.fills + a.updates * m_active) * level.bits[o];
            }
            pj += reads * level.read_pj + writes * level.write_pj;
            used += a.tile * level.bits[o];
        }
        if (level.bytes_per_cycle > 0) {
            const double busy = bits / k_bits_per_byte / counts.levels[i].instances / level.bytes_per_cycle;
            if (busy > longest) {
                longest = busy;
                figures.limited_by = level.name;
                figures.bound = Bound::memory;
            }
        }
        const double joules = pj * k_joules_per_pj;
        if (i == 0) {
            figures.energy.dram_j = joules;
            figures.dram_bytes = bits / k_bits_per_byte;
        } else if (level.per_pe) {
            figures.energy.registers_j += joules;
        } else {
            figures.energy.buffer_j += joules;
            figures.buffer_bytes += bits / k_bits_per_byte;
            figures.on_chip_bytes += used / k_bits_per_byte;
        }
    }
    figures.energy.noc_j = network_bits(counts) * m_noc_pj * k_joules_per_pj;
    figures.cycles = whole_cycles(longest);
    figures.energy.static_j = m_static_w * static_cast<double>(figures.cycles) * m_cycle_s;
    return figures;
}

double NestPricing::network_bits(const NestCounts& counts) const {
    double bits = 0;
    for (size_t o = 0; o < k_operands; ++o) {
        const OperandAccesses& shared = counts.levels[m_shared[o]].operands[o];
        if (m_pad[o] == 0) {
            bits += (shared.reads + shared.updates) * m_levels[m_shared[o]].bits[o];
            continue;
        }
        double moved = counts.levels[m_pad[o]].operands[o].fills;
        // Sums leave as often as they enter, but for the zeros that the first ones begin with.
        if (o == k_outputs && shared.updates > 0) moved *= 1 + shared.reads / shared.updates;
        bits += moved * m_levels[m_pad[o]].bits[o];
    }
    return bits;
}

LayerFigures NestPricing::floor(double steps, const NestShape& shape) const {
    LayerFigures figures;
    double macs = 1;
    for (const int64_t extent : shape.extents) macs *= static_cast<double>(extent);
    double pj = 0, dram_bits = 0;
    for (size_t o = 0; o < k_operands; ++o) {
        const Level& dram = m_levels[0];
        const double bits = shape.tile(static_cast<Operand>(o), shape.extents);
        if (o == k_weights) dram_bits += bits * dram.bits[o];
        if (o == k_inputs && !m_input_on_chip) dram_bits += bits * dram.bits[o] * m_input_coding;
        if (o == k_outputs && !m_output_on_chip) dram_bits += bits * m_final_bits * m_output_coding;
        size_t inner = m_count - 1;
        while (inner > 0 && !m_levels[inner].holds[o]) --inner;
        const Level& pad = m_levels[inner];
        if (pad.per_pe)
            pj += macs * pad.bits[o] * (o == k_outputs ? pad.write_pj : pad.read_pj) *
                  (o == k_inputs ? 1 : m_active);
    }
    const Level& dram = m_levels[0];
    figures.energy.compute_j = m_compute_pj * k_joules_per_pj;
    figures.energy.registers_j = pj * k_joules_per_pj;
    figures.energy.dram_j = dram_bits * std::min(dram.read_pj, dram.write_pj) * k_joules_per_pj;
    double cycles = steps * m_busy / m_efficiency;
    if (dram.bytes_per_cycle > 0)
        cycles = std::max(cycles, dram_bits / k_bits_per_byte / dram.bytes_per_cycle);
    figures.cycles = figures.compute_cycles = whole_cycles(cycles);
    figures.energy.static_j = m_static_w * static_cast<double>(figures.cycles) * m_cycle_s;
    return figures;
}

double NestPricing::used_bits(size_t level, const NestShape& shape, const Extents& inside) const {
    double bits = 0;
    const Level& l = m_levels[level];
    if (l.holds[k_weights]) bits += shape.tile(Operand::weights, inside) * l.bits[k_weights];
    if (l.holds[k_inputs]) bits += shape.tile(Operand::inputs, inside) * l.bits[k_inputs];
    if (l.holds[k_outputs]) bits += shape.tile(Operand::outputs, inside) * l.bits[k_outputs];
    return bits;
}

} // namespace widthwise::cost
