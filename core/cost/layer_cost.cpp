#include "core/cost/layer_cost.h"

#include "core/cost/objective.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

constexpr double k_joules_per_pj = 1e-12;
constexpr double k_bits_per_byte = 8;

/// Bits that cross each boundary, outermost first; the last is the array's own.
struct Flow {
    double inward = 0, outward = 0;
};
using Flows = std::array<Flow, 9>;

/// Energy, bytes and stalls of all memory levels, given the flow on their outer (i - 1) and inner (i) sides,
/// and the cycles that the array is busy.
void add_memory(const Chip& chip, const Flows& flows, int64_t array_cycles, LayerFigures& figures) {
    double dram_pj = 0, buffer_pj = 0;
    int64_t longest = array_cycles;
    for (size_t i = 0; i < chip.level_count; ++i) {
        const Level& level = chip.levels[i];
        double reads = flows[i].inward;
        double writes = flows[i].outward;
        if (i > 0) {
            reads += flows[i - 1].outward;
            writes += flows[i - 1].inward;
        }
        const double pj = reads * level.read_pj_per_bit + writes * level.write_pj_per_bit;
        const double bytes = (reads + writes) / k_bits_per_byte;
        if (level.bytes_per_cycle > 0) {
            const auto busy = static_cast<int64_t>(std::min(9e18, std::ceil(bytes / level.bytes_per_cycle)));
            if (busy > longest) {
                longest = busy;
                figures.limited_by = level.name;
            }
        }
        (i == 0 ? dram_pj : buffer_pj) += pj;
        (i == 0 ? figures.dram_bytes : figures.buffer_bytes) += bytes;
    }
    const Flow& edge = flows[chip.level_count - 1];
    figures.cycles = longest;
    figures.bound = longest > figures.compute_cycles ? Bound::memory : Bound::compute;
    figures.energy.dram_j = dram_pj * k_joules_per_pj;
    figures.energy.buffer_j = buffer_pj * k_joules_per_pj;
    figures.energy.noc_j = (edge.inward + edge.outward) * chip.noc_pj_per_bit * k_joules_per_pj;
    figures.energy.static_j = chip.static_power_w * static_cast<double>(longest) * chip.cycle_s;
}

double register_bits(Dataflow dataflow, const Operands& operands, int accumulator_bits, double macs,
                     double held_words) {
    const int weights = operands.weights.bits;
    const int activations = operands.activations.bits;
    if (dataflow == Dataflow::output_stationary) return macs * (weights + activations + accumulator_bits);
    if (dataflow == Dataflow::input_stationary)
        return macs * (weights + accumulator_bits) + held_words * activations;
    return macs * (activations + accumulator_bits) + held_words * weights;
}

double vector_pj(const Chip& chip, const VectorWork& work) {
    return work.adds * chip.vector_add_pj(work.bits, work.is_float) +
           work.multiplies * chip.vector_multiply_pj(work.bits, work.is_float);
}

MatrixLayer mapped(const Chip& chip, const MatrixProblem& problem, Dataflow dataflow) {
    const LoopNest& nest = problem.nest;
    const int64_t batch = problem.batch;
    const StoredBits& stored = problem.stored;
    MatrixLayer layer;
    layer.dataflow = dataflow;
    layer.folding = fold(dataflow, group_gemm(nest, batch), chip.array);
    const double groups = static_cast<double>(nest.groups);
    const int accumulator = problem.operands.floating() ? 32 : chip.accumulator_bits;

    Flows flows;
    int64_t tiles = 1;
    const OperandBits bits{stored.weights, stored.input, accumulator, stored.output};
    for (size_t i = 0; i + 1 < chip.level_count; ++i) {
        const Traffic traffic =
            layer_traffic(nest, batch, dataflow, chip.array, bits, chip.levels[i + 1].capacity_bits);
        flows[i] = {traffic.reads(), traffic.writes()};
        if (i == 0) {
            layer.dram = traffic;
            if (problem.input_on_chip) flows[i].inward -= traffic.activation_reads;
            if (problem.output_on_chip) flows[i].outward -= traffic.output_writes;
        }
        tiles = std::max(tiles, traffic.tiles);
    }

    ArrayWords words = array_words(dataflow, layer.folding);
    double held = groups * static_cast<double>(layer.folding.s_r) * static_cast<double>(layer.folding.s_c);
    int64_t reloads = 0;
    if (dataflow == Dataflow::weight_stationary &&
        tiles > 1) { // the array is loaded again for each tile of pixels
        words.weight_reads *= tiles;
        held *= static_cast<double>(tiles);
        reloads = nest.groups * layer.folding.folds() * (tiles - 1) *
                  (layer.folding.cycles_per_fold - layer.folding.t);
    }
    // The last row fold writes finished results, the others partial sums.
    const double partials = static_cast<double>(words.partial_reads);
    const double finished = static_cast<double>(words.result_writes) - partials;
    flows[chip.level_count - 1] = {groups * (static_cast<double>(words.activation_reads) * stored.input +
                                             static_cast<double>(words.weight_reads) * stored.weights +
                                             partials * accumulator),
                                   groups * (finished * stored.output + partials * accumulator)};

    LayerFigures& figures = layer.figures;
    const double macs = problem.macs();
    figures.compute_cycles = compute_cycles(layer.folding, nest.groups);
    figures.mapped_units = mapping_efficiency(layer.folding, chip.array);
    figures.energy.compute_j =
        (macs * chip.mac_pj(problem.operands) + vector_pj(chip, problem.epilogue)) * k_joules_per_pj;
    figures.energy.registers_j = register_bits(dataflow, problem.operands, accumulator, macs, held) *
                                 chip.register_pj_per_bit * k_joules_per_pj;
    add_memory(chip, flows, figures.compute_cycles + reloads, figures);
    return layer;
}

} // namespace

MatrixLayer matrix_layer(const Chip& chip, const MatrixProblem& problem, Dataflow dataflow,
                         Objective objective) {
    if (dataflow != Dataflow::best) return mapped(chip, problem, dataflow);
    MatrixLayer best = mapped(chip, problem, Dataflow::weight_stationary);
    for (const Dataflow other : {Dataflow::output_stationary, Dataflow::input_stationary}) {
        MatrixLayer layer = mapped(chip, problem, other);
        if (better(objective, layer.figures, best.figures)) best = layer;
    }
    return best;
}

LayerFigures vector_layer(const Chip& chip, const VectorWork& work) {
    LayerFigures figures;
    figures.compute_cycles = static_cast<int64_t>(
        std::min(9e18, std::ceil(work.operations() / static_cast<double>(chip.array.cols))));
    figures.energy.compute_j = vector_pj(chip, work) * k_joules_per_pj;
    Flows flows;
    for (size_t i = 0; i < chip.level_count; ++i)
        flows[i] =
            i == 0 ? Flow{work.dram_read_bits, work.dram_write_bits} : Flow{work.read_bits, work.write_bits};
    add_memory(chip, flows, figures.compute_cycles, figures);
    return figures;
}

} // namespace widthwise::cost
