// TPU v1: what its Unified Buffer does.
#include "tests/core/cost/small_networks.h"

#include <cmath>

using namespace widthwise;
using namespace widthwise::test;

namespace {

HardwareTarget tpu() {
    return take(cost::load_target("tpu-v1"));
}

} // namespace

class Tpu : public QObject {
    Q_OBJECT
private slots:
    /// 2000 x 2000 weights at 34 GB/s are 118 us; 200 images of 8 x 8 folds at 700 MHz are 88 us.
    void fully_connected_layers_wait_for_weights() {
        Net net({1, 2000});
        const GraphPtr graph = net.gemm("f0", 2000).gemm("f1", 2000).gemm("f2", 2000).build();
        const CostBreakdown cost = cost_of(graph, PrecisionPlan(precision(8, 8)), tpu(), 200);
        const LayerCost& inner = layer(cost, "f1");
        QCOMPARE(inner.compute_cycles, 64 * (200 + 2 * 256 + 256 - 2) - 1);
        QCOMPARE(inner.dram_bytes, 4e6); // its maps stay in the buffer
        QVERIFY(std::abs(inner.latency_s - 4e6 / 34e9) < 2e-9);
        QVERIFY(inner.bound == Bound::memory);
        QCOMPARE(layer(cost, "f0").dram_bytes, 4e6 + 200 * 2000); // and the images
    }

    /// 24 MiB of maps and the layers between them fit; in DRAM the maps would cost more than the weights.
    void feature_maps_stay() {
        const GraphPtr graph =
            Net({1, 64, 56, 56}).conv("c0", 64, 3).conv("c1", 64, 3).conv("c2", 64, 3).build();
        HardwareTarget target = tpu();
        const PrecisionPlan plan(precision(8, 8));
        const double map = 64.0 * 56 * 56, weights = 3.0 * 64 * 64 * 9;
        QCOMPARE(cost_of(graph, plan, target, 8).dram_bytes, weights + 2 * 8 * map);
        target.keeps_feature_maps = false;
        QCOMPARE(cost_of(graph, plan, target, 8).dram_bytes, weights + 6 * 8 * map);
    }

    /// Bytes are what the array and the memories take: fewer bits save nothing on this chip but switching.
    void narrow_words_take_a_byte() {
        const GraphPtr graph = Net({1, 64, 14, 14}).conv("c0", 64, 3).build();
        const CostBreakdown wide = cost_of(graph, PrecisionPlan(precision(8, 8)), tpu());
        const CostBreakdown narrow = cost_of(graph, PrecisionPlan(precision(4, 4)), tpu());
        QCOMPARE(narrow.latency_s, wide.latency_s);
        QCOMPARE(narrow.dram_bytes, wide.dram_bytes);
        QVERIFY(narrow.energy_j <= wide.energy_j);
    }
};

QTEST_APPLESS_MAIN(Tpu)
#include "tst_tpu.moc"
