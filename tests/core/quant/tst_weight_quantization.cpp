#include "core/base/rng.h"
#include "core/quant/quantizer.h"
#include "core/quant/range_rule.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace widthwise;

namespace {

std::vector<float> normal_weights(uint64_t seed, size_t n) {
    Rng rng(seed);
    std::vector<float> weights(n);
    for (float& w : weights) w = static_cast<float>(rng.normal() * 0.1);
    return weights;
}

double error_of(std::span<const float> weights, const NumberFormat& format) {
    const auto q = quantize_weights(weights, 4, format);
    double sum = 0;
    for (size_t i = 0; i < weights.size(); ++i)
        sum += std::pow(static_cast<double>(weights[i]) - static_cast<double>(q->values[i]), 2);
    return sum;
}

} // namespace

class TestWeightQuantization : public QObject {
    Q_OBJECT
private slots:
    void per_channel() {
        const std::vector<float> w{1, -0.55F, 0.25F, 11, -20, 5};
        const auto q = quantize_weights(w, 2, weight_integer(4));
        QVERIFY(q);
        QCOMPARE(q->params.size(), size_t{2});
        QCOMPARE(q->params[0].scale, 1.0F / 7);
        QCOMPARE(q->channel(1).scale, 20.0F / 7);
        QCOMPARE(q->q, (std::vector<int16_t>{7, -4, 2, 4, -7, 2})); // -3.85, 1.75; 3.85, 1.75
        QCOMPARE(q->values[1], -4.0F / 7);
        NumberFormat tensor = weight_integer(4);
        tensor.granularity = Granularity::tensor;
        QCOMPARE(quantize_weights(w, 2, tensor)->params.size(), size_t{1});
    }

    /// Two channels of five weights in groups of two: the last group of each channel is shorter.
    void per_group() {
        const std::vector<float> w{7, 1, 14, 2, 21, 3.5F, -7, 70, 35, 0.7F};
        NumberFormat f = weight_integer(4);
        f.granularity = Granularity::group;
        f.group_size = 2;
        const auto q = quantize_weights(w, 2, f);
        QVERIFY(q);
        QCOMPARE(q->quantizers.size(), size_t{6});
        const float scales[] = {1, 2, 3, 1, 10, 0.1F};
        for (size_t i = 0; i < 6; ++i) QCOMPARE(q->params[i].scale, scales[i]);
        QCOMPARE(q->q, (std::vector<int16_t>{7, 1, 7, 1, 7, 4, -7, 7, 4, 7})); // ties: 3.5 twice
        const auto resolved = resolve_weight_format(w, 2, f);
        QCOMPARE(resolved->scale, (std::vector<float>{1, 2, 3, 1, 10, 0.7F / 7}));
        f.group_size = 100; // longer than a channel: as per channel
        QCOMPARE(quantize_weights(w, 2, f)->params.size(), size_t{2});
    }

    void unsigned_with_zero_points() {
        NumberFormat f = activation_integer(8);
        f.range = RangeRule();
        f.granularity = Granularity::channel;
        const std::vector<float> w{-1, 0, 254, -200, 55, 0};
        const auto q = quantize_weights(w, 2, f);
        QVERIFY(q);
        QCOMPARE(q->params[0].zero_point, 1);
        QCOMPARE(q->params[1].zero_point, 200);
        QCOMPARE(q->q, (std::vector<int16_t>{0, 1, 255, 0, 255, 200}));
        QCOMPARE(q->values, w);
    }

    void given_scales_stand() {
        NumberFormat f = weight_integer(8);
        f.scale = {0.5F, 0.25F};
        f.zero_point = {0, 0};
        const auto q = quantize_weights(std::vector<float>{1, 2, 1, 2}, 2, f);
        QVERIFY(q);
        QCOMPARE(q->q, (std::vector<int16_t>{2, 4, 4, 8}));
        QVERIFY(*resolve_weight_format(std::vector<float>{1, 2, 1, 2}, 2, f) == f);
        f.scale = {0.5F, 0.25F, 0.125F};
        f.zero_point.clear();
        const auto wrong = quantize_weights(std::vector<float>{1, 2, 1, 2}, 2, f);
        QVERIFY(!wrong);
        QCOMPARE(wrong.error().code, ErrorCode::invalid_input);
    }

    /// Li et al. 2016: threshold 0.7 mean |w|, scale the mean of |w| above it.
    void ternary_by_hand() {
        NumberFormat f = default_weight_format(FormatType::ternary);
        f.granularity = Granularity::tensor;
        const std::vector<float> w{4, -3, 0.5F, -0.5F, 0, 2}; // mean 10 / 6, threshold 7 / 6
        const auto resolved = resolve_weight_format(w, 2, f);
        QVERIFY(resolved);
        QCOMPARE(resolved->threshold, std::vector<float>{7.0F / 6});
        QCOMPARE(resolved->scale, std::vector<float>{3.0F});
        const auto q = quantize_weights(w, 2, f);
        QCOMPARE(q->q, (std::vector<int16_t>{1, -1, 0, 0, 0, 1}));
        QCOMPARE(q->values, (std::vector<float>{3, -3, 0, 0, 0, 3}));
    }

    /// S^2 / n of the largest n: 16, 24.5, 27, 22.6, ...: three.
    void ternary_of_least_error_by_hand() {
        NumberFormat f = default_weight_format(FormatType::ternary);
        f.range.type = RangeRuleType::mse;
        const std::vector<float> w{4, -3, 0.5F, -0.5F, 0, 2};
        const auto resolved = resolve_weight_format(w, 1, f);
        QCOMPARE(resolved->scale, std::vector<float>{3.0F});
        QCOMPARE(resolved->threshold, std::vector<float>{1.5F});
    }

    /// Rastegari et al. 2016: the mean of |w|.
    void binary_by_hand() {
        const std::vector<float> w{4, -3, 0.5F, -0.5F, 0, 2, -1, -1, -1, -1, -1, -1};
        const auto q = quantize_weights(w, 2, default_weight_format(FormatType::binary));
        QVERIFY(q);
        QCOMPARE(q->params[0].scale, 10.0F / 6);
        QCOMPARE(q->params[1].scale, 1.0F);
        QCOMPARE(q->q, (std::vector<int16_t>{1, -1, 1, -1, 1, 1, -1, -1, -1, -1, -1, -1}));
        const auto zeros = quantize_weights(std::vector<float>(4, 0.0F), 1, weight_integer(1));
        QVERIFY(zeros->values[0] <= 1e-8F); // there is no 0 to round to
    }

    void logarithmic_by_hand() {
        NumberFormat f = default_weight_format(FormatType::power_of_two, 3); // 1, 1/2, 1/4 of the scale
        f.granularity = Granularity::tensor;
        const std::vector<float> w{0.9F, -0.6F, 0.3F, 0.1F};
        const auto q = quantize_weights(w, 1, f);
        QCOMPARE(q->values, (std::vector<float>{1, -0.5F, 0.25F, 0}));
        QVERIFY(q->q.empty() && q->params.empty());
    }

    void float8_fills_its_range() {
        NumberFormat f = default_weight_format(FormatType::float8_e4m3);
        const auto resolved = resolve_weight_format(std::vector<float>{896, -4, 224, 100}, 2, f);
        QCOMPARE(resolved->scale, (std::vector<float>{2, 0.5F}));
    }

    void wide_integers_are_values_only() {
        const auto w = normal_weights(3, 40);
        for (const int bits : {9, 12, 16}) {
            const auto q = quantize_weights(w, 4, weight_integer(bits));
            QVERIFY(q && q->q.empty() && q->params.empty());
            QCOMPARE(q->quantizers.size(), size_t{4});
            for (size_t i = 0; i < w.size(); ++i)
                QVERIFY(std::fabs(w[i] - q->values[i]) <= 0.51F * q->quantizers[i / 10].affine().scale);
        }
    }

    /// Quantizing what is quantized already changes nothing.
    void is_idempotent_data() {
        QTest::addColumn<int>("type");
        for (const FormatType type : k_format_types)
            QTest::newRow(std::string(to_string(type)).c_str()) << static_cast<int>(type);
    }
    void is_idempotent() {
        QFETCH(int, type);
        const auto w = normal_weights(9, 400);
        for (const Granularity granularity : {Granularity::tensor, Granularity::channel, Granularity::group})
            for (const ScaleType scale_type : {ScaleType::real, ScaleType::power_of_two})
                for (const bool symmetric : {false, true}) {
                    NumberFormat f = default_weight_format(static_cast<FormatType>(type));
                    f.granularity = f.type == FormatType::codebook ? Granularity::tensor : granularity;
                    f.group_size = 7;
                    f.scale_type = scale_type;
                    if (f.type == FormatType::integer) f.symmetric = symmetric;
                    const auto resolved = resolve_weight_format(w, 4, f);
                    QVERIFY(resolved && validate(*resolved));
                    const auto once = quantize_weights(w, 4, *resolved);
                    const auto twice = quantize_weights(once->values, 4, *resolved);
                    QVERIFY(once->values == twice->values);
                    QVERIFY(once->q == twice->q);
                    QCOMPARE(quantize_weights(w, 4, f)->values, once->values);
                }
    }

    void least_squared_error_is_never_worse_data() { is_idempotent_data(); }
    void least_squared_error_is_never_worse() {
        QFETCH(int, type);
        for (uint64_t seed = 0; seed < 3; ++seed) {
            const auto w = normal_weights(seed, 4000);
            for (const bool symmetric : {false, true}) {
                NumberFormat f = default_weight_format(static_cast<FormatType>(type));
                if (f.type == FormatType::integer) f.symmetric = symmetric;
                if (f.type == FormatType::integer) f.bits = 3;
                const double minmax = error_of(w, f);
                f.range.type = RangeRuleType::mse;
                const double mse = error_of(w, f);
                QVERIFY2(mse <= minmax,
                         qPrintable(QStringLiteral("seed %1: %2 above %3").arg(seed).arg(mse).arg(minmax)));
                if (f.type == FormatType::integer) QVERIFY(mse < 0.8 * minmax);
            }
        }
    }

    void percentiles_and_entropy_cut_outliers() {
        auto w = normal_weights(1, 4000);
        w[17] = 100;
        NumberFormat f = weight_integer(8);
        f.granularity = Granularity::tensor;
        f.range = {RangeRuleType::percentile, 99.9, 0, 0};
        QVERIFY(resolve_weight_format(w, 4, f)->scale[0] < 1.0F / 127);
        f.range.type = RangeRuleType::entropy;
        QVERIFY(resolve_weight_format(w, 4, f)->scale[0] < 10.0F / 127);
        f.range = {RangeRuleType::given, 0, -2, 1};
        QCOMPARE(resolve_weight_format(w, 4, f)->scale[0], 2.0F / 127);
    }

    void hostile_weights_data() { is_idempotent_data(); }
    void hostile_weights() {
        QFETCH(int, type);
        const float tiny = std::numeric_limits<float>::denorm_min(), huge = std::numeric_limits<float>::max();
        const std::vector<std::vector<float>> cases = {
            {},          {0, 0, 0, 0}, {tiny, -tiny, 0, tiny}, {huge, -huge, 0, 1}, {1e-30F, 1e30F, 1, -1},
            {1, 1, 1, 1}};
        for (const RangeRuleType rule :
             {RangeRuleType::minmax, RangeRuleType::moving_average, RangeRuleType::percentile,
              RangeRuleType::mse, RangeRuleType::entropy})
            for (const auto& w : cases) {
                NumberFormat f = default_weight_format(static_cast<FormatType>(type));
                f.range.type = rule;
                f.granularity = Granularity::tensor;
                const auto resolved = resolve_weight_format(w, 1, f);
                QVERIFY(resolved && validate(*resolved));
                const auto q = quantize_weights(w, 1, f);
                QVERIFY(q);
                for (const float v : q->values) QVERIFY(std::isfinite(v));
            }
    }

    void refuses_what_cannot_be() {
        QVERIFY(!quantize_weights(std::vector<float>{1, std::nanf("")}, 1, weight_integer(8)));
        QVERIFY(!quantize_weights(std::vector<float>{1, HUGE_VALF}, 1, float32_format()));
        QVERIFY(!quantize_weights(std::vector<float>{1, 2, 3}, 2, weight_integer(8)));
        NumberFormat f = weight_integer(8);
        f.bits = 20;
        QVERIFY(!quantize_weights(std::vector<float>{1}, 1, f));
        f = activation_integer(8);
        f.range.type = RangeRuleType::dynamic;
        QVERIFY(!quantize_weights(std::vector<float>{1}, 1, f));
    }
};

QTEST_APPLESS_MAIN(TestWeightQuantization)
#include "tst_weight_quantization.moc"
