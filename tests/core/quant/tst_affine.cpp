#include "core/base/rng.h"
#include "core/quant/affine.h"

#include <QTest>

#include <limits>

using namespace widthwise;

class TestAffine : public QObject {
    Q_OBJECT
private slots:
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

    void narrow_affine() {
        NumberFormat f = activation_integer(8);
        f.narrow = true;
        const AffineParams p = params_for_range(-1, 1, f); // codes 0..254: 0 is exactly in the middle
        QCOMPARE(p.scale, static_cast<float>(2.0 / 254));
        QCOMPARE(p.zero_point, 127);
        QCOMPARE(quantize_value(9.0F, p), 254);
    }

    void power_of_two_scales_round_up() {
        NumberFormat f = weight_integer(8);
        f.scale_type = ScaleType::power_of_two;
        QCOMPARE(params_for_range(-1, 0.5, f).scale, 1.0F / 64); // 1/127 lies above 1/128
        QCOMPARE(params_for_range(-127, 100, f).scale, 1.0F);    // a power of two already
        QCOMPARE(params_for_range(0, 127.0001, f).scale, 2.0F);
        NumberFormat u = activation_integer(8);
        u.scale_type = ScaleType::power_of_two;
        const AffineParams p = params_for_range(-1, 3, u); // 4/255 -> 1/32
        QCOMPARE(p.scale, 1.0F / 32);
        QCOMPARE(p.zero_point, 32);
    }

    void fixed_point_positions() {
        NumberFormat f = default_weight_format(FormatType::fixed_point, 8);
        QCOMPARE(params_for_range(-100, 100, f).scale, 1.0F / 16); // bits / 2, whatever the range
        f.fraction_bits = 7;
        QCOMPARE(params_for_range(-100, 100, f).scale, 1.0F / 128);
        f.fraction_bits = -2;
        QCOMPARE(params_for_range(-100, 100, f).scale, 4.0F);
    }

    /// Ristretto's rule worked by hand: integer length ceil(log2(max) + 1), the rest is fraction.
    void dynamic_fixed_point_positions() {
        const NumberFormat f = default_weight_format(FormatType::dynamic_fixed_point, 8);
        QCOMPARE(fraction_length(0.9, f), 7);                  // 1 + 7
        QCOMPARE(fraction_length(1.0, f), 7);                  // 1 + 7: 1.0 itself clips to 127/128
        QCOMPARE(fraction_length(1.0001, f), 6);               // 2 + 6
        QCOMPARE(fraction_length(100, f), 0);                  // 8 + 0
        QCOMPARE(fraction_length(1000, f), -3);                // 11 - 3
        QCOMPARE(fraction_length(0.05, f), 11);                // -3 + 11
        QCOMPARE(params_for_range(-3, 1, f).scale, 1.0F / 32); // ceil(1.58 + 1) = 3
        QCOMPARE(params_for_range(0, 0, f).scale, 1.0F / 128);
    }

    void codes_of_32_bits_do_not_overflow() {
        NumberFormat f = weight_integer(8);
        f.bits = 32;
        const AffineParams p = params_for_range(-1, 1, f);
        QCOMPARE(quantize_value(1e30F, p), std::numeric_limits<int32_t>::max());
        QCOMPARE(quantize_value(-1e30F, p), -std::numeric_limits<int32_t>::max());
        QCOMPARE(quantize_value(-std::numeric_limits<float>::infinity(), p),
                 -std::numeric_limits<int32_t>::max());
    }

    void error_is_at_most_half_a_step() {
        Rng rng(11);
        for (int bits = 2; bits <= 8; ++bits) {
            const AffineParams p = params_for_range(-1.3, 2.1, activation_integer(bits));
            for (int i = 0; i < 2000; ++i) {
                const auto x = static_cast<float>(rng.uniform(-1.2, 2.0));
                QVERIFY(std::fabs(p.dequantize(quantize_value(x, p)) - x) <= p.scale * 0.5001F);
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
