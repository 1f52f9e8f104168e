#include "core/cost/layer_cost.h"

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
        if (level.bytes_per_cycle > 0)
            longest = std::max(
                longest, static_cast<int64_t>(std::min(9e18, std::ceil(bytes / level.bytes_per_cycle))));
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

double register_bits(Dataflow dataflow, const Widths& widths, int accumulator_bits, double macs,
                     double held_words) {
    switch (dataflow) {
    case Dataflow::output_stationary:
        return macs * (widths.weights + widths.activations + accumulator_bits);
    case Dataflow::input_stationary:
        return macs * (widths.weights + accumulator_bits) + held_words * widths.activations;
    case Dataflow::weight_stationary:
    case Dataflow::best:
        break;
    }
    return macs * (widths.activations + accumulator_bits) + held_words * widths.weights;
}

MatrixLayer mapped(const Chip& chip, const LoopNest& nest, int64_t batch, Dataflow dataflow,
                   const Widths& widths, const StoredBits& stored) {
    MatrixLayer layer;
    layer.dataflow = dataflow;
    layer.folding = fold(dataflow, group_gemm(nest, batch), chip.array);
    const double groups = static_cast<double>(nest.groups);
    const int accumulator = widths.is_float ? 32 : chip.accumulator_bits;

    Flows flows;
    int64_t tiles = 1;
    const OperandBits bits{stored.weights, stored.input, accumulator, stored.output};
    for (size_t i = 0; i + 1 < chip.level_count; ++i) {
        const Traffic traffic =
            layer_traffic(nest, batch, dataflow, chip.array, bits, chip.levels[i + 1].capacity_bits);
        flows[i] = {traffic.reads(), traffic.writes()};
        if (i == 0) layer.dram = traffic;
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
    const double macs = static_cast<double>(nest.macs()) * static_cast<double>(batch);
    figures.compute_cycles = compute_cycles(layer.folding, nest.groups);
    figures.energy.compute_j = macs * chip.mac_pj(widths) * k_joules_per_pj;
    figures.energy.registers_j =
        register_bits(dataflow, widths, accumulator, macs, held) * chip.register_pj_per_bit * k_joules_per_pj;
    add_memory(chip, flows, figures.compute_cycles + reloads, figures);
    return layer;
}

} // namespace

MatrixLayer matrix_layer(const Chip& chip, const LoopNest& nest, int64_t batch, Dataflow dataflow,
                         const Widths& widths, const StoredBits& stored) {
    if (dataflow != Dataflow::best) return mapped(chip, nest, batch, dataflow, widths, stored);
    MatrixLayer best = mapped(chip, nest, batch, Dataflow::weight_stationary, widths, stored);
    for (const Dataflow other : {Dataflow::output_stationary, Dataflow::input_stationary}) {
        MatrixLayer layer = mapped(chip, nest, batch, other, widths, stored);
        const LayerFigures& a = layer.figures;
        const LayerFigures& b = best.figures;
        if (a.cycles < b.cycles || (a.cycles == b.cycles && a.energy.total_j() < b.energy.total_j()))
            best = layer;
    }
    return best;
}

LayerFigures vector_layer(const Chip& chip, const VectorWork& work) {
    LayerFigures figures;
    figures.compute_cycles = static_cast<int64_t>(
        std::min(9e18, std::ceil(work.operations / static_cast<double>(chip.array.cols))));
    figures.energy.compute_j = work.operations * work.operation_pj * k_joules_per_pj;
    Flows flows;
    for (size_t i = 0; i < chip.level_count; ++i) flows[i] = {work.read_bits, work.write_bits};
    add_memory(chip, flows, figures.compute_cycles, figures);
    return figures;
}

} // namespace widthwise::cost
