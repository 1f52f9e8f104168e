// What accuracy a design probably has before it is measured.
#include "core/flow/accuracy_estimate.h"

#include <QTest>

#include <cmath>

using namespace widthwise;

namespace {

PrecisionPlan plan_of(int first, int second) {
    PrecisionPlan plan;
    for (const auto& [name, bits] : {std::pair("conv1", first), std::pair("conv2", second)}) {
        const auto precision = parse_bits("w" + std::to_string(bits) + "a8");
        plan.set(name, *precision);
    }
    return plan;
}

/// The second layer is a hundred times as sensitive as the first.
Sensitivity two_layers() {
    Sensitivity sensitivity;
    sensitivity.baseline_top1 = 0.9;
    sensitivity.samples = 1000;
    double factor = 1;
    for (const char* name : {"conv1", "conv2"}) {
        LayerSensitivity layer;
        layer.layer = name;
        for (const int bits : {2, 4, 8}) {
            SensitivityEntry entry;
            entry.bits = bits;
            entry.samples = 1000;
            entry.kl_nat = factor * std::pow(4.0, -bits);
            layer.weights.push_back(entry);
        }
        sensitivity.layers.push_back(layer);
        factor *= 100;
    }
    return sensitivity;
}

} // namespace

class TestAccuracyEstimate : public QObject {
    Q_OBJECT
private slots:
    void what_is_more_sensitive_costs_more() {
        const flow::AccuracyEstimator estimator(two_layers(), {}, 0.8);
        QCOMPARE(estimator.designs(), size_t(0));
        const auto fine = estimator.estimate(plan_of(8, 8)), first = estimator.estimate(plan_of(2, 8)),
                   second = estimator.estimate(plan_of(8, 2));
        QVERIFY(fine.drop < first.drop && first.drop < second.drop);
        QVERIFY(second.drop <= 0.8);
        QVERIFY(first.sigma > 0);
    }

    void what_was_measured_is_believed() {
        const flow::MeasuredPlan measured{plan_of(8, 2), 0.35, 0.003};
        const flow::AccuracyEstimator guess(two_layers(), {}, 0.8);
        const flow::AccuracyEstimator taught(two_layers(), std::vector{measured}, 0.8);
        QCOMPARE(taught.designs(), size_t(1));
        const auto before = guess.estimate(measured.plan), after = taught.estimate(measured.plan);
        QVERIFY2(std::abs(after.drop - 0.35) < std::abs(before.drop - 0.35),
                 qPrintable(QString::number(after.drop)));
        QVERIFY(after.sigma < before.sigma);
    }

    void of_very_many_designs_the_last_are_heeded() {
        std::vector<flow::MeasuredPlan> many(flow::AccuracyEstimator::k_most + 50, {plan_of(8, 8), 0, 0.01});
        QCOMPARE(flow::AccuracyEstimator(two_layers(), many, 0.8).designs(), flow::AccuracyEstimator::k_most);
    }

    void an_interval_gives_its_standard_error() {
        Accuracy accuracy;
        accuracy.delta_top1 = -0.02;
        accuracy.delta_ci95 = {-0.02 - 1.96 * 0.005, -0.02 + 1.96 * 0.005};
        const auto measured = flow::measured_plan(plan_of(4, 4), accuracy);
        QCOMPARE(measured.drop, 0.02);
        QVERIFY(std::abs(measured.sigma - 0.005) < 1e-5);
    }
};

QTEST_APPLESS_MAIN(TestAccuracyEstimate)
#include "tst_accuracy_estimate.moc"
