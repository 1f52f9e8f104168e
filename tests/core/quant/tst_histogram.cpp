#include "core/base/rng.h"
#include "core/quant/histogram.h"

#include <QTest>

#include <algorithm>
#include <limits>

using namespace widthwise;

namespace {

std::vector<float> normal_values(uint64_t seed, size_t n, double deviation) {
    Rng rng(seed);
    std::vector<float> values(n);
    for (float& v : values) v = static_cast<float>(rng.normal() * deviation);
    return values;
}

} // namespace

class TestHistogram : public QObject {
    Q_OBJECT
private slots:
    void order_and_sharding_do_not_matter() {
        const auto values = normal_values(3, 5000, 2.5);
        Histogram whole;
        whole.add(values);
        // Small values first, so that the grid has to grow on the way.
        auto sorted = values;
        std::sort(sorted.begin(), sorted.end(), [](float a, float b) { return std::fabs(a) < std::fabs(b); });
        Histogram grown, left, right;
        for (const float v : sorted) grown.add(std::span(&v, 1));
        left.add(std::span(sorted).first(100));
        right.add(std::span(sorted).subspan(100));
        Histogram other = right;
        left.merge(right);
        Histogram first_half;
        first_half.add(std::span(sorted).first(100));
        other.merge(first_half);
        QVERIFY(whole == grown);
        QVERIFY(whole == left);
        QVERIFY(whole == other);
    }

    void counts_every_finite_value_once() {
        std::vector<float> values = normal_values(4, 1000, 1e-20);
        values.insert(values.end(), {0.0F, -0.0F, std::nanf(""), std::numeric_limits<float>::infinity(),
                                     std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest(),
                                     std::numeric_limits<float>::denorm_min()});
        Histogram h;
        h.add(values);
        QCOMPARE(h.count(), int64_t{1005});
        QCOMPARE(h.non_finite(), int64_t{2});
        QCOMPARE(h.zeros(), int64_t{2});
        int64_t total = 0;
        for (const int64_t n : h.bins()) total += n;
        QCOMPARE(total, h.count());
        QCOMPARE(h.max(), std::numeric_limits<float>::max());
    }

    void memory_does_not_depend_on_the_sample_count() {
        Histogram h;
        for (uint64_t i = 0; i < 50; ++i) h.add(normal_values(i, 1000, static_cast<double>(i)));
        QCOMPARE(h.bins().size(), static_cast<size_t>(2 * Histogram::k_half_bins));
    }

    void quantiles_match_a_sort() {
        auto values = normal_values(9, 20000, 1);
        Histogram h;
        h.add(values);
        std::sort(values.begin(), values.end());
        for (const double share : {0.001, 0.1, 0.5, 0.9, 0.999}) {
            const auto rank = static_cast<size_t>(share * 20000);
            const double q = h.quantile(share), w = h.bin_width();
            QVERIFY(q >= static_cast<double>(values[rank - 1]) - w &&
                    q <= static_cast<double>(values[rank + 1]) + w);
        }
        QCOMPARE(h.quantile(0), static_cast<double>(values.front()));
        QCOMPARE(h.quantile(1), static_cast<double>(values.back()));
    }

    void range_rules() {
        Histogram h;
        std::vector<float> values(9998, 1.0F);
        for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 9998;
        values.push_back(100);
        values.push_back(-100);
        h.add(values);
        RangeRule rule;
        QCOMPARE(choose_range(h, rule).hi, 100.0);
        rule.type = RangeRuleType::percentile;
        rule.percentile = 99.9;
        QVERIFY(choose_range(h, rule).hi < 1.2); // the two outliers are cut
        QVERIFY(choose_range(h, rule).lo > -1);
        rule = {RangeRuleType::given, 0, -2, 3};
        QCOMPARE(choose_range(h, rule).lo, -2.0);
        QCOMPARE(choose_range(Histogram(), RangeRule{}).hi, 0.0);
    }

    void expected_sqnr_matches_the_measured_one() {
        const auto values = normal_values(21, 50000, 0.7);
        Histogram h;
        h.add(values);
        for (const int bits : {2, 4, 6, 8}) {
            const AffineParams p = params_for_range(h.min(), h.max(), activation_integer(bits));
            std::vector<float> back(values.size());
            for (size_t i = 0; i < back.size(); ++i) back[i] = p.dequantize(quantize_value(values[i], p));
            const double measured = sqnr_db(values, back), expected = expected_sqnr_db(h, p);
            QVERIFY2(
                std::fabs(measured - expected) < 0.3,
                qPrintable(QStringLiteral("%1 bits: %2 against %3").arg(bits).arg(measured).arg(expected)));
        }
    }

    void exact_zeros_cost_nothing() {
        Histogram h;
        h.add(std::vector<float>(1000, 0.0F));
        QVERIFY(std::isinf(expected_sqnr_db(h, params_for_range(0, 1, activation_integer(2)))));
    }
};

QTEST_APPLESS_MAIN(TestHistogram)
#include "tst_histogram.moc"
