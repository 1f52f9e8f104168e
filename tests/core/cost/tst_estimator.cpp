// The estimator that remembers gives what the estimate from scratch gives, to the last bit.
#include "core/cost/estimator.h"
#include "tests/core/cost/random_networks.h"

#include <array>

using namespace widthwise;
using namespace widthwise::test;

namespace {

const std::vector<int> k_widths = {1, 2, 3, 4, 5, 6, 8, 8, 8};

/// The estimator's answer, result or error, is that of an estimate from scratch.
std::string disagreement(cost::Estimator& estimator, const PrecisionPlan& plan) {
    const auto fresh = cost::estimate(estimator.graph(), plan, estimator.target(), estimator.options());
    const auto kept = estimator.at(plan);
    if (!fresh || !kept) {
        if (fresh.has_value() != kept.has_value()) return "one of them fails";
        return fresh.error().to_line() == kept.error().to_line() ? "" : kept.error().to_line();
    }
    return difference(*fresh, **kept);
}

} // namespace

class EstimatorTest : public QObject {
    Q_OBJECT
private slots:
    void agrees_with_an_estimate_from_scratch_data() {
        QTest::addColumn<QString>("preset");
        for (const std::string& name : cost::preset_names())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }

    /// Whole new plans, edits of one layer and the way back, on every preset.
    void agrees_with_an_estimate_from_scratch() {
        QFETCH(QString, preset);
        const HardwareTarget target = take(cost::load_target(preset.toStdString()));
        const uint64_t seed = 20;
        Dice dice(seed);
        for (int trial = 0; trial < 4; ++trial) {
            const GraphPtr graph = random_network(dice);
            auto estimator = take(cost::Estimator::create(graph, target, {.batch = dice.pick(1, 3)}));
            PrecisionPlan plan = random_plan(dice, *graph, k_widths);
            for (int step = 0; step < 12; ++step) {
                const std::string found = disagreement(estimator, plan);
                QVERIFY2(found.empty(), qPrintable(QStringLiteral("seed %1, trial %2, step %3: %4")
                                                       .arg(seed)
                                                       .arg(trial)
                                                       .arg(step)
                                                       .arg(found.c_str())));
                if (step % 4 == 3) {
                    plan = random_plan(dice, *graph, k_widths);
                } else {
                    const size_t node =
                        static_cast<size_t>(dice.pick(0, static_cast<int>(graph->nodes().size()) - 1));
                    plan.set(graph->nodes()[node].name, random_precision(dice, k_widths));
                }
            }
        }
    }

    void is_as_good_as_new_after_an_error() {
        HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        target.mac.weight_bits = target.mac.activation_bits = 8;
        const GraphPtr graph = Net({1, 3, 8, 8}).conv("a", 8, 3).conv("b", 8, 3).conv("c", 8, 3).build();
        auto estimator = take(cost::Estimator::create(graph, target));
        QVERIFY(disagreement(estimator, PrecisionPlan(precision(8, 8))).empty());
        PrecisionPlan bad(precision(4, 4));
        bad.set("b", precision(16, 16));
        QVERIFY(!estimator.at(bad));
        QVERIFY(disagreement(estimator, bad).empty());
        bad.set("b", precision(3, 3));
        QVERIFY(estimator.at(bad).has_value());
        QVERIFY(disagreement(estimator, bad).empty());
    }

    void refuses_what_no_plan_could_mend() {
        const GraphPtr graph = Net({1, 3, 8, 8}).conv("a", 8, 3).build();
        QVERIFY(!cost::Estimator::create(graph, {}, {.batch = 0}));
        QVERIFY(!cost::Estimator::create(graph, {}, {.batch = std::numeric_limits<int64_t>::max()}));
    }

    /// A quantize that passes on at float moves nothing; quantized it does, and back.
    void nodes_become_free_and_back() {
        const GraphPtr graph =
            Net({1, 3, 8, 8}).conv("a", 8, 3).add(Op::quantize, "q").conv("b", 8, 3).build();
        HardwareTarget target = square_target(8, Dataflow::weight_stationary);
        target.sizing = Sizing::to_design;
        auto estimator = take(cost::Estimator::create(graph, target));
        for (const int bits : {8, 32, 4, 32}) {
            PrecisionPlan plan(precision(8, 8));
            plan.set("q", precision(8, bits));
            QCOMPARE(disagreement(estimator, plan), std::string());
            QCOMPARE(layer(**estimator.at(plan), "q").energy.total_j() > 0, bits != 32);
        }
    }
};

QTEST_APPLESS_MAIN(EstimatorTest)
#include "tst_estimator.moc"
