#include "core/passes/adaround.h"
#include "passes_fixture.h"

using namespace widthwise;
using namespace widthwise::passes;

namespace {

struct Layout {
    size_t out = 4, row = 8, groups = 1, rows = 512;
    int bits = 4;
    bool relu = false;
    double shared = 0; ///< of the inputs' variance that all of them have in common
};

/// Owns what the problem refers to.
struct Case {
    std::vector<float> weights, bias;
    RoundingProblem problem;

    Case(uint64_t seed, const Layout& s) {
        Rng rng(seed);
        problem.out = s.out;
        problem.row = s.row;
        problem.groups = s.groups;
        problem.rows = s.rows;
        for (size_t i = 0; i < s.out * s.row; ++i) weights.push_back(static_cast<float>(rng.normal()));
        for (size_t i = 0; i < s.out; ++i) bias.push_back(static_cast<float>(rng.uniform(-0.5, 0.5)));
        if (s.relu) problem.clamp.lo = 0;
        problem.weights = weights;
        problem.bias = bias;
        problem.format =
            resolve_weight_format(weights, static_cast<int64_t>(s.out), weight_integer(s.bits)).value();
        for (size_t r = 0; r < s.rows; ++r) {
            const double common = rng.normal();
            for (size_t k = 0; k < s.row * s.groups; ++k)
                problem.inputs.push_back(static_cast<float>(std::sqrt(s.shared) * common +
                                                            std::sqrt(1 - s.shared) * rng.normal() + 0.5));
        }
        problem.wanted = outputs(weights);
    }
    [[nodiscard]] std::vector<float> outputs(const std::vector<float>& w) const {
        std::vector<float> y;
        for (size_t r = 0; r < problem.rows; ++r)
            for (size_t o = 0; o < problem.out; ++o) {
                const size_t group = o / (problem.out / problem.groups);
                double sum = bias[o];
                for (size_t k = 0; k < problem.row; ++k)
                    sum += static_cast<double>(w[o * problem.row + k]) *
                           problem.inputs[(r * problem.groups + group) * problem.row + k];
                y.push_back(std::clamp(static_cast<float>(sum), problem.clamp.lo, problem.clamp.hi));
            }
        return y;
    }
    [[nodiscard]] double error(const std::vector<float>& w) const {
        const std::vector<float> y = outputs(w);
        double sum = 0;
        for (size_t i = 0; i < y.size(); ++i) {
            const double e = static_cast<double>(y[i]) - problem.wanted[i];
            sum += e * e;
        }
        return sum / static_cast<double>(y.size());
    }
};

} // namespace

class TestAdaround : public QObject {
    Q_OBJECT
private slots:
    void never_worse_than_nearest_and_on_the_grid_data() {
        QTest::addColumn<int>("out");
        QTest::addColumn<int>("row");
        QTest::addColumn<int>("groups");
        QTest::addColumn<int>("bits");
        QTest::addColumn<bool>("relu");
        QTest::newRow("plain") << 4 << 8 << 1 << 4 << false;
        QTest::newRow("ReLU, 20 channels") << 20 << 18 << 1 << 3 << true;
        QTest::newRow("depthwise") << 6 << 9 << 6 << 4 << true;
        QTest::newRow("two groups of 17") << 34 << 5 << 2 << 2 << false;
        QTest::newRow("8 bits") << 5 << 16 << 1 << 8 << false;
    }
    void never_worse_than_nearest_and_on_the_grid() {
        QFETCH(int, out);
        QFETCH(int, row);
        QFETCH(int, groups);
        QFETCH(int, bits);
        QFETCH(bool, relu);
        Layout layout;
        layout.out = static_cast<size_t>(out);
        layout.row = static_cast<size_t>(row);
        layout.groups = static_cast<size_t>(groups);
        layout.rows = 203; // no multiple of the kernel's rows
        layout.bits = bits;
        layout.relu = relu;
        layout.shared = 0.5;
        const Case c(11, layout);
        RoundingOptions options;
        options.iterations = 500;
        const auto rounded = adaround(c.problem, options, {});
        QVERIFY(rounded.has_value());
        const auto nearest = quantize_weights(c.weights, out, c.problem.format).value();
        QVERIFY(std::abs(rounded->nearest_error / c.error(nearest.values) - 1) < 1e-3);
        QVERIFY(std::abs(rounded->error / c.error(rounded->weights) - 1) < 1e-3);
        QVERIFY(rounded->error <= rounded->nearest_error);
        // The engine's own rounding finds the same values again, at most a step from the float ones.
        const auto again = quantize_weights(rounded->weights, out, c.problem.format).value();
        QCOMPARE(again.values, rounded->weights);
        for (size_t i = 0; i < c.weights.size(); ++i) {
            const float step = c.problem.format.scale[i / static_cast<size_t>(row)];
            QVERIFY(std::abs(rounded->weights[i] - c.weights[i]) <= step * 1.0001F);
        }
    }
    void beats_nearest_where_inputs_go_together() {
        Layout layout;
        layout.out = 8;
        layout.row = 64;
        layout.rows = 2048;
        layout.bits = 3;
        layout.shared = 0.9;
        const Case c(5, layout);
        const auto rounded = adaround(c.problem, {}, {}).value();
        QVERIFY2(rounded.error < 0.15 * rounded.nearest_error,
                 qPrintable(QString::number(rounded.error / rounded.nearest_error)));
        QVERIFY(rounded.flipped > 0);
    }
    void near_the_best_of_all_roundings() {
        // 2^10 roundings of each channel, all tried.
        for (uint64_t seed = 1; seed <= 5; ++seed) {
            Layout layout;
            layout.out = 3;
            layout.row = 10;
            layout.shared = 0.6;
            layout.relu = seed % 2 == 0;
            layout.bits = 3;
            const Case c(seed, layout);
            const auto rounded = adaround(c.problem, {}, {}).value();
            const auto nearest = quantize_weights(c.weights, 3, c.problem.format).value();
            std::vector<float> best = nearest.values;
            for (size_t o = 0; o < 3; ++o) {
                double least = std::numeric_limits<double>::infinity();
                std::vector<float> trial = best, winner = best;
                for (int mask = 0; mask < 1 << 10; ++mask) {
                    bool inside = true;
                    for (size_t k = 0; k < 10; ++k) {
                        const size_t i = o * 10 + k;
                        const float s = c.problem.format.scale[o];
                        const float steps = std::floor(c.weights[i] / s) + static_cast<float>(mask >> k & 1);
                        inside = inside && std::abs(steps) <= 3;
                        trial[i] = s * steps;
                    }
                    if (!inside) continue;
                    if (const double e = c.error(trial); e < least) {
                        least = e;
                        winner = trial;
                    }
                }
                best = winner;
            }
            const double wanted = c.error(best);
            QVERIFY2(rounded.error < 1.1 * wanted && rounded.error >= 0.999 * wanted,
                     qPrintable(QStringLiteral("seed %1: %2, best %3, nearest %4")
                                    .arg(seed)
                                    .arg(rounded.error)
                                    .arg(wanted)
                                    .arg(rounded.nearest_error)));
        }
    }
    void the_same_whatever_the_threads() {
        Layout layout;
        layout.out = 40;
        layout.row = 12;
        const Case c(8, layout);
        RoundingOptions options;
        options.iterations = 200;
        WorkControl one, two;
        one.threads = 1;
        two.threads = 2;
        const auto a = adaround(c.problem, options, one).value(),
                   b = adaround(c.problem, options, two).value();
        QCOMPARE(a.weights, b.weights);
    }
    void exact_weights_stay() {
        Layout layout;
        const Case c(9, layout);
        Case exact = c;
        exact.weights = quantize_weights(c.weights, 4, c.problem.format).value().values;
        exact.problem.weights = exact.weights;
        exact.problem.wanted = exact.outputs(exact.weights);
        const auto rounded = adaround(exact.problem, {}, {}).value();
        QCOMPARE(rounded.weights, exact.weights);
        QCOMPARE(rounded.flipped, int64_t{0});
    }
    void can_be_cancelled() {
        const Case c(10, {});
        WorkControl control;
        control.cancel.cancel();
        const auto rounded = adaround(c.problem, {}, control);
        QVERIFY(!rounded);
        QCOMPARE(rounded.error().code, ErrorCode::cancelled);
    }
    void formats_without_a_grid() {
        QVERIFY(!can_round(float32_format()));
        QVERIFY(!can_round(weight_integer(4))); // open
        QVERIFY(!can_round(default_weight_format(FormatType::power_of_two)));
        NumberFormat format = weight_integer(4);
        format.scale = {0.1F};
        QVERIFY(can_round(format));
        format = weight_integer(1);
        format.scale = {0.1F};
        QVERIFY(!can_round(format));
    }
};

QTEST_GUILESS_MAIN(TestAdaround)
#include "tst_adaround.moc"
