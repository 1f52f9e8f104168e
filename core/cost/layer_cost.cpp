#include "core/cost/layer_cost.h"

#include "core/cost/memory_cost.h"
#include "core/cost/objective.h"
#include "core/cost/vector_layer.h"
#include "core/cost/zero_coding.h"

#include <algorithm>
#include <limits>

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

/// What all levels read and write, given the flow on their outer (i - 1) and inner (i) sides.
MemoryBits memory_bits(const Chip& chip, const Flows& flows, const LevelWidths& widths,
                       const Coding& coding) {
    MemoryBits bits;
    for (size_t i = 0; i < chip.level_count; ++i) {
        Widths width = widths[i];
        if (i == 0) {
            width.inputs *= coding.inputs;
            width.outputs *= coding.outputs;
        }
        bits[i] = {width.inward(flows[i]), width.outward(flows[i])};
        if (i > 0) {
            bits[i].reads += width.outward(flows[i - 1]);
            bits[i].writes += width.inward(flows[i - 1]);
        }
    }
    return bits;
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

/// What a bit of the inner level's counts in time (bits of the outer level) or, where the objective is
/// energy, in pJ of both levels. Partial sums go out and come back.
BitWeights moved_weights(const Chip& chip, size_t boundary, const Widths& outer, const Widths& inner,
                         double input_coding, Objective objective) {
    const auto ratio = [](double a, double b) { return b > 0 ? a / b : 1; };
    const BitWeights bits{ratio(outer.weights, inner.weights),
                          ratio(outer.inputs * input_coding, inner.inputs),
                          ratio(outer.partials, inner.partials)};
    if (objective != Objective::energy) return bits;
    const Level &from = chip.levels[boundary], &to = chip.levels[boundary + 1];
    const auto fetched = [&](double share) { return share * from.read_pj_per_bit + to.write_pj_per_bit; };
    const auto returned = [&](double share) { return share * from.write_pj_per_bit + to.read_pj_per_bit; };
    return {fetched(bits.weights), fetched(bits.activations),
            (fetched(bits.accumulator) + returned(bits.accumulator)) / 2};
}

Flow elements(const Traffic& traffic, const Widths& widths) {
    const auto count = [](double bits, double width) { return width > 0 ? bits / width : 0; };
    return {count(traffic.activation_reads, widths.inputs), count(traffic.weight_reads, widths.weights),
            count(traffic.partial_reads, widths.partials), count(traffic.output_writes, widths.outputs),
            count(traffic.partial_writes, widths.partials)};
}

/// A layer under one dataflow, up to how it is split.
struct Layout {
    const Chip& chip;
    const MatrixProblem& problem;
    Dataflow dataflow;
    MacRate rate;
    Folding folding;
    Array array;
    LevelWidths widths;
    Coding coding;

    Layout(const Chip& on, const MatrixProblem& of, Dataflow under)
        : chip(on)
        , problem(of)
        , dataflow(under)
        , rate(on.mac.rate(of.operands))
        , folding(on.mac.style == MacStyle::bit_composable
                      ? fold_composed(under, of.nest, of.batch, on.array, rate.products)
                      : fold(under, group_gemm(of.nest, of.batch), on.array))
        , array(folded_array(on, under, rate.products))
        , widths(level_widths(on, of))
        , coding{coded_share(on.zeros, of.zeros.inputs, static_cast<int>(widths[0].inputs)),
                 coded_share(on.zeros, of.zeros.outputs, static_cast<int>(widths[0].outputs))} {}

    [[nodiscard]] std::vector<Traffic> splits(size_t boundary, Objective objective) const {
        BitWeights moved = moved_weights(chip, boundary, widths[boundary], widths[boundary + 1],
                                         boundary == 0 ? coding.inputs : 1, objective);
        if (boundary == 0 && problem.input_on_chip) moved.activations = 0;
        return layer_splits(problem.nest, problem.batch, dataflow, array, traffic_bits(widths[boundary + 1]),
                            chip.levels[boundary + 1].capacity_bits, moved);
    }
};

/// Of every boundary between levels, outermost first.
using Splits = std::array<std::vector<Traffic>, std::tuple_size_v<decltype(Chip::levels)>>;
using Chosen = std::array<size_t, std::tuple_size_v<Splits>>;

MatrixLayer priced(const Layout& layout, const Splits& splits, const Chosen& chosen) {
    const Chip& chip = layout.chip;
    const MatrixProblem& problem = layout.problem;
    const Dataflow dataflow = layout.dataflow;
    MatrixLayer layer;
    layer.dataflow = dataflow;
    layer.folding = layout.folding;
    const double groups = static_cast<double>(problem.nest.groups);
    LayerFigures& figures = layer.figures;

    Flows flows;
    int64_t tiles = 1;
    for (size_t i = 0; i + 1 < chip.level_count; ++i) {
        const Traffic& traffic = splits[i][chosen[i]];
        flows[i] = elements(traffic, layout.widths[i + 1]);
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
    const size_t inner = chip.level_count - 1;
    flows[inner] = {groups * static_cast<double>(words.activation_reads),
                    groups * static_cast<double>(words.weight_reads), groups * partials,
                    groups * (static_cast<double>(words.result_writes) - partials), groups * partials};

    const double macs = problem.macs();
    const Activity activity(chip.zeros, problem.zeros);
    const double busy =
        compute_cycles(layer.folding, problem.nest.groups, layout.rate.beats, activity.moving);
    figures.compute_cycles = whole_cycles(busy / chip.mac_efficiency);
    figures.mapped_units = mapping_efficiency(layer.folding, layout.array);
    figures.peak_macs_per_cycle = chip.macs_per_cycle(problem.operands);
    if (activity.moving > 0) figures.peak_macs_per_cycle /= activity.moving;
    figures.energy.compute_j =
        (macs * activity.switching * chip.mac_pj(problem.operands) + vector_pj(chip, problem.epilogue)) *
        k_joules_per_pj;
    figures.energy.registers_j = register_bits(chip, dataflow, problem.operands, activity, macs, held) *
                                 chip.register_pj_per_bit * k_joules_per_pj;
    const Widths& edge = layout.widths[inner];
    add_memory(chip, memory_bits(chip, flows, layout.widths, layout.coding),
               edge.inward(flows[inner]) + edge.outward(flows[inner]),
               whole_cycles((busy + reloads) / chip.mac_efficiency), figures);
    layer.flows = flows;
    return layer;
}

/// More tiles than `chosen`, as few as that takes: wherever the next split has that many. False: there are
/// none.
bool split_further(const Splits& splits, size_t boundaries, Chosen& chosen) {
    int64_t tiles = std::numeric_limits<int64_t>::max();
    for (size_t i = 0; i < boundaries; ++i)
        if (chosen[i] + 1 < splits[i].size()) tiles = std::min(tiles, splits[i][chosen[i] + 1].tiles);
    bool further = false;
    for (size_t i = 0; i < boundaries; ++i)
        if (chosen[i] + 1 < splits[i].size() && splits[i][chosen[i] + 1].tiles == tiles) {
            ++chosen[i];
            further = true;
        }
    return further;
}

/// A price grows with the bits across each boundary and, with stationary weights, with the most tiles of any.
/// So for each number of tiles that may be had, every boundary takes the split of fewest bits within it, and
/// the best of these prices is that of all combinations of splits.
MatrixLayer mapped(const Chip& chip, const MatrixProblem& problem, Dataflow dataflow, Objective objective) {
    const Layout layout(chip, problem, dataflow);
    const size_t boundaries = chip.level_count - 1;
    Splits splits;
    Chosen chosen{};
    for (size_t i = 0; i < boundaries; ++i) splits[i] = layout.splits(i, objective);
    if (dataflow != Dataflow::weight_stationary) { // tiles cost nothing
        for (size_t i = 0; i < boundaries; ++i) chosen[i] = splits[i].size() - 1;
        return priced(layout, splits, chosen);
    }
    MatrixLayer best = priced(layout, splits, chosen);
    while (split_further(splits, boundaries, chosen)) {
        const MatrixLayer layer = priced(layout, splits, chosen);
        if (better(objective, layer.figures, best.figures)) best = layer;
    }
    return best;
}

} // namespace

MatrixLayer matrix_layer(const Chip& chip, const MatrixProblem& problem, Dataflow dataflow,
                         Objective objective) {
    if (dataflow != Dataflow::best) return mapped(chip, problem, dataflow, objective);
    MatrixLayer best = mapped(chip, problem, Dataflow::weight_stationary, objective);
    for (const Dataflow other : {Dataflow::output_stationary, Dataflow::input_stationary}) {
        MatrixLayer layer = mapped(chip, problem, other, objective);
        if (better(objective, layer.figures, best.figures)) best = layer;
    }
    return best;
}

} // namespace widthwise::cost
