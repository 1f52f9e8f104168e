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
};

QTEST_APPLESS_MAIN(TestHistogram)
#include "tst_histogram.moc"
