// Laws that any network must obey, and published arithmetic.
#include "core/base/rng.h"
#include "tests/core/cost/reference_csv.h"
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
    /// Random networks, one width one bit narrower: traffic, the objective of the split into tiles, never
    /// grows; latency and energy do not either where the mapping stays the same.
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
                QVERIFY2(after.latency_s <= before.latency_s, where);
            }
            QVERIFY2(after.area_mm2 <= before.area_mm2, where);
            QVERIFY2(after.model_bytes <= before.model_bytes, where);
            QVERIFY2(after.bops <= before.bops, where);
            QVERIFY2(after.dram_bytes <= before.dram_bytes, where);
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

    /// HAWQ-V3's published ResNet-18 configurations: size and BOPS from weights, MACs and bits.
    void hawq_arithmetic() {
        const auto folder = reference_dir() / "hawq_v3";
        WIDTHWISE_NEED(folder);
        const std::vector<CsvRow> bits = read_csv(folder / "resnet18_bits.csv");
        int checked = 0;
        for (const CsvRow& published : read_csv(folder / "resnet18_published.csv")) {
            double bytes = 0, bops = 0;
            for (const CsvRow& row : bits) {
                if (row.at("config") != published.at("config")) continue;
                // The same weights and MACs as one 1 x 1 convolution.
                const int64_t pixels = integer(row, "macs") / integer(row, "weights");
                QCOMPARE(pixels * integer(row, "weights"), integer(row, "macs"));
                const GraphPtr graph =
                    Net({1, integer(row, "weights") / 8, pixels, 1}).conv("conv", 8, 1).build();
                const int b = static_cast<int>(integer(row, "bits"));
                const CostBreakdown cost = cost_of(graph, PrecisionPlan(precision(b, b)),
                                                   square_target(16, Dataflow::weight_stationary));
                QCOMPARE(cost.layers[0].macs, integer(row, "macs"));
                bytes += cost.weight_bytes;
                bops += cost.bops;
            }
            // Published sizes are rounded to 0.1 MiB and BOPS to 1 G.
            QVERIFY(std::abs(bytes / 1048576 - number(published, "computed_size_mib")) < 0.006);
            QVERIFY(std::abs(bops / 1e9 - number(published, "computed_bops_g")) < 0.06);
            QVERIFY(std::abs(bytes / 1048576 / number(published, "published_size_mib") - 1) < 0.035);
            QVERIFY(std::abs(bops / 1e9 / number(published, "published_bops_g") - 1) < 0.035);
            ++checked;
        }
        QCOMPARE(checked, 5);
    }
};

QTEST_APPLESS_MAIN(CostProperties)
#include "tst_cost_properties.moc"
