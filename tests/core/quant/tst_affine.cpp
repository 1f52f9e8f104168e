#include "core/base/rng.h"
#include "core/quant/affine.h"

#include <QTest>

#include <limits>

using namespace widthwise;

class TestAffine : public QObject {
    Q_OBJECT
private slots:
    void format_bounds_data() {
        QTest::addColumn<int>("bits");
        QTest::addColumn<int>("shape"); // 0 affine, 1 symmetric, 2 narrow
        QTest::addColumn<int>("lo");
        QTest::addColumn<int>("hi");
        QTest::newRow("uint8") << 8 << 0 << 0 << 255;
        QTest::newRow("int8") << 8 << 1 << -128 << 127;
        QTest::newRow("narrow int8") << 8 << 2 << -127 << 127;
        QTest::newRow("uint2") << 2 << 0 << 0 << 3;
        QTest::newRow("int2") << 2 << 1 << -2 << 1;
        QTest::newRow("narrow int2") << 2 << 2 << -1 << 1;
    }
    void format_bounds() {
        QFETCH(int, bits);
        QFETCH(int, shape);
        NumberFormat f = activation_integer(bits);
        f.symmetric = shape > 0;
        f.narrow = shape == 2;
        QTEST(f.q_min(), "lo");
        QTEST(f.q_max(), "hi");
    }

    void rounds_half_to_even() {
        const AffineParams p{1.0F, 10, 0, 255};
        const std::pair<float, int> cases[] = {{0.5F, 10}, {1.5F, 12},   {2.5F, 12},  {-0.5F, 10},
                                               {-1.5F, 8}, {1e30F, 255}, {-1e30F, 0}, {std::nanf(""), 10}};
        for (const auto& [real, q] : cases) QCOMPARE(quantize_value(real, p), q);
    }

    void ranges_contain_zero() {
        // [2, 6] widens to [0, 6]; [-6, -2] to [-6, 0]: zero padding must be exact.
        const AffineParams above = params_for_range(2, 6, activation_integer(8));
        QCOMPARE(above.zero_point, 0);
        QCOMPARE(above.scale, static_cast<float>(6.0 / 255));
        const AffineParams below = params_for_range(-6, -2, activation_integer(8));
        QCOMPARE(below.zero_point, 255);
        QCOMPARE(below.dequantize(below.zero_point), 0.0F);
    }

    void hand_worked_asymmetric_range() {
        // [-1, 3] in 4 bits: scale 4/15, zero point round(3.75) = 4.
        const AffineParams p = params_for_range(-1, 3, activation_integer(4));
        QCOMPARE(p.scale, static_cast<float>(4.0 / 15));
        QCOMPARE(p.zero_point, 4);
        QCOMPARE(quantize_value(3.0F, p), 15);
        QCOMPARE(quantize_value(-1.0F, p), 0);
        QCOMPARE(quantize_value(1.0F, p), 8); // 3.75 + 4
    }

    void degenerate_ranges_stay_usable() {
        for (const NumberFormat& f : {weight_integer(8), activation_integer(2)})
            for (const auto& [lo, hi] : {std::pair{0.0, 0.0}, {0.0, 1e-300}, {-1e300, 1e300}}) {
                const AffineParams p = params_for_range(lo, hi, f);
                QVERIFY(p.scale > 0 && std::isfinite(p.scale));
                QVERIFY(p.zero_point >= p.q_min && p.zero_point <= p.q_max);
            }
    }

    void weights_per_channel() {
        const std::vector<float> w{1, -0.55F, 0.25F, 11, -20, 5};
        const auto q = quantize_weights(w, 2, weight_integer(4));
        QVERIFY(q);
        QCOMPARE(q->params.size(), size_t{2});
        QCOMPARE(q->params[0].scale, 1.0F / 7);
        QCOMPARE(q->params[1].scale, 20.0F / 7);
        QCOMPARE(q->q, (std::vector<int8_t>{7, -4, 2, 4, -7, 2})); // -3.85, 1.75; 3.85, 1.75
        NumberFormat tensor = weight_integer(4);
        tensor.granularity = Granularity::tensor;
        QCOMPARE(quantize_weights(w, 2, tensor)->params.size(), size_t{1});
    }

    void given_scales_stand() {
        NumberFormat f = weight_integer(8);
        f.scale = {0.5F, 0.25F};
        f.zero_point = {0, 0};
        const auto q = quantize_weights(std::vector<float>{1, 2, 1, 2}, 2, f);
        QVERIFY(q);
        QCOMPARE(q->q, (std::vector<int8_t>{2, 4, 4, 8}));
        f.scale = {0.5F, 0.25F, 0.125F};
        QVERIFY(!quantize_weights(std::vector<float>{1, 2, 1, 2}, 2, f));
    }

    void refuses_what_cannot_be() {
        QVERIFY(!quantize_weights(std::vector<float>{1, std::nanf("")}, 1, weight_integer(8)));
        NumberFormat affine = activation_integer(8);
        QCOMPARE(quantize_weights(std::vector<float>{1}, 1, affine).error().code, ErrorCode::unsupported);
        NumberFormat f = weight_integer(9);
        QVERIFY(!validate(f));
        f = weight_integer(1);
        QVERIFY(!validate(f));
        f = weight_integer(8);
        f.scale = {0.0F};
        QVERIFY(!validate(f));
        f.scale = {std::numeric_limits<float>::infinity()};
        QVERIFY(!validate(f));
        f.scale = {1.0F};
        f.zero_point = {3};
        QVERIFY(!validate(f));
    }

    void error_is_at_most_half_a_step() {
        Rng rng(11);
        for (int bits = 2; bits <= 8; ++bits) {
            const AffineParams p = params_for_range(-1.3, 2.1, activation_integer(bits));
            for (int i = 0; i < 2000; ++i) {
                const auto x = static_cast<float>(rng.uniform(-1.2, 2.0));
                QVERIFY(std::fabs(p.dequantize(quantize_value(x, p)) - x) <= p.scale * 1.0001F);
            }
        }
    }

    void sqnr_follows_the_six_db_rule() {
        // Uniform input over the whole range: 6.02 dB a bit (Widrow and Kollar, uniform quantization noise).
        Rng rng(5);
        std::vector<float> x(20000), y(x.size());
        double previous = 0;
        for (int bits = 3; bits <= 8; ++bits) {
            const AffineParams p = params_for_range(-1, 1, activation_integer(bits));
            for (size_t i = 0; i < x.size(); ++i) {
                x[i] = static_cast<float>(rng.uniform(-1, 1));
                y[i] = p.dequantize(quantize_value(x[i], p));
            }
            const double db = sqnr_db(x, y);
            if (bits > 3)
                QVERIFY2(std::fabs(db - previous - 6.02) < 0.6, qPrintable(QString::number(db - previous)));
            previous = db;
        }
        QVERIFY(std::isinf(sqnr_db(x, x)));
    }
};

QTEST_APPLESS_MAIN(TestAffine)
#include "tst_affine.moc"
