#include "core/quant/kmeans.h"
#include "core/quant/quantizer.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

using namespace widthwise;

namespace {

double nearest_distance(float x, std::span<const float> levels) {
    double least = std::numeric_limits<double>::infinity();
    for (const float level : levels)
        least = std::min(least, std::fabs(static_cast<double>(x) - static_cast<double>(level)));
    return least;
}

double error_of(std::span<const float> values, std::span<const float> levels) {
    double sum = 0;
    for (const float x : values) sum += std::pow(nearest_distance(x, levels), 2);
    return sum;
}

/// Every way to cut the sorted values into runs, by trying them all; with `zero` the run that holds 0 has its
/// level there.
double exhaustive_error(std::vector<float> values, size_t count, bool zero) {
    std::ranges::sort(values);
    const size_t n = values.size();
    double best = std::numeric_limits<double>::infinity();
    for (uint32_t cuts = 0; cuts < uint32_t{1} << (n - 1); ++cuts) {
        double error = 0;
        size_t runs = 0;
        for (size_t first = 0; first < n; ++runs) {
            size_t end = first + 1;
            while (end < n && !(cuts >> (end - 1) & 1)) ++end;
            double mean = 0;
            bool has_zero = false;
            for (size_t i = first; i < end; ++i) {
                mean += static_cast<double>(values[i]) / static_cast<double>(end - first);
                has_zero = has_zero || values[i] == 0;
            }
            if (zero && has_zero) mean = 0;
            for (size_t i = first; i < end; ++i) error += std::pow(static_cast<double>(values[i]) - mean, 2);
            first = end;
        }
        if (runs <= count) best = std::min(best, error);
    }
    return best;
}

std::vector<float> normal_values(uint64_t seed, size_t n) {
    Rng rng(seed);
    std::vector<float> values(n);
    for (float& v : values) v = static_cast<float>(0.05 * rng.normal());
    return values;
}

bool ascend(std::span<const float> levels) {
    return std::ranges::adjacent_find(levels, std::greater_equal<>()) == levels.end();
}

VectorCodebook must(Result<VectorCodebook> result) {
    if (!result) qFatal("%s", result.error().message.c_str());
    return *result;
}

} // namespace

class TestKmeans : public QObject {
    Q_OBJECT
private slots:
    void the_optimum_of_small_cases() {
        for (uint64_t seed = 0; seed < 200; ++seed) {
            Rng rng(seed);
            std::vector<float> values(2 + rng.below(10));
            const bool coarse = rng.below(2) == 0; // many values are equal then
            for (float& v : values)
                v = coarse ? static_cast<float>(rng.below(7)) - 3 : static_cast<float>(rng.normal() + 5);
            if (rng.below(2) == 0) values[0] = 0;
            const size_t count = 1 + rng.below(5);
            for (const ZeroLevel zero : {ZeroLevel::free, ZeroLevel::kept}) {
                const std::vector<float> levels = kmeans_levels(values, count, zero);
                QVERIFY(!levels.empty() && levels.size() <= count && ascend(levels));
                const bool keep = zero == ZeroLevel::kept && std::ranges::count(values, 0.0F) > 0;
                if (keep) QVERIFY(std::ranges::count(levels, 0.0F) == 1);
                const double best = exhaustive_error(values, count, keep);
                const double found = error_of(values, levels);
                QVERIFY2(found <= best * (1 + 1e-5) + 1e-9,
                         qPrintable(QStringLiteral("seed %1: %2 above %3").arg(seed).arg(found).arg(best)));
            }
        }
    }

    void by_hand() {
        const std::vector<float> values{1, 2, 10, 11, 12, -4};
        QCOMPARE(kmeans_levels(values, 3), (std::vector<float>{-4, 1.5F, 11}));
        QCOMPARE(kmeans_levels(values, 1), (std::vector<float>{32.0F / 6}));
        QCOMPARE(kmeans_levels({}, 4), std::vector<float>());
        const std::vector<float> signs{-0.0F, 0.0F, 3};
        QCOMPARE(kmeans_levels(signs, 2), (std::vector<float>{0, 3}));
        QVERIFY(!std::signbit(kmeans_levels(signs, 2)[0]));
    }

    void few_distinct_values_are_the_levels() {
        Rng rng(3);
        std::vector<float> values(5000);
        for (float& v : values) v = static_cast<float>(rng.below(256)) * 0.37F - 20;
        const std::set<float> distinct(values.begin(), values.end());
        const std::vector<float> levels = kmeans_levels(values, 256);
        QCOMPARE(levels, std::vector<float>(distinct.begin(), distinct.end()));
        NumberFormat format = default_weight_format(FormatType::codebook);
        QCOMPARE(quantize_weights(values, 10, format)->values, values);
    }

    /// More values than the dynamic program takes one by one: a level is the mean of what is nearest to it,
    /// and the error is that of the best quantizer of a normal distribution (Max 1960, table I: 0.009497 at
    /// 16 levels, from memory).
    void many_values() {
        const std::vector<float> values = normal_values(1, 60000);
        const std::vector<float> levels = kmeans_levels(values, 16);
        QCOMPARE(levels.size(), size_t{16});
        std::vector<double> sums(16), counts(16);
        double variance = 0;
        for (const float x : values) {
            size_t best = 0;
            for (size_t k = 1; k < 16; ++k)
                if (std::fabs(x - levels[k]) < std::fabs(x - levels[best])) best = k;
            sums[best] += static_cast<double>(x);
            counts[best] += 1;
            variance += static_cast<double>(x) * static_cast<double>(x);
        }
        for (size_t k = 0; k < 16; ++k)
            QVERIFY(std::fabs(sums[k] / counts[k] - static_cast<double>(levels[k])) < 2e-6);
        QVERIFY(std::fabs(error_of(values, levels) / variance - 0.009497) < 0.0003);
        QCOMPARE(kmeans_levels(values, 16), levels);
    }

    /// Outliers far from everything else, which even cuts of the values alone would be spent on.
    void outliers_do_not_take_the_others_levels() {
        std::vector<float> values = normal_values(2, 20000);
        values.push_back(1e6F);
        const std::vector<float> levels = kmeans_levels(values, 9);
        QCOMPARE(levels.back(), 1e6F);
        values.pop_back();
        QVERIFY(error_of(values, levels) < 1.001 * error_of(values, kmeans_levels(values, 8)));
    }

    void huge_and_tiny_values_stay_finite() {
        constexpr float huge = std::numeric_limits<float>::max(), tiny = 1e-45F;
        for (const auto& values :
             {std::vector<float>{-huge, huge, 1, 2, 3}, {tiny, 2 * tiny, 3 * tiny, 1e-40F}})
            for (const size_t count : {1, 2, 3}) {
                const std::vector<float> levels = kmeans_levels(values, count);
                QVERIFY(!levels.empty() && ascend(levels));
                for (const float level : levels) QVERIFY(std::isfinite(level));
            }
    }

    void pruned_weights_keep_their_zeros() {
        std::vector<float> weights = normal_values(4, 3000);
        for (size_t i = 0; i < weights.size(); i += 3) weights[i] = 0;
        for (const int bits : {2, 3, 4, 8}) {
            const std::vector<float> levels = codebook_levels(weights, bits);
            QCOMPARE(levels.size(), size_t{1} << bits);
            QCOMPARE(std::ranges::count(levels, 0.0F), 1);
        }
        // A single zero among many is a weight like others.
        std::vector<float> dense = normal_values(5, 3000);
        dense[7] = 0;
        QCOMPARE(std::ranges::count(codebook_levels(dense, 2), 0.0F), 0);
    }

    void vectors_by_hand() {
        // Two clouds; four vectors that are two.
        const std::vector<float> clouds{0, 0, 0, 1, 10, 10, 10, 11, 1, 0};
        Rng rng(1);
        const VectorCodebook two = must(kmeans_vectors(clouds, 2, 2, rng, {}));
        QCOMPARE(two.count(), size_t{2});
        QCOMPARE(two.assignment[0], two.assignment[1]);
        QCOMPARE(two.assignment[0], two.assignment[4]);
        QVERIFY(two.assignment[2] == two.assignment[3] && two.assignment[2] != two.assignment[0]);
        // Means (1/3, 1/3) and (10, 10.5): 2/9 + 5/9 + 5/9, 1/4 + 1/4.
        QVERIFY(std::fabs(two.squared_error - (12.0 / 9 + 0.5)) < 1e-6);
        const std::vector<float> twice{1, 2, 3, 4, 1, 2, 3, 4};
        const VectorCodebook same = must(kmeans_vectors(twice, 2, 2, rng, {}));
        QCOMPARE(same.centroids, (std::vector<float>{1, 2, 3, 4}));
        QCOMPARE(same.assignment, (std::vector<int32_t>{0, 1, 0, 1}));
        QCOMPARE(same.squared_error, 0.0);
        QCOMPARE(must(kmeans_vectors({}, 2, 4, rng, {})).count(), size_t{0});
    }

    /// Against the exact program in one dimension, and better with every doubling in two.
    void vectors_come_near_the_optimum() {
        const std::vector<float> values = normal_values(6, 4000);
        for (const size_t count : {2, 4, 8}) {
            Rng rng(7);
            const double found = must(kmeans_vectors(values, 1, count, rng, {})).squared_error;
            QVERIFY(found < 1.15 * error_of(values, kmeans_levels(values, count)));
        }
        double before = std::numeric_limits<double>::infinity();
        for (const size_t count : {1, 2, 4, 8, 16, 64}) {
            Rng rng(8);
            const VectorCodebook book = must(kmeans_vectors(values, 2, count, rng, {}));
            QCOMPARE(book.count(), count);
            QVERIFY(book.squared_error < before);
            before = book.squared_error;
            double sum = 0; // what the assignment says of itself, each the nearest
            for (size_t i = 0; i < book.assignment.size(); ++i) {
                double least = std::numeric_limits<double>::infinity(), own = 0;
                for (size_t k = 0; k < count; ++k) {
                    const double dx = static_cast<double>(values[2 * i] - book.centroids[2 * k]);
                    const double dy = static_cast<double>(values[2 * i + 1] - book.centroids[2 * k + 1]);
                    least = std::min(least, dx * dx + dy * dy);
                    if (k == static_cast<size_t>(book.assignment[i])) own = dx * dx + dy * dy;
                }
                QVERIFY(own <= least + 1e-8);
                sum += own;
            }
            QVERIFY(std::fabs(sum - book.squared_error) <= 1e-5 * sum);
        }
    }

    /// More centroids than the clouds that stand apart: those that lose their vectors find others.
    void empty_centroids_move() {
        std::vector<float> values;
        Rng noise(9);
        for (size_t i = 0; i < 600; ++i)
            values.push_back(static_cast<float>(i % 3) * 100 + static_cast<float>(1e-3 * noise.uniform()));
        for (uint64_t seed = 0; seed < 20; ++seed) {
            Rng rng(seed);
            const VectorCodebook book = must(kmeans_vectors(values, 2, 12, rng, {}));
            const std::set<int32_t> used(book.assignment.begin(), book.assignment.end());
            QVERIFY2(used.size() >= 11, qPrintable(QString::number(used.size())));
        }
    }

    void the_same_seed_gives_the_same() {
        const std::vector<float> values = normal_values(10, 30000);
        Rng a(5), b(5), c(6);
        const auto first = must(kmeans_vectors(values, 3, 16, a, {}));
        QCOMPARE(must(kmeans_vectors(values, 3, 16, b, {})).centroids, first.centroids);
        QVERIFY(must(kmeans_vectors(values, 3, 16, c, {})).centroids != first.centroids);
    }

    void can_be_cancelled() {
        WorkControl control;
        control.cancel.cancel();
        Rng rng(1);
        const auto result = kmeans_vectors(normal_values(1, 1000), 2, 16, rng, control);
        QVERIFY(!result && result.error().code == ErrorCode::cancelled);
    }
};

QTEST_APPLESS_MAIN(TestKmeans)
#include "tst_kmeans.moc"
