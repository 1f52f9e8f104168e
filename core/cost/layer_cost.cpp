#include "core/cost/layer_cost.h"

#include "core/cost/objective.h"
#include "core/cost/zero_coding.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

constexpr double k_joules_per_pj = 1e-12;
constexpr double k_bits_per_byte = 8;

/// Bits of one element in a memory level.
struct Widths {
    double weights = 0, inputs = 0, outputs = 0, partials = 0;

    [[nodiscard]] double inward(const Flow& f) const {
        return f.inputs * inputs + f.weights * weights + f.partial_reads * partials;
    }
    [[nodiscard]] double outward(const Flow& f) const {
        return f.outputs * outputs + f.partial_writes * partials;
    }
};
using LevelWidths = std::array<Widths, 8>;

/// What crosses the outermost boundary shrinks by run-length coding.
struct Coding {
    double inputs = 1, outputs = 1;
};

/// Energy, bytes and stalls of all memory levels, given the flow on their outer (i - 1) and inner (i) sides,
/// and the cycles that the array is busy.
void add_memory(const Chip& chip, const Flows& flows, const LevelWidths& widths, const Coding& coding,
                int64_t array_cycles, LayerFigures& figures) {
    double dram_pj = 0, buffer_pj = 0;
    int64_t longest = array_cycles;
    for (size_t i = 0; i < chip.level_count; ++i) {
        const Level& level = chip.levels[i];
        Widths width = widths[i];
        if (i == 0) {
            width.inputs *= coding.inputs;
            width.outputs *= coding.outputs;
        }
        double reads = width.inward(flows[i]);
        double writes = width.outward(flows[i]);
        if (i > 0) {
            reads += width.outward(flows[i - 1]);
            writes += width.inward(flows[i - 1]);
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
    const size_t inner = chip.level_count - 1;
    const double edge = widths[inner].inward(flows[inner]) + widths[inner].outward(flows[inner]);
    figures.cycles = longest;
    figures.bound = longest > figures.compute_cycles ? Bound::memory : Bound::compute;
    figures.energy.dram_j = dram_pj * k_joules_per_pj;
    figures.energy.buffer_j = buffer_pj * k_joules_per_pj;
    figures.energy.noc_j = edge * chip.noc_pj_per_bit * k_joules_per_pj;
    figures.energy.static_j = chip.static_power_w * static_cast<double>(longest) * chip.cycle_s;
}

/// Shares of the MACs whose operands move, and of those that also multiply and accumulate.
struct Activity {
    double moving = 1, switching = 1;

    Activity(const ZeroUse& use, const Zeros& zeros) {
        if (use.skips_inputs) moving *= 1 - zeros.inputs;
        if (use.skips_weights) moving *= 1 - zeros.weights;
        switching = moving;
        if (use.gating && !use.skips_inputs) switching *= 1 - zeros.inputs;
    }
};

/// Composable units keep weights in buffers of their own, read for each product, and their columns sum up
/// before a result leaves.
bool sums_stay(const Chip& chip, Dataflow dataflow) {
    return chip.mac.style == MacStyle::bit_composable && dataflow == Dataflow::weight_stationary;
}

double register_bits(const Chip& chip, Dataflow dataflow, const Operands& operands, const Activity& activity,
                     double macs, double held_words) {
    const double sums =
        macs * activity.switching * chip.mac.accumulations(operands) * chip.sum_bits(operands);
    const double moved = macs * activity.moving;
    const int weights = operands.weights.bits;
    const int activations = operands.activations.bits;
    if (dataflow == Dataflow::output_stationary || sums_stay(chip, dataflow))
        return moved * (weights + activations) + sums;
    if (dataflow == Dataflow::input_stationary) return moved * weights + sums + held_words * activations;
    return moved * activations + sums + held_words * weights;
}

int64_t whole_cycles(double cycles) {
    return static_cast<int64_t>(std::min(9e18, std::ceil(cycles)));
}

double vector_pj(const Chip& chip, const VectorWork& work) {
    return work.adds * chip.vector_add_pj(work.bits, work.is_float) +
           work.multiplies * chip.vector_multiply_pj(work.bits, work.is_float);
}

LevelWidths level_widths(const Chip& chip, const MatrixProblem& problem) {
    LevelWidths widths;
    for (size_t i = 0; i < chip.level_count; ++i) {
        const Level& level = chip.levels[i];
        widths[i] = {level.stored(problem.stored.weights), level.stored(problem.stored.input),
                     level.stored(problem.stored.output), level.stored(chip.sum_bits(problem.operands))};
    }
    return widths;
}

/// The array as the traffic's folds see it.
Array folded_array(const Chip& chip, Dataflow dataflow, int64_t products) {
    const bool widened = dataflow != Dataflow::output_stationary;
    return {chip.array.rows * (widened ? products : 1), chip.array.cols};
}

OperandBits traffic_bits(const Widths& widths) {
    return {static_cast<int>(widths.weights), static_cast<int>(widths.inputs),
            static_cast<int>(widths.partials), static_cast<int>(widths.outputs)};
}

BitWeights moved_weights(const Widths& outer, const Widths& inner, double input_coding) {
    const auto ratio = [](double a, double b) { return b > 0 ? a / b : 1; };
    return {ratio(outer.weights, inner.weights), ratio(outer.inputs * input_coding, inner.inputs),
            ratio(outer.partials, inner.partials)};
}

Flow elements(const Traffic& traffic, const Widths& widths) {
    const auto count = [](double bits, double width) { return width > 0 ? bits / width : 0; };
    return {count(traffic.activation_reads, widths.inputs), count(traffic.weight_reads, widths.weights),
            count(traffic.partial_reads, widths.partials), count(traffic.output_writes, widths.outputs),
            count(traffic.partial_writes, widths.partials)};
}

MatrixLayer mapped(const Chip& chip, const MatrixProblem& problem, Dataflow dataflow) {
    const LoopNest& nest = problem.nest;
    const int64_t batch = problem.batch;
    const MacRate rate = chip.mac.rate(problem.operands);
    const bool composed = chip.mac.style == MacStyle::bit_composable;
    MatrixLayer layer;
    layer.dataflow = dataflow;
    layer.folding = composed ? fold_composed(dataflow, nest, batch, chip.array, rate.products)
                             : fold(dataflow, group_gemm(nest, batch), chip.array);
    const double groups = static_cast<double>(nest.groups);
    LayerFigures& figures = layer.figures;

    const LevelWidths widths = level_widths(chip, problem);
    const Coding coding{coded_share(chip.zeros, problem.zeros.inputs, static_cast<int>(widths[0].inputs)),
                        coded_share(chip.zeros, problem.zeros.outputs, static_cast<int>(widths[0].outputs))};
    const Array array = folded_array(chip, dataflow, rate.products);
    Flows flows;
    int64_t tiles = 1;
    for (size_t i = 0; i + 1 < chip.level_count; ++i) {
        const Traffic traffic = layer_traffic(
            nest, batch, dataflow, array, traffic_bits(widths[i + 1]), chip.levels[i + 1].capacity_bits,
            moved_weights(widths[i], widths[i + 1], i == 0 ? coding.inputs : 1));
        flows[i] = elements(traffic, widths[i + 1]);
        if (i == 0) {
            layer.dram = traffic;
            if (problem.input_on_chip) flows[i].inputs = 0;
            if (problem.output_on_chip) flows[i].outputs = 0;
        }
        tiles = std::max(tiles, traffic.tiles);
        figures.on_chip_bytes += traffic.kept_bits / k_bits_per_byte;
    }

    ArrayWords words = array_words(dataflow, layer.folding);
    double held = groups * static_cast<double>(layer.folding.s_r) * static_cast<double>(layer.folding.s_c);
    double reloads = 0;
    if (dataflow == Dataflow::weight_stationary &&
        tiles > 1) { // the array is loaded again for each tile of pixels
        words.weight_reads *= tiles;
        held *= static_cast<double>(tiles);
        reloads = groups * static_cast<double>(layer.folding.folds()) * static_cast<double>(tiles - 1) *
                  static_cast<double>(layer.folding.fill);
    }
    if (sums_stay(chip, dataflow)) {
        words.result_writes -= words.partial_reads;
        words.partial_reads = 0;
    }
    // The last row fold writes finished results, the others partial sums.
    const double partials = static_cast<double>(words.partial_reads);
    flows[chip.level_count - 1] = {groups * static_cast<double>(words.activation_reads),
                                   groups * static_cast<double>(words.weight_reads), groups * partials,
                                   groups * (static_cast<double>(words.result_writes) - partials),
                                   groups * partials};

    const double macs = problem.macs();
    const Activity activity(chip.zeros, problem.zeros);
    const double busy = compute_cycles(layer.folding, nest.groups, rate.beats, activity.moving);
    figures.compute_cycles = whole_cycles(busy / chip.mac_efficiency);
    figures.mapped_units = mapping_efficiency(layer.folding, array);
    figures.peak_macs_per_cycle = chip.macs_per_cycle(problem.operands);
    if (activity.moving > 0) figures.peak_macs_per_cycle /= activity.moving;
    figures.energy.compute_j =
        (macs * activity.switching * chip.mac_pj(problem.operands) + vector_pj(chip, problem.epilogue)) *
        k_joules_per_pj;
    figures.energy.registers_j = register_bits(chip, dataflow, problem.operands, activity, macs, held) *
                                 chip.register_pj_per_bit * k_joules_per_pj;
    add_memory(chip, flows, widths, coding, whole_cycles((busy + reloads) / chip.mac_efficiency), figures);
    layer.flows = flows;
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
    figures.compute_cycles = whole_cycles(work.operations() / static_cast<double>(chip.array.cols));
    figures.energy.compute_j = vector_pj(chip, work) * k_joules_per_pj;
    // Bits, not elements: a level that stores wide elements takes more of them.
    Flows flows;
    LevelWidths widths;
    for (size_t i = 0; i < chip.level_count; ++i) {
        flows[i].inputs = i == 0 ? work.dram_read_bits : work.read_bits;
        flows[i].outputs = i == 0 ? work.dram_write_bits : work.write_bits;
        // stored_activation_bits() has seen to the outermost level's.
        const double bits = chip.levels[0].stored(work.bits);
        widths[i].inputs = widths[i].outputs = std::max(1.0, chip.levels[i].element_bits / bits);
    }
    add_memory(chip, flows, widths, {}, figures.compute_cycles, figures);
    return figures;
}

} // namespace widthwise::cost
