#include "core/quant/quantizer.h"
#include "widgets/document/value_histogram.h"

#include <QTest>

#include <numeric>

using namespace widthwise;
using namespace widthwise::gui;

namespace {

int64_t total(const BinnedCounts& bins) {
    return std::accumulate(bins.counts.begin(), bins.counts.end(), int64_t{0});
}

} // namespace

class TestValueHistogram : public QObject {
    Q_OBJECT
private slots:
    void weights_before_after_and_their_error() {
        const std::vector<float> weights = {-1.0F, -0.6F, -0.2F, 0.0F, 0.1F, 0.4F, 0.7F, 1.0F};
        NumberFormat format = weight_integer(3);
        format.granularity = Granularity::tensor;
        const auto h = weight_histogram(weights, 2, format);
        QVERIFY(h);
        QCOMPARE(total(h->before), 8);
        QCOMPARE(total(h->after), 8);
        QCOMPARE(total(h->error), 8);
        // Narrow three bits over [-1, 1]: seven levels a third apart.
        QCOMPARE(h->levels.size(), size_t(7));
        QVERIFY(std::abs(h->levels[1] - h->levels[0] - 1.0F / 3) < 1e-6F);
        const Span error = occupied(h->error);
        QVERIFY(error.lo >= -1.0 / 6 - 0.02 && error.hi <= 1.0 / 6 + 0.02);
        QVERIFY(h->sqnr_db && *h->sqnr_db > 10);
    }

    void float_has_no_after_and_per_channel_no_levels() {
        const std::vector<float> weights = {-1.0F, 0.5F, 2.0F, 3.0F};
        const auto plain = weight_histogram(weights, 2, float32_format());
        QVERIFY(plain && plain->after.counts.empty() && plain->error.counts.empty() && !plain->sqnr_db);
        const auto channels = weight_histogram(weights, 2, weight_integer(4));
        QVERIFY(channels && channels->levels.empty() && !channels->after.counts.empty());
        const auto constant = weight_histogram(std::vector<float>(6, 0.25F), 2, float32_format());
        QVERIFY(constant);
        QCOMPARE(total(constant->before), 6);
    }

    void every_type_draws_its_levels() {
        std::vector<float> weights(64);
        for (size_t i = 0; i < weights.size(); ++i) weights[i] = 0.03F * (static_cast<float>(i) - 31.7F);
        for (const FormatType type : k_format_types) {
            NumberFormat format = default_weight_format(type, 0);
            format.granularity = Granularity::tensor;
            const auto h = weight_histogram(weights, 4, format);
            QVERIFY2(h, to_string(type).data());
            QCOMPARE(total(h->before), 64);
            if (type == FormatType::ternary) QCOMPARE(h->levels.size(), size_t(3));
            if (type == FormatType::binary) QCOMPARE(h->levels.size(), size_t(2));
            QVERIFY(h->levels.size() <= 256);
        }
    }

    void coarser_bins_lose_no_count() {
        BinnedCounts fine{-4, 0.5, {0, 0, 1, 5, 7, 3, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}};
        const Span span = occupied(fine);
        QCOMPARE(span.lo, -3.0);
        QCOMPARE(span.hi, 0.5);
        const BinnedCounts all = coarser(fine, span.lo, span.hi, 100);
        QCOMPARE(all.bin_width, 0.5);
        QVERIFY((all.counts == std::vector<int64_t>{1, 5, 7, 3, 0, 0, 2}));
        const BinnedCounts few = coarser(fine, span.lo, span.hi, 3);
        QVERIFY(few.counts.size() <= 3);
        QCOMPARE(total(few), 18);
        QCOMPARE(few.lo, -3.0);
        QCOMPARE(few.bin_width, 1.5);
        // What lies beyond goes to the outermost bins.
        const BinnedCounts cut = coarser(fine, -2, -1, 100);
        QVERIFY((cut.counts == std::vector<int64_t>{13, 5}));
        QVERIFY(coarser({}, -1, 1, 10).counts.empty());
        const Span nowhere = occupied({});
        QCOMPARE(nowhere.lo, -1.0);
        QCOMPARE(nowhere.hi, 1.0);
    }
};

QTEST_GUILESS_MAIN(TestValueHistogram)
#include "tst_value_histogram.moc"
