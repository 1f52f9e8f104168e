// Laws that any network must obey.
#include "core/base/rng.h"
#include "tests/core/cost/small_networks.h"

#include <array>
#include <cmath>

using namespace widthwise;
using namespace widthwise::test;

namespace {

/// But for how often DRAM is read.
bool same_mapping(const CostBreakdown& a, const CostBreakdown& b) {
    for (size_t i = 0; i < a.layers.size(); ++i) {
        const std::string& x = a.layers[i].mapping;
        const std::string& y = b.layers[i].mapping;
        if (x.substr(0, x.find(';')) != y.substr(0, y.find(';'))) return false;
    }
    return true;
}

} // namespace

class CostProperties : public QObject {
    Q_OBJECT
private slots:
    /// Random networks, one width one bit narrower: latency, the objective, never grows; traffic and energy
    /// do not either where the mapping stays the same.
    void fewer_bits_never_cost_more() {
        const uint64_t seed = 7;
        int same = 0;
        Rng rng(seed);
        const auto pick = [&](int lo, int hi) {
            return lo + static_cast<int>(rng.below(static_cast<uint64_t>(hi - lo + 1)));
        };
        for (int trial = 0; trial < 1500; ++trial) {
            const int64_t channels = 4 * pick(1, 8);
            Net net({1, 3, pick(6, 20), pick(6, 20)});
            net.conv("l0", channels, 3).add(Op::relu, "r0");
            const ValueId shortcut = net.last();
            net.conv("l1", channels, 3, 1, pick(0, 1) ? channels : 1)
                .batch_norm("bn")
                .conv("l2", channels, 1);
            net.add(Op::add, "sum", {}, {shortcut}).add(Op::global_average_pool, "pool");
            net.add(Op::reshape, "flat", ReshapeAttributes{{1, channels}}).gemm("l3", 10);
            const GraphPtr graph = net.build();

            HardwareTarget target = square_target(pick(2, 32), static_cast<Dataflow>(pick(0, 2)));
            target.cols = pick(2, 32);
            target.sizing = static_cast<Sizing>(pick(0, 1));
            target.memory[1].bytes = 2048 << pick(0, 6);
            target.memory[1].bytes_per_cycle = pick(1, 64);
            target.memory[0].bytes_per_cycle = pick(1, 64);
            target.static_power_w = 0.01;
            const std::array names = {"l0", "l1", "l2", "sum", "pool", "l3"};
            PrecisionPlan plan(precision(8, 8));
            for (const char* name : names) plan.set(name, precision(pick(3, 8), pick(3, 8)));
            const CostBreakdown before = cost_of(graph, plan, target);
            PrecisionPlan fewer = plan;
            const std::string name = names[rng.below(names.size())];
            const LayerPrecision& old = plan.at(name);
            fewer.set(name, pick(0, 1) ? precision(old.weights.bits - 1, old.activations.bits)
                                       : precision(old.weights.bits, old.activations.bits - 1));
            const CostBreakdown after = cost_of(graph, fewer, target);
            const QByteArray where =
                QByteArray("trial ") + QByteArray::number(trial) + ", seed " + QByteArray::number(seed);
            if (same_mapping(before, after)) {
                ++same;
                QVERIFY2(after.energy_j <= before.energy_j, where);
                QVERIFY2(after.dram_bytes <= before.dram_bytes, where);
            }
            QVERIFY2(after.latency_s <= before.latency_s, where);
            QVERIFY2(after.area_mm2 <= before.area_mm2, where);
            QVERIFY2(after.model_bytes <= before.model_bytes, where);
            QVERIFY2(after.bops <= before.bops, where);
            QVERIFY2(before.utilization <= 1, where);
        }
        QVERIFY(same > 1300);
    }

    void more_bandwidth_is_never_slower() {
        const GraphPtr graph = Net({1, 16, 16, 16}).conv("conv", 32, 3).conv("conv2", 32, 3).build();
        double before = 1e9;
        for (const double bytes_per_cycle : {0.1, 1.0, 4.0, 16.0, 64.0}) {
            HardwareTarget target = square_target(16, Dataflow::best);
            target.memory[0].bytes_per_cycle = bytes_per_cycle;
            const double latency = cost_of(graph, PrecisionPlan(precision(8, 8)), target).latency_s;
            QVERIFY(latency <= before);
            before = latency;
        }
    }
};

QTEST_APPLESS_MAIN(CostProperties)
#include "tst_cost_properties.moc"
