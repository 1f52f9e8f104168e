// Layers on arrays in closed form: styles of units, zeros, stored widths and a target's own constants, by
// hand.
#include "core/base/rng.h"
#include "core/cost/layer_cost.h"
#include "core/cost/vector_layer.h"
#include "tests/core/cost/small_networks.h"

#include <array>
#include <cmath>

using namespace widthwise;
using namespace widthwise::test;
using namespace widthwise::cost;

namespace {

void compare(double ours, double expected) {
    if (std::abs(ours - expected) > 1e-6 * std::abs(expected)) qFatal("%.9g instead of %.9g", ours, expected);
}

/// 1 x 1 convolution of 2 channels to 3 over 2 x 2 pixels: K = 2, N = 3, M = 4, 24 MACs.
MatrixProblem tiny(int weights = 8, int activations = 8) {
    MatrixProblem problem;
    problem.nest.out_channels = 3;
    problem.nest.in_channels = 2;
    problem.nest.out_height = problem.nest.out_width = problem.nest.in_height = problem.nest.in_width = 2;
    problem.operands = {{Numeric::integer, weights}, {Numeric::integer, activations}};
    problem.stored = {weights, activations, 8};
    return problem;
}

HardwareTarget tiny_target() {
    HardwareTarget target = square_target(2, Dataflow::weight_stationary);
    target.memory = {{"DRAM", std::nullopt, std::nullopt, 10.0, 20.0},
                     {"buffer", 1024, std::nullopt, 0.1, 0.2}};
    return target;
}

LayerFigures run(const HardwareTarget& target, const MatrixProblem& problem) {
    Demand demand;
    demand.add(problem);
    return matrix_layer(Chip(target, demand), problem, target.dataflow, target.objective).figures;
}

} // namespace

class SystolicLayer : public QObject {
    Q_OBJECT
private slots:
    /// 1 x 2 folds of 4 pixels; 2 R + C - 2 = 4 cycles to fill.
    void serial_arrays_stream_bits() {
        HardwareTarget target = tiny_target();
        QCOMPARE(run(target, tiny()).compute_cycles, 2 * (4 + 4) - 1);
        target.mac.style = MacStyle::bit_serial;
        QCOMPARE(run(target, tiny(8, 8)).compute_cycles, 2 * (4 * 8 + 4) - 1);
        QCOMPARE(run(target, tiny(8, 4)).compute_cycles, 2 * (4 * 4 + 4) - 1);
        QCOMPARE(run(target, tiny(4, 8)).compute_cycles, 2 * (4 * 8 + 4) - 1);
        compare(run(target, tiny(8, 4)).peak_macs_per_cycle, 1);
        target.mac.serial = SerialOperands::weights;
        QCOMPARE(run(target, tiny(3, 8)).compute_cycles, 2 * (4 * 3 + 4) - 1);
        target.mac.serial = SerialOperands::both;
        QCOMPARE(run(target, tiny(3, 2)).compute_cycles, 2 * (4 * 6 + 4) - 1);
    }

    void serial_units_also_take_the_steps_of_mapped_nests() {
        HardwareTarget target = tiny_target();
        target.dataflow = Dataflow::no_local_reuse;
        target.mac.style = MacStyle::bit_serial;
        const auto cycles = [&](const MatrixProblem& problem) {
            const auto machine = take(make_machine(target, {&problem, 1}));
            return take(machine->matrix(problem)).figures.compute_cycles;
        };
        QCOMPARE(cycles(tiny(8, 8)), 2 * cycles(tiny(8, 4)));
        QCOMPARE(cycles(tiny(4, 8)), cycles(tiny(8, 8)));
    }

    /// 8 channels to 4 over 2 x 2 pixels on 2 x 2 fusion units: 8 x 8 bits take 4 folds of 2 rows, 4 x 4 bits
    /// one, two column folds each, of 4 cycles without filling.
    void composable_arrays_widen_their_rows() {
        HardwareTarget target = tiny_target();
        target.mac.style = MacStyle::bit_composable;
        MatrixProblem problem = tiny();
        problem.nest.in_channels = 8;
        problem.nest.out_channels = 4;
        QCOMPARE(run(target, problem).compute_cycles, 4 * 2 * 4);
        compare(run(target, problem).mapped_units, 1);
        problem.operands = {{Numeric::integer, 4}, {Numeric::integer, 4}};
        QCOMPARE(run(target, problem).compute_cycles, 1 * 2 * 4);
        compare(run(target, problem).mapped_units, 1);
        compare(run(target, problem).peak_macs_per_cycle, 16);
        problem.operands = {{Numeric::integer, 2}, {Numeric::integer, 2}}; // 32 channels at once, 8 there
        QCOMPARE(run(target, problem).compute_cycles, 1 * 2 * 4);
        compare(run(target, problem).mapped_units, 0.25);
    }

    /// 3 x 3 kernels: positions one after another, each over 3 channels in 2 folds of 2 rows; a single
    /// channel is unrolled: 9 taps in 5 folds.
    void kernels_are_walked_or_unrolled() {
        MatrixProblem problem = tiny();
        LoopNest& nest = problem.nest;
        nest.in_channels = 3;
        nest.kernel_height = nest.kernel_width = 3;
        QCOMPARE(fold_composed(Dataflow::weight_stationary, nest, 1, {2, 2}, 1).row_folds, 9 * 2);
        QCOMPARE(fold_composed(Dataflow::weight_stationary, nest, 1, {2, 2}, 4).row_folds, 9);
        QCOMPARE(fold_composed(Dataflow::output_stationary, nest, 1, {2, 2}, 2).t, 9 * 2);
        nest.in_channels = 1;
        QCOMPARE(fold_composed(Dataflow::weight_stationary, nest, 1, {2, 2}, 1).row_folds, 5);
        QCOMPARE(fold_composed(Dataflow::weight_stationary, nest, 1, {2, 2}, 4).row_folds, 2);
    }

    void gating_saves_energy_and_no_time() {
        HardwareTarget target = tiny_target();
        MatrixProblem problem = tiny();
        const LayerFigures dense = run(target, problem);
        problem.zeros.inputs = 0.75;
        compare(run(target, problem).energy.total_j(), dense.energy.total_j()); // nothing uses them
        target.zeros.gating = true;
        const LayerFigures gated = run(target, problem);
        compare(gated.energy.compute_j, 0.25 * dense.energy.compute_j);
        QCOMPARE(gated.cycles, dense.cycles);
        // Per MAC the input's 8 bits still move; a quarter of the 32-bit sums clock; 6 weights are loaded.
        compare(gated.energy.registers_j / dense.energy.registers_j,
                (24 * (8 + 0.25 * 32) + 48) / (24 * 40 + 48));
        compare(gated.energy.buffer_j, dense.energy.buffer_j);
    }

    void skipping_saves_both() {
        HardwareTarget target = tiny_target();
        target.zeros.skips_inputs = true;
        MatrixProblem problem = tiny();
        const LayerFigures dense = run(target, problem);
        problem.zeros = {0.5, 0.5, 0};
        const LayerFigures half = run(target, problem);
        QCOMPARE(half.compute_cycles, 2 * (2 + 4) - 1);
        compare(half.energy.compute_j, 0.5 * dense.energy.compute_j);
        target.zeros.skips_weights = true;
        QCOMPARE(run(target, problem).compute_cycles, 2 * (1 + 4) - 1);
        problem.zeros = {1, 1, 1}; // nothing left to do but to fill
        QCOMPARE(run(target, problem).compute_cycles, 2 * 4 - 1);
        compare(run(target, problem).energy.compute_j + 1, 1);
    }

    /// 8 inputs, a quarter of them 8 + 5 bits each; 12 outputs without zeros stay as they are; 6 weights.
    void coded_maps_cross_to_dram() {
        HardwareTarget target = tiny_target();
        target.zeros.compressed = true;
        MatrixProblem problem = tiny();
        problem.zeros.inputs = 0.75;
        const LayerFigures coded = run(target, problem);
        compare(coded.dram_bytes, (8 * 0.25 * 13 + 12 * 8 + 6 * 8) / 8.0);
        target.zeros.compressed = false;
        compare(run(target, problem).dram_bytes, 26);
        compare(run(target, problem).buffer_bytes, coded.buffer_bytes);
        problem.zeros.outputs = 0.5;
        target.zeros.compressed = true;
        compare(run(target, problem).dram_bytes, (8 * 0.25 * 13 + 12 * 0.5 * 13 + 6 * 8) / 8.0);
    }

    /// Array side 16 + 6 + 12 words, outer side 14 in and 12 out.
    void levels_store_whole_words() {
        HardwareTarget target = tiny_target();
        target.memory[1].element_bits = 16;
        const LayerFigures words = run(target, tiny(4, 8));
        compare(words.buffer_bytes, (34 + 26) * 2);
        compare(words.dram_bytes, 8 + 3 + 12);
        target.memory[0].element_bits = 8;
        compare(run(target, tiny(4, 8)).dram_bytes, 26);
        target.memory[1].element_bits = 1;
        compare(run(target, tiny(4, 8)).buffer_bytes, 16 + 3 + 12 + 23);
    }

    void a_targets_own_constants_stand() {
        HardwareTarget target = tiny_target();
        target.node_nm = 28; // scales the laws, not what is given
        target.mac_pj = 2;
        target.noc_pj_per_bit = 0.5;
        const LayerFigures figures = run(target, tiny());
        compare(figures.energy.compute_j, 24 * 2e-12);
        compare(figures.energy.noc_j, 34 * 8 * 0.5e-12);
        // Narrower ones in the law's proportion: multiplier 0.2, accumulator 0.1.
        const double narrow = 0.002994791667 * 32 + 0.001041666667 * 8 + 0.1;
        compare(run(target, tiny(4, 8)).energy.compute_j, 24 * 2e-12 * narrow / 0.3);
        target.mac_efficiency = 0.5;
        QCOMPARE(run(target, tiny()).compute_cycles, 2 * figures.compute_cycles);

        target.memory[1].area_mm2 = 0.25;
        compare(chip_area(Chip(target, {}), target).at("buffer"), 0.25);
        target.memory.push_back({.name = "scratchpad", .bytes = 64, .area_mm2 = 0.01, .per_pe = true});
        compare(chip_area(Chip(target, {}), target).at("scratchpad"), 0.04);
    }

    /// A layer of 8 inputs, 6 weights and 12 sums: 112 bits rounded up to 128, and 12 sums of 17 bits, twice,
    /// are 83 bytes; 16-bit operands 256 bits and 12 x 32, 160 bytes.
    void buffers_are_no_larger_than_a_layer_can_use() {
        HardwareTarget target = tiny_target();
        target.memory[1].bytes = 200;
        const auto built = [&](const MatrixProblem& problem) {
            Demand demand;
            demand.add(problem);
            return Chip(target, demand).levels[1].bytes;
        };
        QCOMPARE(built(tiny(8, 8)), 200);
        target.sizing = Sizing::to_design;
        QCOMPARE(built(tiny(8, 8)), 128);
        QCOMPARE(built(tiny(16, 16)), 200);
        target.memory[1].bytes = 1024;
        QCOMPARE(built(tiny(16, 16)), 256);
        compare(run(target, tiny(16, 16)).dram_bytes, (14 * 16 + 12 * 8) / 8.0);
        MatrixProblem kept = tiny(8, 8);
        kept.input_on_chip = true; // stays in the buffer beside what this layer needs
        QCOMPARE(built(kept), 1024);
    }

    /// One layer of each kind: the array is built for all of them.
    void built_for_the_formats_of_the_design() {
        HardwareTarget target = tiny_target();
        target.sizing = Sizing::to_design;
        MatrixProblem binary = tiny(1, 1);
        binary.operands = {{Numeric::binary, 1}, {Numeric::binary, 1}};
        Demand only_binary;
        only_binary.add(binary);
        Demand both = only_binary;
        both.add(tiny(4, 4));
        Demand integers;
        integers.add(tiny(4, 4));
        const auto area = [&](const Demand& demand) {
            return chip_area(Chip(target, demand), target).at("mac");
        };
        QVERIFY(area(only_binary) < area(integers));
        compare(area(both), area(integers));
        const Chip chip(target, both);
        QVERIFY(chip.mac_pj(binary.operands) < chip.mac_pj(tiny(2, 2).operands));
        MatrixProblem half = tiny(16, 16);
        half.operands = {{Numeric::float16, 16}, {Numeric::float16, 16}};
        both.add(half);
        compare(area(both), 4 * (1640 + 1360) * 1e-6);
        QCOMPARE(Chip(target, both).sum_bits(half.operands), 16);
    }

    /// 64 channels to 64 over 32 x 32 pixels: 16 folds of 16 x 16, 1024 + 46 cycles each, 17119 in all. Room
    /// for 65536 bits, half the buffer. Bytes across to DRAM without the 65536 of the results:
    ///   1 tile    input 4x 262144, weights 4096, partial sums 3 x 65536 x 4 out and back: 1839104
    ///   8 tiles   sums of 128 x 16 stay; input 4x, weights 8x: 294912
    ///   16 tiles  weights stay, too: 266240
    ///   32 tiles  everything once: 69632
    /// Each further tile loads the 16 folds again, 46 cycles each: 736.
    void tiles_are_weighed_against_loading_weights_again() {
        HardwareTarget target = square_target(16, Dataflow::weight_stationary);
        target.memory = {{"DRAM", std::nullopt, std::nullopt, 10.0, 20.0},
                         {"buffer", 16384, std::nullopt, 0.1, 0.2}};
        MatrixProblem problem = tiny();
        LoopNest& nest = problem.nest;
        nest.in_channels = nest.out_channels = 64;
        nest.in_height = nest.in_width = nest.out_height = nest.out_width = 32;
        const auto compare_run = [&](int64_t cycles, double dram_bytes, Bound bound,
                                     std::string_view limited_by) {
            Demand demand;
            demand.add(problem);
            const Chip chip(target, demand); // owns the names of what limits a layer
            const LayerFigures figures =
                matrix_layer(chip, problem, target.dataflow, target.objective).figures;
            QCOMPARE(figures.compute_cycles, 17119);
            QCOMPARE(figures.cycles, cycles);
            compare(figures.dram_bytes, dram_bytes + 65536);
            QVERIFY(figures.bound == bound && figures.limited_by == limited_by);
        };
        compare_run(17119, 1839104, Bound::compute, "compute"); // DRAM takes no time
        target.memory[0].bytes_per_cycle = 16;
        compare_run((294912 + 65536) / 16, 294912, Bound::memory, "DRAM"); // the array: 17119 + 7 x 736
        target.objective = Objective::energy;
        compare_run(17119 + 31 * 736, 69632, Bound::compute, "compute");
    }

    /// 100 bytes in, 50 out of which 30 elements of one byte each way cross to DRAM; 50 elements on 2 lanes.
    /// The weight buffer and the scratchpads see nothing of it.
    void element_wise_layers_pass_through_shared_levels_of_maps() {
        HardwareTarget target = tiny_target();
        const auto of = [&](double adds) {
            const VectorWork work{.adds = adds,
                                  .bits = 8,
                                  .read_bits = 800,
                                  .write_bits = 400,
                                  .dram_read_bits = 240,
                                  .dram_write_bits = 240,
                                  .written = 50};
            return vector_layer(Chip(target, {}), work);
        };
        const LayerFigures plain = of(0);
        QCOMPARE(plain.compute_cycles, 25);
        QCOMPARE(of(40).cycles, 25);
        QCOMPARE(of(120).cycles, 60);
        compare(plain.buffer_bytes, 100 + 50 + 30 + 30);
        compare(plain.energy.buffer_j, ((800 + 240) * 0.1 + (400 + 240) * 0.2) * 1e-12);
        target.memory.push_back({.name = "weights", .bytes = 64, .holds = {true, false, false}});
        target.memory.push_back({.name = "pad", .bytes = 64, .per_pe = true});
        const LayerFigures same = of(0);
        compare(same.buffer_bytes, plain.buffer_bytes);
        compare(same.energy.total_j(), plain.energy.total_j());
        target.memory[1].holds.outputs = false; // results go straight to DRAM
        compare(of(0).buffer_bytes, 100 + 30);
    }

    /// Random layers and targets, one operand one bit wider: latency (the objective), array time and area
    /// never fall, nor do energy and traffic where folds and tiles stay the same.
    void wider_operands_never_cost_less() {
        const uint64_t seed = 20260731;
        Rng rng(seed);
        const auto pick = [&](int lo, int hi) {
            return lo + static_cast<int>(rng.below(static_cast<uint64_t>(hi - lo + 1)));
        };
        constexpr std::array dataflows = {Dataflow::weight_stationary, Dataflow::output_stationary,
                                          Dataflow::input_stationary};
        constexpr std::array numerics = {Numeric::integer, Numeric::integer, Numeric::power_of_two,
                                         Numeric::codebook};
        int same = 0;
        for (int trial = 0; trial < 6000; ++trial) {
            HardwareTarget target = square_target(pick(1, 24), dataflows[rng.below(3)]);
            target.cols = pick(1, 24);
            target.sizing = static_cast<Sizing>(pick(0, 1));
            target.mac.style = static_cast<MacStyle>(pick(0, 2));
            target.mac.serial = static_cast<SerialOperands>(pick(0, 2));
            target.mac.weight_bits = target.mac.activation_bits = 16;
            target.memory[0].bytes_per_cycle = pick(1, 64);
            target.memory[1].bytes = 1024 << pick(0, 7);
            target.memory[1].element_bits = pick(0, 3) == 0 ? 8 : 1;
            target.static_power_w = 0.01;
            target.zeros = {pick(0, 1) == 1, pick(0, 3) == 0, pick(0, 3) == 0, pick(0, 1) == 1, 5};
            MatrixProblem narrow = tiny();
            LoopNest& nest = narrow.nest;
            nest.groups = pick(0, 3) == 0 ? 4 : 1;
            nest.in_channels = nest.groups * pick(1, 40);
            nest.out_channels = nest.groups * pick(1, 40);
            nest.kernel_height = nest.kernel_width = 2 * pick(0, 2) + 1;
            nest.out_height = nest.out_width = nest.in_height = nest.in_width = pick(1, 16);
            narrow.batch = pick(1, 3);
            narrow.zeros = {0.3, 0.2, 0.4};
            OperandFormat& w = narrow.operands.weights;
            OperandFormat& a = narrow.operands.activations;
            w = {numerics[rng.below(4)], pick(2, 4)};
            a = {numerics[rng.below(3)], pick(2, 4)};
            narrow.stored = {w.bits, a.bits, pick(2, 8)};
            MatrixProblem wide = narrow;
            const bool weights = pick(0, 1) == 1;
            ++(weights ? wide.operands.weights : wide.operands.activations).bits;
            ++(weights ? wide.stored.weights : wide.stored.input);

            const auto chip_of = [&](const MatrixProblem& problem) {
                Demand demand;
                demand.add(problem);
                return Chip(target, demand);
            };
            const Chip small = chip_of(narrow), large = chip_of(wide);
            const MatrixLayer before = matrix_layer(small, narrow, target.dataflow, target.objective);
            const MatrixLayer after = matrix_layer(large, wide, target.dataflow, target.objective);
            const QByteArray where =
                "trial " + QByteArray::number(trial) + ", seed " + QByteArray::number(seed);
            QVERIFY2(before.figures.compute_cycles <= after.figures.compute_cycles, where);
            // Composable units fold layers in another way where they make more products at once.
            const bool same_rate =
                small.mac.rate(narrow.operands).products == large.mac.rate(wide.operands).products;
            if (same_rate) QVERIFY2(before.figures.cycles <= after.figures.cycles, where);
            double small_mm2 = 0, large_mm2 = 0;
            for (const auto& [part, mm2] : chip_area(small, target)) small_mm2 += mm2;
            for (const auto& [part, mm2] : chip_area(large, target)) large_mm2 += mm2;
            QVERIFY2(small_mm2 <= large_mm2, where);
            const auto folds = [](const MatrixLayer& l) {
                return std::array{l.folding.row_folds, l.folding.col_folds, l.dram.tiles,
                                  int64_t{l.dram.rows_inner}};
            };
            if (!same_rate || folds(before) != folds(after)) continue;
            ++same;
            QVERIFY2(before.figures.energy.total_j() <= after.figures.energy.total_j() * (1 + 1e-12), where);
            QVERIFY2(before.figures.dram_bytes <= after.figures.dram_bytes, where);
        }
        QVERIFY2(same > 4500, QByteArray::number(same));
    }
};

QTEST_APPLESS_MAIN(SystolicLayer)
#include "tst_systolic_layer.moc"
