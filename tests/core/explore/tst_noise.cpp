#include "core/explore/design_noise.h"
#include "tests/core/explore/toy_space.h"

#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::explore;

namespace {

SensitivityEntry entry(int bits, double kl) {
    SensitivityEntry e;
    e.bits = bits;
    e.kl_nat = kl;
    return e;
}

Sensitivity two_layers() {
    LayerSensitivity a;
    a.layer = "a";
    a.weights = {entry(8, 1e-4), entry(4, 1e-2)};
    a.activations = {entry(2, 0.1), entry(3, 0.001), entry(4, 0.01), entry(8, 0)};
    LayerSensitivity b;
    b.layer = "b";
    b.activations = {SensitivityEntry{}, SensitivityEntry{}};
    b.activations[0].bits = 4;
    b.activations[0].sqnr_db = 20;
    b.activations[1].bits = 8;
    b.activations[1].sqnr_db = std::numeric_limits<double>::infinity();
    Sensitivity sensitivity;
    sensitivity.layers = {a, b};
    return sensitivity;
}

bool close(double a, double b) {
    return std::abs(a - b) <= 1e-9 * std::abs(b);
}

} // namespace

class TestNoise : public QObject {
    Q_OBJECT

private slots:
    void slotsAreNamed() {
        const NoiseTable table(two_layers());
        QCOMPARE(table.slot_count(), size_t{3}); // b has no weights
        QCOMPARE(table.slot_name(0), std::string("a weights"));
        QCOMPARE(table.slot_name(1), std::string("a activations"));
        QCOMPARE(table.slot_name(2), std::string("b activations"));
    }

    void betweenAndBeyondWidths() {
        const NoiseTable table(two_layers());
        QVERIFY(close(table.at(0, 4), 1e-2));
        QVERIFY(close(table.at(0, 6), 1e-3)); // half way in the logarithm
        QVERIFY(close(table.at(0, 8), 1e-4));
        QVERIFY(close(table.at(0, 2), 16e-2));
        QVERIFY(close(table.at(0, 10), 1e-4 / 16));
        QCOMPARE(table.at(0, 32), 0.0);
    }

    // 3 and 4 bits are in the wrong order: both get their geometric mean.
    void noiseFallsWithBits() {
        const NoiseTable table(two_layers());
        QVERIFY(close(table.at(1, 2), 0.1));
        QVERIFY(close(table.at(1, 3), std::sqrt(1e-5)));
        QVERIFY(close(table.at(1, 4), std::sqrt(1e-5)));
        for (int bits = 2; bits < 16; ++bits) QVERIFY(table.at(1, bits + 1) <= table.at(1, bits));
    }

    void withoutClassesTheOutputsNoiseCounts() {
        const NoiseTable table(two_layers());
        QVERIFY(close(table.at(2, 4), 0.01)); // 20 dB
        QVERIFY(table.at(2, 8) > 0 && table.at(2, 8) < 1e-9);
    }

    void featuresOfPlans() {
        const NoiseTable table(two_layers());
        QCOMPARE(table.features(PrecisionPlan()), std::vector<double>(3, 0));
        PrecisionPlan plan(*parse_bits("w8a8"));
        plan.set("a", *parse_bits("w4a2"));
        plan.set("elsewhere", *parse_bits("w2a2"));
        const std::vector<double> features = table.features(plan);
        QVERIFY(close(features[0], 1e-2));
        QVERIFY(close(features[1], 0.1));
        QCOMPARE(features[2], table.at(2, 8));
        plan.set("a", *parse_bits("wternary abf16"));
        QVERIFY(close(table.features(plan)[0], 16e-2));
        QVERIFY(table.features(plan)[1] < table.at(1, 8));
    }

    void lookedUpByChoice() {
        test::Toy toy(4);
        toy.vary_rows({1, 0.9});
        const DesignNoise noise(toy.space, *toy.noise);
        QCOMPARE(noise.slot_count(), toy.noise->slot_count());
        Rng rng(3);
        for (int i = 0; i < 50; ++i) {
            Choices choices;
            for (const Variable& variable : toy.space.variables)
                choices.push_back(static_cast<uint8_t>(rng.below(variable.size())));
            QCOMPARE(noise.of(choices), toy.noise->features(plan_of(toy.space, choices)));
        }
    }

    // One choice for both operands of two layers.
    void tiedVariables() {
        test::Toy toy(2);
        Variable both = toy.space.variables[0];
        both.kind = Variable::Kind::both;
        both.layers = {"l0", "l1"};
        both.activation_formats = toy.space.variables[1].formats;
        toy.space.variables = {both};
        const DesignNoise noise(toy.space, *toy.noise);
        for (uint8_t c = 0; c < both.size(); ++c)
            QCOMPARE(noise.of(Choices{c}), toy.noise->features(plan_of(toy.space, Choices{c})));
        QVERIFY(noise.of(Choices{0}) != noise.of(Choices{1}));
    }

    void nothingMeasured() {
        const NoiseTable table{Sensitivity{}};
        QCOMPARE(table.slot_count(), size_t{0});
        QVERIFY(table.features(PrecisionPlan(*parse_bits("w4a4"))).empty());
    }
};

QTEST_APPLESS_MAIN(TestNoise)
#include "tst_noise.moc"
