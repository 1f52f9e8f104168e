// What stays on the chip between layers, in estimates.
#include "core/base/rng.h"
#include "core/cost/residency.h"
#include "tests/core/cost/small_networks.h"

#include <cmath>
#include <limits>

using namespace widthwise;
using namespace widthwise::test;
using namespace widthwise::cost;

namespace {

/// conv - conv - add, then a global pool and a fully connected layer.
GraphPtr residual_network(int64_t channels, int64_t side) {
    Net net({1, 3, side, side});
    net.conv("l0", channels, 3).add(Op::relu, "r0");
    const ValueId shortcut = net.last();
    net.conv("l1", channels, 3).batch_norm("bn").add(Op::relu, "r1").conv("l2", channels, 3);
    net.add(Op::add, "sum", {}, {shortcut}).add(Op::relu, "r2").add(Op::global_average_pool, "pool");
    net.add(Op::reshape, "flat", ReshapeAttributes{{1, channels}}).gemm("fc", 10);
    return net.build();
}

CostBreakdown estimated(const GraphPtr& graph, const PrecisionPlan& plan, const HardwareTarget& target,
                        const Options& options) {
    return take(estimate(*graph, plan, target, options));
}

} // namespace

class ResidencyEstimates : public QObject {
    Q_OBJECT
private slots:
    void what_rides_along_is_no_step() {
        const GraphPtr graph = residual_network(8, 8);
        const GraphRoles roles = graph_roles(*graph);
        const StepGraph steps = step_graph(*graph, roles);
        QCOMPARE(steps.steps.size(), 6U); // l0, l1, l2, sum, pool, fc
        QCOMPARE(steps.maps.size(), 7U);
        const auto map = [&](const char* node) {
            const ValueId value = graph->node(graph->find_node(node)).output();
            return steps.map_of[value.position()];
        };
        QCOMPARE(map("l0"), map("r0"));
        QCOMPARE(map("l1"), map("r1"));
        QCOMPARE(map("pool"), map("flat"));
        QVERIFY(map("l1") != map("l2"));
        const FeatureMap& shortcut = steps.maps[static_cast<size_t>(map("r0"))];
        QCOMPARE(shortcut.readers, (std::vector<int>{1, 3}));
        QVERIFY(shortcut.can_stay);
        QVERIFY(!steps.maps[0].can_stay && !steps.maps.back().can_stay);
    }

    /// Where everything fits, DRAM sees weights, the image and the result; in between nothing.
    void only_compulsory_traffic_is_left() {
        const GraphPtr graph = residual_network(8, 16);
        HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        target.memory[1].bytes = 1 << 20;
        const PrecisionPlan plan(precision(8, 8));
        const double weights = 3 * 8 * 9 + 2 * 8 * 8 * 9 + 80, in = 3 * 256, out = 10, map = 8 * 256;
        const auto dram = [&](const Options& options) {
            const CostBreakdown cost = estimated(graph, plan, target, options);
            double sum = 0;
            for (const LayerCost& l : cost.layers) sum += l.dram_bytes;
            if (sum != cost.dram_bytes) qFatal("%f in layers, %f in all", sum, cost.dram_bytes);
            return sum;
        };
        // l0, l1, l2 and the sum each write a map; l1, l2, sum (twice) and pool read one; 8 means go to fc.
        QCOMPARE(dram({}), weights + in + out + 9 * map + 2 * 8);
        QCOMPARE(dram({.keep_feature_maps = true}), weights + in + out);
        QCOMPARE(dram({.fuse_layers = true}), weights + in + out);
        QCOMPARE(dram({.keep_feature_maps = true, .fuse_layers = true}), weights + in + out);
        target.keeps_feature_maps = true;
        QCOMPARE(dram({}), weights + in + out);
        QCOMPARE(dram({.keep_feature_maps = false}), weights + in + out + 9 * map + 2 * 8);
        // The shortcut, l1's map and l2's are there at once, besides what a layer needs for itself.
        QVERIFY(estimated(graph, plan, target, {.batch = 4}).on_chip_bytes >= 4 * 3 * map);
        // A batch of 300 does not fit whole; strips of single images do.
        const double images = 300 * (in + out);
        QVERIFY(dram({.batch = 300}) > weights + images + 300 * map);
        QCOMPARE(dram({.batch = 300, .fuse_layers = true}), weights + images);
    }

    /// One image, the file's order: the shortcut, l1's map and l2's map; depth-first, line buffers.
    void peak_activation_memory() {
        const GraphPtr graph = residual_network(8, 16);
        HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        const PrecisionPlan plan(precision(8, 8));
        const double map = 8 * 256, row = 8 * 16;
        QCOMPARE(estimated(graph, plan, target, {}).peak_activation_bytes, 3 * map);
        QCOMPARE(estimated(graph, plan, target, {.reorder = true}).peak_activation_bytes, 3 * map);
        target.memory[1].bytes = 1 << 20;
        // Image, shortcut 3 rows, between 3, before the sum 1, the sum 1, 8 means; 10 results.
        QCOMPARE(estimated(graph, plan, target, {.fuse_layers = true}).peak_activation_bytes,
                 3 * 256 + 8 * row + 8 + 10);
    }

    void gains_are_differences() {
        const GraphPtr graph = residual_network(8, 16);
        HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        target.keeps_feature_maps = true;
        const PrecisionPlan plan(precision(8, 8));
        const CostBreakdown with = estimated(graph, plan, target, {.report_options = true});
        const CostBreakdown without = estimated(graph, plan, target, {.keep_feature_maps = false});
        QVERIFY(without.options.empty());
        QCOMPARE(with.options.size(), 3U);
        const OptionGain& keep = with.options[0];
        QVERIFY(keep.taken && !with.options[1].taken && !with.options[2].taken);
        QCOMPARE(keep.dram_bytes, with.dram_bytes - without.dram_bytes);
        QCOMPARE(keep.energy_j, with.energy_j - without.energy_j);
        QCOMPARE(keep.latency_s, with.latency_s - without.latency_s);
        QVERIFY(keep.dram_bytes < 0 && keep.energy_j < 0 && keep.latency_s <= 0);
        QVERIFY(with.options[1].peak_activation_bytes < 0);
    }

    /// Whatever the buffer: the objective never gets worse by staying, and more room never saves less;
    /// traffic neither where tiles cost no time, which with stationary weights are weighed against it.
    void staying_never_costs() {
        Rng rng(13);
        for (int trial = 0; trial < 60; ++trial) {
            const GraphPtr graph = residual_network(4 + static_cast<int64_t>(rng.below(24)),
                                                    6 + static_cast<int64_t>(rng.below(20)));
            const auto dataflow = static_cast<Dataflow>(rng.below(3));
            HardwareTarget target = square_target(8, dataflow);
            target.memory[1].bytes_per_cycle = 32;
            const bool tiles_cost = dataflow == Dataflow::weight_stationary;
            target.objective = rng.below(2) == 0 ? Objective::latency : Objective::energy;
            const bool for_energy = target.objective == Objective::energy;
            PrecisionPlan plan(precision(8, 8));
            for (const char* name : {"l0", "l1", "l2", "sum", "fc"})
                plan.set(name,
                         precision(2 + static_cast<int>(rng.below(7)), 2 + static_cast<int>(rng.below(7))));
            double before = std::numeric_limits<double>::infinity();
            for (int64_t bytes = 1024; bytes <= 1 << 18; bytes *= 4) {
                target.memory[1].bytes = bytes;
                const Options none{.batch = 2}, keep{.batch = 2, .keep_feature_maps = true},
                    fuse{.batch = 2, .fuse_layers = true},
                    both{.batch = 2, .keep_feature_maps = true, .fuse_layers = true};
                const CostBreakdown plain = estimated(graph, plan, target, none);
                for (const Options& options : {keep, fuse, both}) {
                    const CostBreakdown cost = estimated(graph, plan, target, options);
                    if (!tiles_cost) QVERIFY(cost.dram_bytes <= plain.dram_bytes);
                    QVERIFY(cost.on_chip_bytes <= static_cast<double>(bytes));
                    if (!tiles_cost || for_energy) QVERIFY(cost.energy_j <= plain.energy_j * (1 + 1e-12));
                    if (!tiles_cost || !for_energy) QVERIFY(cost.latency_s <= plain.latency_s);
                    QVERIFY(cost.peak_activation_bytes <= plain.peak_activation_bytes);
                }
                const double kept = estimated(graph, plan, target, keep).dram_bytes;
                if (!tiles_cost) QVERIFY(kept <= before);
                before = kept;
            }
        }
    }

    /// A product of two activations takes its right operand from DRAM, as weights: that map goes there.
    void right_operands_do_not_stay() {
        Net net({1, 8, 8});
        net.add(Op::relu, "left");
        const ValueId left = net.last();
        net.add(Op::sigmoid, "right");
        const ValueId right = net.last();
        const GraphPtr graph = net.from(left).add(Op::matmul, "product", {}, {right}).build();
        HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        const Options keep{.keep_feature_maps = true};
        const CostBreakdown cost = estimated(graph, PrecisionPlan(precision(8, 8)), target, keep);
        QCOMPARE(layer(cost, "right").dram_bytes, 64.0);
        QCOMPARE(layer(cost, "left").dram_bytes, 64.0);        // reads the input
        QCOMPARE(layer(cost, "product").dram_bytes, 2 * 64.0); // right operand and result
    }
};

QTEST_APPLESS_MAIN(ResidencyEstimates)
#include "tst_residency_estimates.moc"
