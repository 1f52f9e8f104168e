// The gradient of rounding, against cases worked by hand and a plain second version.
#include "core/base/rng.h"
#include "core/train/fake_quantize.h"

#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::train;

namespace {

Quantizer quantizer(NumberFormat format, float scale, int32_t zero_point = 0) {
    format.scale = {scale};
    if (format.type == FormatType::integer && !format.symmetric) format.zero_point = {zero_point};
    return {format, 0};
}

struct Result3 {
    std::vector<float> by_x;
    double by_scale = 0; ///< times the scale
};

Result3 pass(const Quantizer& rounding, const std::vector<float>& x, const std::vector<float>& g,
             InsideTerm inside) {
    std::vector<float> q(x.size());
    rounding.round(x, q);
    Result3 result{std::vector<float>(x.size()), 0};
    result.by_scale = straight_through(x.data(), q.data(), g.data(), result.by_x.data(), x.size(),
                                       passing_range(rounding), inside);
    return result;
}

} // namespace

class TestFakeQuantize : public QObject {
    Q_OBJECT
private slots:
    void lsq_by_hand();
    void pact_by_hand();
    void affine_ranges_stand_off_zero();
    void binary_passes_one_deviation();
    void blocks_and_rests_add_up();
    void works_in_place();
};

/// 3 bits, symmetric and narrow, scale 0.5: levels -1.5 to 1.5.
void TestFakeQuantize::lsq_by_hand() {
    const Quantizer rounding = quantizer(weight_integer(3), 0.5F);
    const std::vector<float> x = {0.6F, -0.9F, 2.0F, -1.6F, 1.5F};
    const std::vector<float> g = {1.0F, 2.0F, 3.0F, -4.0F, 5.0F};
    const Result3 result = pass(rounding, x, g, InsideTerm::rounding_error);
    QCOMPARE(result.by_x, (std::vector<float>{1.0F, 2.0F, 0.0F, 0.0F, 5.0F}));
    // Rounded: 0.5, -1, 1.5, -1.5, 1.5. In units of s: -0.2, -0.2, +3, -3, 0.
    const double by_s = 1 * -0.2 + 2 * -0.2 + 3 * 3 + -4 * -3 + 0;
    QVERIFY(std::abs(result.by_scale / 0.5 - by_s) < 1e-6);
}

/// d y / d alpha is 1 where x >= alpha, else 0 (PACT, equation 3); s times d y / d s is then alpha.
void TestFakeQuantize::pact_by_hand() {
    const Quantizer rounding = quantizer(activation_integer(2), 0.5F); // 0 to 1.5
    const std::vector<float> x = {0.7F, 1.6F, 3.0F, -1.0F};
    const std::vector<float> g = {1.0F, 2.0F, 4.0F, 8.0F};
    const Result3 result = pass(rounding, x, g, InsideTerm::none);
    QCOMPARE(result.by_x, (std::vector<float>{1.0F, 0.0F, 0.0F, 0.0F}));
    QVERIFY(std::abs(result.by_scale - 1.5 * 6) < 1e-6);
}

void TestFakeQuantize::affine_ranges_stand_off_zero() {
    const PassingRange range = passing_range(quantizer(activation_integer(4), 0.25F, 5));
    QCOMPARE(range.lo, -1.25F);
    QCOMPARE(range.hi, 2.5F);
}

void TestFakeQuantize::binary_passes_one_deviation() {
    const PassingRange range = passing_range(quantizer(activation_integer(1), 0.8F));
    QCOMPARE(range.lo, -1.0F);
    QCOMPARE(range.hi, 1.0F);
}

void TestFakeQuantize::blocks_and_rests_add_up() {
    const Quantizer rounding = quantizer(weight_integer(4), 0.1F);
    Rng rng(5);
    for (const size_t n : {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{4095}, size_t{4096},
                           size_t{4113}, size_t{10007}}) {
        std::vector<float> x(n), g(n);
        for (float& v : x) v = static_cast<float>(0.5 * rng.normal());
        for (float& v : g) v = static_cast<float>(rng.normal());
        const Result3 result = pass(rounding, x, g, InsideTerm::rounding_error);
        double sum = 0, magnitude = 0;
        for (size_t i = 0; i < n; ++i) {
            const bool inside = std::abs(x[i]) <= rounding.highest();
            const double term = static_cast<double>(g[i]) * (rounding.round(x[i]) - (inside ? x[i] : 0.0F));
            sum += term;
            magnitude += std::abs(term);
            QCOMPARE(result.by_x[i], inside ? g[i] : 0.0F);
        }
        QVERIFY2(std::abs(result.by_scale - sum) <= 1e-5 * magnitude, qPrintable(QString::number(n)));
    }
}

void TestFakeQuantize::works_in_place() {
    const Quantizer rounding = quantizer(weight_integer(2), 1.0F);
    std::vector<float> x(40), q(40), g(40, 1.0F);
    for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) / 10 - 2;
    rounding.round(x, q);
    const Result3 apart = pass(rounding, x, g, InsideTerm::rounding_error);
    const double sum = straight_through(x.data(), q.data(), g.data(), g.data(), g.size(),
                                        passing_range(rounding), InsideTerm::rounding_error);
    QCOMPARE(g, apart.by_x);
    QCOMPARE(sum, apart.by_scale);
}

QTEST_GUILESS_MAIN(TestFakeQuantize)
#include "tst_fake_quantize.moc"
