// The whole model on networks small enough to work out by hand.
#include "core/cost/technology.h"
#include "tests/core/cost/small_networks.h"

#include <cmath>

using namespace widthwise;
using namespace widthwise::test;

namespace {

void compare(double ours, double expected) {
    if (std::abs(ours - expected) > 1e-6 * std::abs(expected)) qFatal("%.9g instead of %.9g", ours, expected);
}

/// 1 x 1 convolution of 2 channels to 3 over 2 x 2 pixels, and a 2 x 2 array at 45 nm and 0.9 V.
GraphPtr tiny_network() {
    return Net({1, 2, 2, 2}).conv("conv", 3, 1).build();
}

HardwareTarget tiny_target(Dataflow dataflow) {
    HardwareTarget target = square_target(2, dataflow);
    target.name = "tiny";
    target.clock_hz = 1e6;
    target.static_power_w = 1e-3;
    target.memory = {{"DRAM", std::nullopt, 1.0, 10.0, 20.0}, {"buffer", 1024, std::nullopt, 0.1, 0.2}};
    return target;
}

constexpr double k_noc_pj = 2 * (0.002994791667 * 256 + 0.001041666667 * 16 + 0.1) / 16;

/// Of one result: a 32-bit multiplication and two additions.
constexpr double k_requantization_pj = 0.002994791667 * 1024 + 0.001041666667 * 32 + 2 * 0.1;

double register_pj() {
    return 0.009 * cost::energy_scale(45, 0.9, 40, 0.9);
}

} // namespace

class CostModel : public QObject {
    Q_OBJECT
private slots:
    /// ws: K = 2 and N = 3 on 2 x 2: 1 x 2 folds of M = 4; L = 4 + 2*2 + 2 - 2 = 8 cycles; 24 MACs.
    void every_component_by_hand() {
        const CostBreakdown cost =
            cost_of(tiny_network(), PrecisionPlan(precision(8, 8)), tiny_target(Dataflow::weight_stationary));
        QCOMPARE(cost.layers.size(), 1U);
        const LayerCost& l = cost.layers[0];
        QCOMPARE(l.macs, 24);
        QCOMPARE(l.compute_cycles, 2 * 8 - 1);
        // DRAM: 8 inputs, 6 weights, 12 outputs of 8 bits, each once.
        compare(l.dram_bytes, 26);
        compare(l.energy.dram_j, ((8 + 6) * 8 * 10.0 + 12 * 8 * 20.0) * 1e-12);
        // Array side: inputs 4*2*2 = 16 reads, weights 6, results 12 writes; outer side: 14 bytes in, 12 out.
        compare(l.buffer_bytes, 16 + 6 + 12 + 26);
        compare(l.energy.buffer_j, ((16 + 6 + 12) * 8 * 0.1 + (12 + 14) * 8 * 0.2) * 1e-12);
        compare(l.energy.noc_j, (16 + 6 + 12) * 8 * k_noc_pj * 1e-12);
        // 24 MACs; each of 12 results is scaled, rounded and clipped at 32 bits.
        compare(l.energy.compute_j, (24 * (0.2 + 0.1) + 12 * k_requantization_pj) * 1e-12);
        // Per MAC the input (8 bits) moves on and the sum (32) is written; 6 weights are loaded.
        compare(l.energy.registers_j, (24 * (8 + 32) + 6 * 8) * register_pj() * 1e-12);
        // 26 bytes at 1 byte per cycle take longer than 15 cycles.
        QCOMPARE(l.cycles, 26);
        QVERIFY(l.bound == Bound::memory);
        compare(l.latency_s, 26e-6);
        compare(l.energy.static_j, 26e-9);
        compare(l.utilization, 24.0 / (26 * 4));
        QCOMPARE(QString::fromStdString(l.mapping), QStringLiteral("ws: 1 x 2 folds of 2x2, T = 4"));

        compare(cost.energy_j, l.energy.total_j());
        compare(cost.power_w, cost.energy_j / 26e-6);
        compare(cost.throughput_ips, 1 / 26e-6);
        compare(cost.weight_bytes, 6);
        compare(cost.model_bytes, 6 + 3 * 4 + 2 * 4); // 3 weight scales, activation scale and zero point
        compare(cost.bops, 24 * 64);
        compare(cost.area.at("mac"),
                (2 * (25.6197 * 8 + 0.758269 * 64) + 4 * (23.5717 * 8 + 4.35691 * 64)) * 1e-6);
        compare(cost.area.at("registers"), 4 * 16 * (5.98 * cost::area_scale(45, 40) + 137.0 / 32) * 1e-6);
        compare(cost.area.at("buffer"),
                1498.98 * std::pow(1024.0 / 128, std::log(108577 / 1498.98) / std::log(128.0)) * 1e-6);
        compare(cost.area_mm2, cost.area.at("mac") + cost.area.at("registers") + cost.area.at("buffer"));
    }

    /// w4a8: half the partial products, on the drivers of an 8 x 8 unit; half the weight bits everywhere.
    void narrow_weights_by_hand() {
        const CostBreakdown cost =
            cost_of(tiny_network(), PrecisionPlan(precision(4, 8)), tiny_target(Dataflow::weight_stationary));
        const LayerCost& l = cost.layers[0];
        compare(l.energy.compute_j,
                (24 * (0.002994791667 * 32 + 0.001041666667 * 8 + 0.1) + 12 * k_requantization_pj) * 1e-12);
        compare(l.energy.registers_j, (24 * (8 + 32) + 6 * 4) * register_pj() * 1e-12);
        compare(l.dram_bytes, 8 + 3 + 12);
        compare(l.buffer_bytes, 16 + 3 + 12 + 23);
        compare(cost.area_mm2, cost_of(tiny_network(), PrecisionPlan(precision(8, 8)),
                                       tiny_target(Dataflow::weight_stationary))
                                   .area_mm2);
        compare(cost.bops, 24 * 32);
    }

    /// os: M = 4, N = 3: 2 x 2 folds of K = 2, L = 2 + 2 + 2 - 2; inputs 2*4*2 reads, weights 2*3*2,
    /// results 12. is: K = 2, M = 4: 1 x 2 folds of N = 3, L = 3 + 4 + 2 - 2; inputs 8, weights 3*2*2,
    /// results 3*4.
    void other_dataflows_by_hand() {
        const PrecisionPlan plan(precision(4, 8));
        const LayerCost os =
            cost_of(tiny_network(), plan, tiny_target(Dataflow::output_stationary)).layers[0];
        QCOMPARE(os.compute_cycles, 4 * 4 - 1);
        compare(os.buffer_bytes, 16 + 12 * 0.5 + 12 + 23);
        compare(os.energy.registers_j, 24 * (4 + 8 + 32) * register_pj() * 1e-12);
        const LayerCost is = cost_of(tiny_network(), plan, tiny_target(Dataflow::input_stationary)).layers[0];
        QCOMPARE(is.compute_cycles, 2 * 7 - 1);
        compare(is.buffer_bytes, 8 + 12 * 0.5 + 12 + 23);
        compare(is.energy.registers_j, (24 * (4 + 32) + 8 * 8) * register_pj() * 1e-12);
        // All three wait for the same 23 bytes; output-stationary spends least? Whatever it is, `best` finds
        // it.
        const LayerCost ws =
            cost_of(tiny_network(), plan, tiny_target(Dataflow::weight_stationary)).layers[0];
        const LayerCost best = cost_of(tiny_network(), plan, tiny_target(Dataflow::best)).layers[0];
        QCOMPARE(best.cycles, 23);
        compare(best.energy.total_j(),
                std::min({os.energy.total_j(), is.energy.total_j(), ws.energy.total_j()}));
    }

    void best_prefers_fewer_cycles() {
        const GraphPtr graph = Net({1, 64, 1, 1}).conv("conv", 8, 1).build(); // one pixel
        HardwareTarget target = square_target(8, Dataflow::best);
        target.memory[0].bytes_per_cycle.reset();
        const PrecisionPlan plan(precision(8, 8));
        int64_t least = std::numeric_limits<int64_t>::max();
        for (const Dataflow d :
             {Dataflow::weight_stationary, Dataflow::output_stationary, Dataflow::input_stationary}) {
            HardwareTarget one = target;
            one.dataflow = d;
            least = std::min(least, cost_of(graph, plan, one).layers[0].cycles);
        }
        QCOMPARE(cost_of(graph, plan, target).layers[0].cycles, least);
        QCOMPARE(least, 77); // os: 1 x 1 fold, 64 + 8 + 8 - 2 - 1
    }

    void batch_multiplies_pixels() {
        const HardwareTarget target = tiny_target(Dataflow::weight_stationary);
        const LayerCost l = cost_of(tiny_network(), PrecisionPlan(precision(8, 8)), target, 5).layers[0];
        QCOMPARE(l.macs, 120);
        QCOMPARE(l.compute_cycles, 2 * (20 + 4) - 1);
        compare(l.dram_bytes, 5 * 8 + 6 + 5 * 12); // weights once for the whole batch
    }

    void groups_run_one_after_another() {
        const GraphPtr graph = Net({1, 6, 8, 8}).conv("depthwise", 6, 3, 1, 6).build();
        const CostBreakdown cost =
            cost_of(graph, PrecisionPlan(precision(8, 8)), square_target(4, Dataflow::weight_stationary));
        // Per group K = 9, N = 1, M = 64: 3 x 1 folds of 64 + 8 + 4 - 2.
        QCOMPARE(cost.layers[0].compute_cycles, 6 * 3 * 74 - 1);
        QCOMPARE(cost.layers[0].macs, 6 * 9 * 64);
        QVERIFY(cost.layers[0].mapping.find("6 groups in turn") != std::string::npos);
        compare(cost.weight_bytes, 54);
    }

    void what_rides_along_is_free_and_says_where() {
        Net net({1, 3, 8, 8});
        net.conv("c1", 4, 3).batch_norm("bn1").add(Op::relu, "r1");
        const ValueId shortcut = net.last();
        net.conv("c2", 4, 3).batch_norm("bn2").add(Op::add, "sum", {}, {shortcut}).add(Op::relu, "r2");
        const GraphPtr graph = net.build();
        const CostBreakdown cost =
            cost_of(graph, PrecisionPlan(precision(8, 8)), square_target(8, Dataflow::weight_stationary));
        for (const auto& [rider, head] :
             {std::pair{"bn1", "c1"}, {"r1", "c1"}, {"bn2", "c2"}, {"r2", "sum"}}) {
            QCOMPARE(layer(cost, rider).mapping, std::string("fused into ") + head);
            QCOMPARE(layer(cost, rider).energy.total_j(), 0.0);
            QCOMPARE(layer(cost, rider).cycles, 0);
        }
        const LayerCost& sum = layer(cost, "sum"); // reads two maps of 4*64 bytes, writes one
        compare(sum.dram_bytes, 3 * 256);
        QCOMPARE(sum.compute_cycles, 256 / 8);
        compare(sum.energy.compute_j, 256 * 0.003125 * 8 * 1e-12);
        QVERIFY(sum.energy.dram_j > 0 && sum.energy.buffer_j > 0);
        // Weights, two biases that BatchNormalization left, 4 scales each, and scale and zero point of four
        // tensors read.
        compare(cost.model_bytes, (4 * 27 + 4 * 36) + 2 * 16 + 2 * 16 + 4 * 8);
    }

    void what_others_also_read_cannot_ride_along() {
        Net net({1, 3, 8, 8});
        net.conv("c1", 4, 3);
        const ValueId before = net.last();
        net.add(Op::relu, "r1").add(Op::add, "sum", {}, {before});
        const CostBreakdown cost = cost_of(net.build(), PrecisionPlan(precision(8, 8)),
                                           square_target(8, Dataflow::weight_stationary));
        QVERIFY(layer(cost, "r1").energy.total_j() > 0);
        QVERIFY(layer(cost, "r1").mapping.starts_with("vector unit"));
    }

    /// A constant added to a fully connected layer's result is its bias; normalization after relu is not
    /// folded away.
    void bias_after_gemm_and_late_normalization() {
        Net net({1, 3, 4, 4});
        net.conv("c1", 4, 1).add(Op::relu, "r1").batch_norm("late").add(Op::global_average_pool, "pool");
        net.add(Op::reshape, "flat", ReshapeAttributes{{1, 4}}).gemm("fc", 10);
        const ValueId bias = net.zeros({10});
        net.add(Op::add, "bias", {}, {bias});
        const CostBreakdown cost = cost_of(net.build(), PrecisionPlan(precision(8, 8)),
                                           square_target(4, Dataflow::weight_stationary));
        QCOMPARE(layer(cost, "bias").mapping, std::string("fused into fc"));
        QVERIFY(layer(cost, "late").energy.compute_j > 0);
        QCOMPARE(layer(cost, "late").mapping, std::string("vector unit: 128 operations"));
        QCOMPARE(layer(cost, "pool").mapping, std::string("vector unit: 64 operations"));
        QCOMPARE(layer(cost, "flat").mapping, std::string("no data moves"));
        QCOMPARE(layer(cost, "flat").energy.total_j(), 0.0);
        // c1 12 + fc 40 weights; fc's bias 10; scale and shift of `late` 2 * 4; weight scales 4 + 10; c1,
        // pool, fc read 8 bits.
        compare(cost.model_bytes, 52 + 40 + 32 + 56 + 3 * 8);
    }

    /// A tensor is stored as wide as its widest reader needs; each multiplier sees its own width.
    void storage_follows_the_readers() {
        Net net({1, 8, 4, 4});
        net.conv("first", 8, 1).add(Op::relu, "relu");
        const ValueId shared = net.last();
        net.conv("narrow", 8, 1);
        const ValueId narrow = net.last();
        net.from(shared).conv("wide", 8, 1).add(Op::add, "sum", {}, {narrow});
        const GraphPtr graph = net.build();
        PrecisionPlan plan(precision(8, 8));
        plan.set("narrow", precision(8, 4));
        plan.set("wide", precision(8, 6));
        const HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        const CostBreakdown cost = cost_of(graph, plan, target);
        compare(layer(cost, "first").dram_bytes, 128 + 64 + 128 * 6 / 8.0);
        compare(layer(cost, "narrow").dram_bytes, 128 * 6 / 8.0 + 64 + 128);
        compare(layer(cost, "narrow").energy.compute_j,
                (8 * 128 * (0.002994791667 * 32 + 0.001041666667 * 8 + 0.1) + 128 * k_requantization_pj) *
                    1e-12);
    }

    void float_layers_are_fp32_and_say_so() {
        const HardwareTarget target = tiny_target(Dataflow::weight_stationary);
        const CostBreakdown cost = cost_of(tiny_network(), PrecisionPlan(), target);
        const LayerCost& l = cost.layers[0];
        QCOMPARE(l.weight_bits, 32);
        QCOMPARE(l.activation_bits, 32);
        compare(l.energy.compute_j, 24 * (3.7 + 0.9) * 1e-12);
        compare(l.dram_bytes, 4 * 26);
        compare(cost.bops, 24 * 1024);
        compare(cost.model_bytes, 24);
        QVERIFY(l.mapping.find("fp32 units assumed") != std::string::npos);
        HardwareTarget free = target;
        free.sizing = Sizing::to_design;
        QVERIFY(cost_of(tiny_network(), PrecisionPlan(), free).area.at("mac") > 4 * 0.011);
    }

    void a_fixed_chip_refuses_what_its_macs_cannot_take() {
        HardwareTarget target = tiny_target(Dataflow::weight_stationary);
        target.mac.weight_bits = 4;
        const auto refused = cost::estimate(*tiny_network(), PrecisionPlan(precision(8, 8)), target);
        QVERIFY(!refused);
        QVERIFY(refused.error().code == ErrorCode::invalid_input);
        QVERIFY(refused.error().to_line().find("'conv'") != std::string::npos);
        QVERIFY(cost::estimate(*tiny_network(), PrecisionPlan(precision(4, 8)), target).has_value());
        target.sizing = Sizing::to_design;
        QVERIFY(cost::estimate(*tiny_network(), PrecisionPlan(precision(8, 8)), target).has_value());
    }

    void to_design_shrinks_with_the_widest_layer() {
        Net net({1, 8, 4, 4});
        const GraphPtr graph = net.conv("a", 8, 1).conv("b", 8, 1).build();
        HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        target.sizing = Sizing::to_design;
        PrecisionPlan mixed(precision(4, 4));
        mixed.set("a", precision(8, 4));
        const double wide = cost_of(graph, PrecisionPlan(precision(8, 8)), target).area_mm2;
        const double middle = cost_of(graph, mixed, target).area_mm2;
        const double narrow = cost_of(graph, PrecisionPlan(precision(4, 4)), target).area_mm2;
        QVERIFY(narrow < middle && middle < wide);
        // 4 x 4 bits over a window of 8: 8 + 3 bits of accumulator, 3 more than the element's own.
        compare(cost_of(graph, PrecisionPlan(precision(4, 4)), target).area.at("mac"),
                (8 * (25.6197 * 4 + 0.758269 * 16) + 64 * (23.5717 * 4 + 4.35691 * 16)) * 1e-6);
        compare(cost_of(graph, PrecisionPlan(precision(4, 4)), target).area.at("registers"),
                64 * 3 * (5.98 * cost::area_scale(45, 40) + 137.0 / 32) * 1e-6);
    }

    void weights_and_activations_are_not_the_same_bits() {
        const GraphPtr graph = Net({1, 16, 16, 16}).conv("conv", 16, 3).conv("conv2", 16, 3).build();
        const HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        const CostBreakdown w4a8 = cost_of(graph, PrecisionPlan(precision(4, 8)), target);
        const CostBreakdown w8a4 = cost_of(graph, PrecisionPlan(precision(8, 4)), target);
        const CostBreakdown w8a8 = cost_of(graph, PrecisionPlan(precision(8, 8)), target);
        QVERIFY(w4a8.energy_j < w8a8.energy_j && w8a4.energy_j < w8a8.energy_j);
        compare(w4a8.layers[0].energy.compute_j, w8a4.layers[0].energy.compute_j);
        QVERIFY(w4a8.layers[0].energy.registers_j > w8a4.layers[0].energy.registers_j);
        QVERIFY(w4a8.weight_bytes < w8a4.weight_bytes);
        QVERIFY(w4a8.dram_bytes > w8a4.dram_bytes); // more activations than weights here
    }

    void three_levels_filter_traffic() {
        const GraphPtr graph = Net({1, 32, 32, 32}).conv("conv", 64, 3).build();
        HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        target.memory[1].bytes = 8192;
        const PrecisionPlan plan(precision(8, 8));
        const CostBreakdown two = cost_of(graph, plan, target);
        target.memory.insert(target.memory.begin() + 1,
                             {"L2", 1 << 20, std::nullopt, std::nullopt, std::nullopt});
        const CostBreakdown three = cost_of(graph, plan, target);
        QVERIFY(three.dram_bytes < two.dram_bytes);
        compare(three.dram_bytes, 32 * 1024 + 64 * 288 + 64 * 1024);
        QVERIFY(three.layers[0].buffer_bytes > two.layers[0].buffer_bytes);
        QVERIFY(three.area.at("L2") > three.area.at("buffer"));
    }

    void bad_requests() {
        HardwareTarget target = tiny_target(Dataflow::weight_stationary);
        const GraphPtr graph = tiny_network();
        QVERIFY(!cost::estimate(*graph, {}, target, {0}));
        QVERIFY(!cost::estimate(*graph, {}, target, {-3}));
        const auto huge = cost::estimate(*graph, {}, target, {std::numeric_limits<int64_t>::max()});
        QVERIFY(!huge);
        QVERIFY(huge.error().to_line().find("'conv'") != std::string::npos);
        target.memory.resize(1);
        QVERIFY(!cost::estimate(*graph, {}, target));
    }
};

QTEST_APPLESS_MAIN(CostModel)
#include "tst_cost_model.moc"
