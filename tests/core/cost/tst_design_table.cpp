// Designs as sums of table entries: equal to full estimates.
#include "core/cost/design_table.h"
#include "tests/core/cost/random_networks.h"

using namespace widthwise;
using namespace widthwise::test;

namespace {

struct Menu {
    std::vector<NumberFormat> weights, activations;
};

Menu menu(const std::vector<int>& widths) {
    Menu menu;
    for (const int bits : widths) {
        menu.weights.push_back(weight_integer(bits));
        menu.activations.push_back(activation_integer(bits));
    }
    return menu;
}

std::vector<cost::WidthChoice> random_design(Dice& dice, const cost::DesignTable& table, const Menu& menu) {
    std::vector<cost::WidthChoice> design(table.layers().size());
    for (cost::WidthChoice& choice : design) {
        choice.weights = static_cast<uint8_t>(dice.pick(0, static_cast<int>(menu.weights.size()) - 1));
        choice.activations =
            static_cast<uint8_t>(dice.pick(0, static_cast<int>(menu.activations.size()) - 1));
    }
    return design;
}

bool close(double a, double b) {
    return (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-12 * std::max(std::abs(a), std::abs(b));
}

/// The figure that is off, or the error that only one of them meets; empty: none.
std::string disagreement(cost::DesignTable& table, const Graph& graph, const HardwareTarget& target,
                         const cost::Options& options, const std::vector<cost::WidthChoice>& design) {
    const auto full = cost::estimate(graph, table.plan(design), target, options);
    const auto sum = table.totals(design);
    if (full.has_value() != sum.has_value()) return full ? sum.error().to_line() : "an error was expected";
    if (!full) return {};
    if (!close(full->latency_s, sum->latency_s)) return "latency";
    if (!close(full->energy_j, sum->energy_j)) return "energy";
    if (!close(full->area_mm2, sum->area_mm2)) return "area";
    if (!close(full->model_bytes, sum->model_bytes)) return "model bytes";
    if (!close(full->bops, sum->bops)) return "bops";
    if (!close(full->dram_bytes, sum->dram_bytes)) return "dram bytes";
    return {};
}

} // namespace

class DesignTableTest : public QObject {
    Q_OBJECT
private slots:
    void equals_full_estimates_data() {
        QTest::addColumn<QString>("preset");
        QTest::addColumn<bool>("to_design");
        for (const std::string& name : cost::preset_names()) {
            QTest::addRow("%s", name.c_str()) << QString::fromStdString(name) << false;
            if (take(cost::load_target(name)).kind == TargetKind::spatial)
                QTest::addRow("%s to_design", name.c_str()) << QString::fromStdString(name) << true;
        }
    }

    void equals_full_estimates() {
        QFETCH(QString, preset);
        QFETCH(bool, to_design);
        HardwareTarget target = take(cost::load_target(preset.toStdString()));
        if (to_design) target.sizing = Sizing::to_design;
        const uint64_t seed = 31;
        Dice dice(seed);
        const Menu formats = menu({1, 2, 4, 5, 8});
        int agreed = 0;
        for (int trial = 0; trial < 3; ++trial) {
            const GraphPtr graph = random_network(dice);
            const cost::Options options{.batch = dice.pick(1, 3)};
            const PrecisionPlan base(precision(8, dice.of<int>({3, 8})));
            auto table = take(cost::DesignTable::create(graph, target, options, base, formats.weights,
                                                        formats.activations));
            for (int i = 0; i < 25; ++i) {
                const auto design = random_design(dice, table, formats);
                const std::string found = disagreement(table, *graph, target, options, design);
                QVERIFY2(found.empty(), qPrintable(QStringLiteral("seed %1, trial %2, design %3: %4")
                                                       .arg(seed)
                                                       .arg(trial)
                                                       .arg(i)
                                                       .arg(found.c_str())));
                agreed += table.totals(design).has_value() ? 1 : 0;
            }
        }
        if (to_design) QVERIFY(agreed > 0);
    }

    /// Networks whose values are read by several nodes and through nodes that take numbers as they come.
    void operands_read_in_several_widths() {
        Net net({1, 4, 8, 8});
        net.conv("a", 4, 3).add(Op::sigmoid, "s");
        const ValueId left = net.last();
        net.conv("b", 4, 3);
        const ValueId right = net.last();
        net.add(Op::concat, "join", ConcatAttributes{1}, {left, right, left})
            .add(Op::max_pool, "pool", PoolAttributes{{2, 2}, {2, 2}, {}, false, false});
        net.add(Op::softmax, "soft", SoftmaxAttributes{1}).conv("c", 4, 1);
        const GraphPtr graph = net.build();
        HardwareTarget target = square_target(4, Dataflow::best);
        target.sizing = Sizing::to_design;
        const Menu formats = menu({1, 2, 3, 4, 5, 6, 7, 8, 16, 32});
        auto table = take(cost::DesignTable::create(graph, target, {}, PrecisionPlan(precision(8, 4)),
                                                    formats.weights, formats.activations));
        QVERIFY(table.adds_up());
        Dice dice(5);
        for (int i = 0; i < 300; ++i)
            QCOMPARE(disagreement(table, *graph, target, {}, random_design(dice, table, formats)),
                     std::string());
    }

    /// Two designs that ask the same of a MAC unit may still ask different buffers of a chip built for them.
    void buffers_are_sized_by_what_is_stored() {
        const GraphPtr graph = Net({1, 16, 32, 32}).conv("large", 4, 1).conv("deep", 4, 32).build();
        HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        target.sizing = Sizing::to_design;
        const Menu formats = menu({1, 2, 4, 8});
        auto table = take(cost::DesignTable::create(graph, target, {}, PrecisionPlan(precision(8, 1)),
                                                    formats.weights, formats.activations));
        for (uint8_t activations = 0; activations < 4; ++activations)
            QCOMPARE(disagreement(table, *graph, target, {}, {{0, activations}, {3, 3}}), std::string());
    }

    void refuses_what_it_does_not_have() {
        const GraphPtr graph = Net({1, 4, 8, 8}).conv("a", 4, 3).build();
        const Menu formats = menu({4, 8});
        QVERIFY(!cost::DesignTable::create(graph, {}, {}, {}, {}, formats.activations));
        auto table = take(cost::DesignTable::create(graph, {}, {}, PrecisionPlan(precision(8, 8)),
                                                    formats.weights, formats.activations));
        QCOMPARE(table.layers().size(), size_t{1});
        QVERIFY(!table.totals({}));
        QVERIFY(!table.totals(std::vector<cost::WidthChoice>{{2, 0}}));
        QVERIFY(table.totals(std::vector<cost::WidthChoice>{{1, 0}}).has_value());
    }
};

QTEST_APPLESS_MAIN(DesignTableTest)
#include "tst_design_table.moc"
