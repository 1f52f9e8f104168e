// Dataflow designs on FPGAs: one worked out by hand, the laws that any must keep, what does not fit.
#include "core/cost/fpga_machine.h"
#include "core/graph/zoo.h"
#include "tests/core/cost/fpga_fixture.h"

#include <algorithm>
#include <cmath>

using namespace widthwise;
using namespace widthwise::cost;
using namespace widthwise::test;

namespace {

GraphPtr zoo_graph(const char* name) {
    return take(zoo::build(name, zoo::Weights::zero));
}

} // namespace

class FpgaMachineTest : public QObject {
    Q_OBJECT
private slots:
    /// 64 x 32 weights of four bits, an image every 64 cycles: the smallest folding has 2048 / 64 = 32
    /// products a cycle; of PE x SIMD = 32 all need as many DSPs and 4 x 8 the fewest LUTs.
    ///   product    300 + 1.1 x 4 (8 x 3 x 8 + 8 x 15 + 15)    = 1738.8
    ///   activation one output a cycle, 1.1 (11 x 31 + 31 + 32) = 444.4 (thresholds: 1980)
    ///   FIFO       2 x 5 + 4 x 4 / 2                            = 18
    ///   weights    128 bits, 64 words                           = 128
    void worked_by_hand() {
        HardwareTarget target = zynq();
        target.fpga->dsps = 0;
        target.fpga->target_fps = 100e6 / 64;
        const CostBreakdown cost = cost_of(dense(64, {32}), PrecisionPlan(precision(4, 4)), target);
        const LayerCost& fc = layer(cost, "fc0");
        QCOMPARE(fc.pe, int64_t{4});
        QCOMPARE(fc.simd, int64_t{8});
        QCOMPARE(fc.cycles, int64_t{64});
        QCOMPARE(fc.resources->luts, std::ceil(1738.8 + 444.4 + 18 + 128));
        QCOMPARE(fc.resources->bram18, 0.0);
        QCOMPARE(fc.resources->dsps, 0.0);
        QCOMPARE(QString::fromStdString(fc.mapping),
                 "PE 4, SIMD 8: 64 x 32, 64 cycles; weights in LUTs; LUTs multiply");
        QCOMPARE(cost.throughput_ips, 100e6 / 64);
        QCOMPARE(cost.latency_s, 64e-8);
        QCOMPARE(cost.dram_bytes, (64 + 32) * 4 / 8.0);
        QCOMPARE(cost.utilization, 1.0);
        QVERIFY(std::abs(fc.energy.compute_j - fc.resources->luts * 0.35e-12 * 64) < 1e-18);
        QVERIFY(std::abs(cost.power_w - cost.energy_j / 64e-8) < 1e-9);
        QVERIFY(std::isnan(cost.area_mm2));
    }

    /// A fully connected layer waits for all of its input; a batch fills the pipeline.
    void latency_is_that_of_the_pipeline() {
        HardwareTarget target = zynq();
        target.fpga->target_fps = 1e4;
        const GraphPtr graph = dense(64, {32, 16});
        const PrecisionPlan plan(precision(4, 4));
        const CostBreakdown one = cost_of(graph, plan, target), three = cost_of(graph, plan, target, 3);
        const double first = one.layers[0].latency_s, second = one.layers[1].latency_s;
        QCOMPARE(one.latency_s, first + second);
        QCOMPARE(one.throughput_ips, 1 / std::max(first, second));
        QVERIFY(std::abs(three.latency_s - (first + second + 2 * std::max(first, second))) < 1e-12);
        QVERIFY(std::abs(three.throughput_ips / one.throughput_ips - 1) < 1e-12);
        QCOMPARE(three.layers[0].pe, one.layers[0].pe);
        QVERIFY(std::abs(three.energy_j / one.energy_j - 3) < 1e-9);
    }

    /// A convolution starts when its first window is there: 2 rows and 3 pixels of 8 x 8.
    void windows_overlap() {
        Net net({1, 4, 8, 8});
        net.conv("a", 8, 3).conv("b", 8, 3);
        HardwareTarget target = zynq();
        target.fpga->target_fps = 2e4;
        const CostBreakdown cost = cost_of(net.build(), PrecisionPlan(precision(4, 4)), target);
        const double a = cost.layers[0].latency_s, b = cost.layers[1].latency_s;
        QVERIFY(std::abs(cost.latency_s - std::max(a, 19.0 / 64 * a + b)) < 1e-12);
    }

    void totals_are_sums() {
        for (const char* name : {"cnv", "resnet8", "mobilenet-v1"}) {
            HardwareTarget target = zynq();
            target.fpga->luts = 4e5;
            target.fpga->urams = 64;
            const CostBreakdown cost = cost_of(zoo_graph(name), PrecisionPlan(precision(4, 4)), target, 2);
            FpgaResources sum;
            double energy = 0, slowest = 0;
            for (const LayerCost& l : cost.layers) {
                energy += l.energy.total_j();
                slowest = std::max(slowest, l.latency_s);
                if (!l.resources) continue;
                QVERIFY(l.resources->luts >= 300);
                sum.luts += l.resources->luts;
                sum.dsps += l.resources->dsps;
                sum.bram18 += l.resources->bram18;
                sum.urams += l.resources->urams;
                if (l.pe == 0) continue;
                QCOMPARE(l.macs, static_cast<int64_t>(std::llround(2.0 * static_cast<double>(l.macs / 2))));
                QVERIFY(static_cast<double>(l.pe * l.simd) * static_cast<double>(l.cycles) >=
                        static_cast<double>(l.macs));
            }
            QCOMPARE(cost.resources->luts, sum.luts);
            QVERIFY(std::abs(cost.resources->dsps - sum.dsps) <= 1);
            QCOMPARE(cost.resources->bram18, sum.bram18);
            QCOMPARE(cost.resources->urams, sum.urams);
            QVERIFY(std::abs(cost.energy_j / energy - 1) < 1e-12);
            QVERIFY(cost.resources->luts <= cost.available->luts);
            QVERIFY(cost.resources->bram18 <= cost.available->bram18);
            QVERIFY(cost.throughput_ips <= 2 / slowest * (1 + 1e-12));
            QVERIFY(cost.utilization > 0 && cost.utilization <= 1);
        }
    }

    /// In a dataflow design only inputs and outputs cross to DRAM.
    void feature_maps_stay() {
        const CostBreakdown cost = cost_of(zoo_graph("resnet8"), PrecisionPlan(precision(4, 4)), zynq());
        QCOMPARE(cost.dram_bytes, (3 * 32 * 32 + 10) * 4 / 8.0);
    }

    void more_of_a_resource_is_never_slower() {
        const GraphPtr graph = zoo_graph("resnet8");
        for (const int bits : {1, 4, 8, 16})
            for (const int which : {0, 1, 2, 3, 4}) {
                double last = 0;
                for (const double factor : {0.7, 0.8, 0.9, 1.0, 1.1, 1.3, 1.7, 2.0, 3.0, 5.0}) {
                    HardwareTarget target = zynq();
                    target.fpga->reconfigure_s = 0.003;
                    target.fpga->urams = 8;
                    if (which == 0) target.fpga->luts *= factor;
                    if (which == 1) target.fpga->bram18 = std::floor(100 * factor);
                    if (which == 2) target.fpga->urams = std::floor(target.fpga->urams * factor);
                    if (which == 3) target.fpga->dsps = std::floor(target.fpga->dsps * factor);
                    if (which == 4) target.memory[0].bytes_per_cycle = 21 * factor;
                    const CostBreakdown cost = cost_of(graph, PrecisionPlan(precision(bits, bits)), target);
                    QVERIFY2(cost.throughput_ips >= last * (1 - 1e-12),
                             qPrintable(QString("%1 bits, resource %2").arg(bits).arg(which)));
                    last = cost.throughput_ips;
                }
            }
    }

    void what_is_short_is_said() {
        HardwareTarget target = zynq();
        target.fpga->luts = 2000;
        const std::string luts = refusal(zoo_graph("cnv"), 4, target);
        QVERIFY2(luts.find("does not fit: ") != std::string::npos, luts.c_str());
        QVERIFY2(luts.find(" LUTs needed, 2000 may be filled, ") != std::string::npos, luts.c_str());
        QVERIFY2(luts.find(" short; most are for layer 'conv") != std::string::npos, luts.c_str());
        QVERIFY2(luts.find("reconfigure_s") != std::string::npos, luts.c_str());
        target = zynq();
        target.fpga->bram18 = 3;
        const std::string bram = refusal(zoo_graph("vgg16"), 8, target);
        QVERIFY2(bram.find(" BRAM18 needed, 3.000 may be filled") != std::string::npos ||
                     bram.find(" BRAM18 needed, 3 may be filled") != std::string::npos,
                 bram.c_str());
        target = zynq();
        target.fpga.reset();
        QVERIFY(refusal(zoo_graph("cnv"), 4, target).find("\"fpga\"") != std::string::npos);
    }

    void a_throughput_is_met_or_refused() {
        HardwareTarget target = zynq();
        const GraphPtr graph = zoo_graph("cnv");
        const PrecisionPlan plan(precision(1, 1));
        double last = 0;
        for (const double fps : {30.0, 300.0, 868.0, 3052.0}) {
            target.fpga->target_fps = fps;
            const CostBreakdown cost = cost_of(graph, plan, target);
            QVERIFY(cost.throughput_ips >= fps);
            QVERIFY(cost.resources->luts >= last); // no more than is needed
            last = cost.resources->luts;
        }
        // CNV-w1a1 at this rate has 26,072 LUTs after synthesis (Xilinx/BNN-PYNQ@d84f6e88, its own folding).
        QVERIFY2(last > 0.6 * 26072 && last < 1.2 * 26072, qPrintable(QString::number(last)));
        target.fpga->target_fps = 90000;
        const std::string much = refusal(graph, 1, target);
        QVERIFY2(much.find("does not fit") != std::string::npos, much.c_str());
        QVERIFY2(much.find("lower \"target_fps\"") != std::string::npos, much.c_str());
        target.fpga->target_fps = 1e7;
        QVERIFY(refusal(graph, 1, target).find("fully unfolded") != std::string::npos);
    }

    /// Without memory for them, weights come from DRAM again for every vector: those of the fully connected
    /// layers first.
    void weights_are_streamed() {
        HardwareTarget target = zynq();
        target.fpga->bram18 = 20;
        const CostBreakdown cost = cost_of(zoo_graph("lenet5"), PrecisionPlan(precision(8, 8)), target);
        double streamed = 0;
        for (const LayerCost& l : cost.layers)
            if (l.mapping.find("streamed from DDR3") != std::string::npos ||
                l.mapping.find("streamed from DRAM") != std::string::npos) {
                QVERIFY(l.layer.find("fc") != std::string::npos || l.macs < 100000);
                streamed += l.dram_bytes;
            }
        QVERIFY(streamed > 0);
        target.fpga->bram18 = 280;
        const CostBreakdown kept = cost_of(zoo_graph("lenet5"), PrecisionPlan(precision(8, 8)), target);
        QVERIFY(kept.dram_bytes < cost.dram_bytes);
        // Slower DRAM, slower design.
        target.fpga->bram18 = 20;
        target.memory[0].bytes_per_cycle = 0.5;
        const CostBreakdown slow = cost_of(zoo_graph("lenet5"), PrecisionPlan(precision(8, 8)), target);
        QVERIFY(slow.throughput_ips < cost.throughput_ips);
        QVERIFY(slow.dram_bytes_per_s <= *slow.dram_peak_bytes_per_s * (1 + 1e-9));
    }

    /// ResNet-50 does not fit on a Zynq 7020; loaded piece by piece it runs, and a batch pays for the loading
    /// once.
    void large_networks_are_loaded_piece_by_piece() {
        HardwareTarget target = zynq();
        target.fpga->luts *= 0.6;
        const GraphPtr graph = zoo_graph("resnet50");
        QVERIFY(refusal(graph, 8, target).find("does not fit") != std::string::npos);
        target.fpga->reconfigure_s = 0.03;
        const PrecisionPlan plan(precision(8, 8));
        const CostBreakdown one = cost_of(graph, plan, target), many = cost_of(graph, plan, target, 16);
        QVERIFY(one.latency_s > 2 * 0.03);
        QVERIFY(many.throughput_ips > one.throughput_ips);
        QCOMPARE(one.throughput_ips, 1 / one.latency_s);
        QVERIFY(layer(one, "conv1/conv").mapping.find("; configuration 1 of ") != std::string::npos ||
                one.layers.front().mapping.find("; configuration 1 of ") != std::string::npos);
        double statics = 0;
        for (const LayerCost& l : one.layers) statics += l.energy.static_j;
        QVERIFY(std::abs(statics / one.latency_s - 1) < 1e-9); // 1 W
        QVERIFY(one.resources->luts <= one.available->luts);
    }

    void floats_take_more() {
        HardwareTarget target = zynq();
        target.fpga->target_fps = 100;
        const GraphPtr graph = zoo_graph("lenet5");
        const CostBreakdown f32 = cost_of(graph, PrecisionPlan(precision(32, 32)), target);
        const CostBreakdown w16 = cost_of(graph, PrecisionPlan(precision(16, 16)), target);
        QVERIFY(f32.resources->luts > 0);
        QVERIFY(f32.resources->bram18 > w16.resources->bram18);
        QVERIFY(f32.throughput_ips >= 100);
    }

    void more_weights_than_memory_and_no_bandwidth() {
        HardwareTarget target = zynq();
        target.memory[0].bytes_per_cycle.reset(); // unbounded
        const CostBreakdown cost =
            cost_of(zoo_graph("mobilenet-v1@width=0.5"), PrecisionPlan(precision(8, 8)), target);
        for (const LayerCost& l : cost.layers) QCOMPARE(l.bound, Bound::compute);
    }

    /// A layer that is too large even alone is refused, however many configurations there may be.
    void one_layer_is_too_large() {
        HardwareTarget target = zynq();
        target.fpga->reconfigure_s = 0.03;
        target.fpga->luts = 700;
        const std::string refused = refusal(zoo_graph("cnv"), 4, target);
        QVERIFY2(refused.find("does not fit") != std::string::npos, refused.c_str());
        QVERIFY2(refused.find("reconfigure_s") == std::string::npos, refused.c_str());
    }

    void networks_without_products() {
        Net net({1, 8, 16, 16});
        net.add(Op::max_pool, "pool", PoolAttributes{{2, 2}, {2, 2}, {}, false, false});
        const CostBreakdown cost = cost_of(net.build(), PrecisionPlan(precision(8, 8)), zynq());
        QVERIFY(cost.layers[0].resources->luts >= 300);
        QCOMPARE(cost.resources->luts, cost.layers[0].resources->luts);
        QVERIFY(cost.throughput_ips > 0);
        QCOMPARE(cost.utilization, 0.0);
        const CostBreakdown idle =
            cost_of(Net({1, 8}).add(Op::reshape, "r", ReshapeAttributes{{1, 8}}).build(),
                    PrecisionPlan(precision(8, 8)), zynq());
        QCOMPARE(idle.resources->luts, 0.0);
        QCOMPARE(idle.energy_j, 0.0);
    }

    /// Both operands of a product of activations are each image's own: a batch does not change the unit.
    void products_of_activations() {
        Net net({2, 16, 16});
        const ValueId x = net.last();
        const GraphPtr graph = net.add(Op::matmul, "product", {}, {x}).build();
        const PrecisionPlan plan(precision(8, 8));
        const CostBreakdown one = cost_of(graph, plan, zynq()), four = cost_of(graph, plan, zynq(), 4);
        QCOMPARE(four.layers[0].pe, one.layers[0].pe);
        QCOMPARE(four.layers[0].simd, one.layers[0].simd);
        QCOMPARE(four.layers[0].macs, 4 * one.layers[0].macs);
        QCOMPARE(four.layers[0].cycles, 4 * one.layers[0].cycles);
        QVERIFY(std::abs(four.throughput_ips / one.throughput_ips - 1) < 1e-9);
    }

    void mappings_cannot_be_given() {
        Options options;
        options.mappings["fc0"] = Mapping();
        const auto cost = estimate(*dense(64, {32}), PrecisionPlan(precision(4, 4)), zynq(), options);
        QVERIFY(!cost);
        QCOMPARE(cost.error().code, ErrorCode::unsupported);
        QVERIFY(cost.error().where.find("fc0") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(FpgaMachineTest)
#include "tst_fpga_machine.moc"
