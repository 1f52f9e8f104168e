// Properties of every number type, at random scales of many magnitudes.
#include "core/base/rng.h"
#include "core/quant/range_rule.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace widthwise;

namespace {

constexpr float k_infinity = std::numeric_limits<float>::infinity();

/// Every type, width and shape, with parameters for a range of magnitude 2^[-20, 20].
std::vector<NumberFormat> random_formats(uint64_t seed) {
    std::vector<NumberFormat> formats;
    Rng rng(seed);
    const auto add = [&](NumberFormat f) {
        const double magnitude = std::exp2(rng.uniform(-20, 20));
        append_scale(scale_for_range(-magnitude * rng.uniform(), magnitude, f), f);
        formats.push_back(std::move(f));
    };
    for (int bits = 2; bits <= 16; ++bits) {
        add(weight_integer(bits));
        NumberFormat f = weight_integer(bits);
        f.narrow = false;
        add(f);
        f.scale_type = ScaleType::power_of_two;
        add(f);
        f.symmetric = false;
        add(f);
        f.scale_type = ScaleType::real;
        add(f);
        f.narrow = true;
        add(f);
        add(default_weight_format(FormatType::fixed_point, bits));
        add(default_weight_format(FormatType::dynamic_fixed_point, bits));
    }
    NumberFormat unsigned_bit = activation_integer(8);
    unsigned_bit.bits = 1;
    add(unsigned_bit);
    for (int bits = 2; bits <= 8; ++bits) add(default_weight_format(FormatType::power_of_two, bits));
    for (const FormatType type : {FormatType::float16, FormatType::bfloat16, FormatType::float8_e4m3,
                                  FormatType::float8_e5m2, FormatType::ternary, FormatType::binary}) {
        add(default_weight_format(type));
        NumberFormat f = default_weight_format(type);
        f.scale_type = ScaleType::power_of_two;
        add(f);
    }
    for (int bits = 1; bits <= 8; ++bits) {
        NumberFormat f = default_weight_format(FormatType::codebook, bits);
        const double magnitude = std::exp2(rng.uniform(-20, 20));
        for (uint64_t i = rng.below(uint64_t{1} << bits) + 1; i > 0; --i)
            f.codebook.push_back(static_cast<float>(magnitude * rng.normal()));
        std::ranges::sort(f.codebook);
        f.codebook.erase(std::ranges::unique(f.codebook).begin(), f.codebook.end());
        formats.push_back(std::move(f));
    }
    return formats;
}

QByteArray about(const NumberFormat& f, uint64_t seed, double x, double y) {
    return QStringLiteral("seed %1, %2, scale %3: %4 became %5")
        .arg(seed)
        .arg(QString::fromStdString(f.to_string()))
        .arg(f.scale.empty() ? 1.0 : static_cast<double>(f.scale[0]))
        .arg(x)
        .arg(y)
        .toUtf8();
}

} // namespace

class TestQuantizer : public QObject {
    Q_OBJECT
    static void seeds() {
        QTest::addColumn<int>("seed");
        for (int seed = 0; seed < 10; ++seed) QTest::addRow("seed %d", seed) << seed;
    }
private slots:
    void formats_are_valid_data() { seeds(); }
    void formats_are_valid() {
        QFETCH(int, seed);
        for (const NumberFormat& f : random_formats(static_cast<uint64_t>(seed))) {
            const auto ok = validate(f);
            QVERIFY2(ok, ok ? "" : ok.error().message.c_str());
        }
    }

    void every_level_stands_data() { seeds(); }
    void every_level_stands() {
        QFETCH(int, seed);
        for (const NumberFormat& f : random_formats(static_cast<uint64_t>(seed))) {
            const Quantizer quantizer(f, 0);
            const std::vector<float> levels = quantizer.levels();
            QVERIFY(!levels.empty());
            QVERIFY(std::is_sorted(levels.begin(), levels.end()));
            QVERIFY(std::adjacent_find(levels.begin(), levels.end()) == levels.end());
            QCOMPARE(static_cast<int64_t>(levels.size()), facts(f).levels);
            QCOMPARE(levels.front(), quantizer.lowest());
            QCOMPARE(levels.back(), quantizer.highest());
            std::vector<float> rounded(levels.size());
            quantizer.round(levels, rounded);
            for (size_t i = 0; i < levels.size(); ++i)
                if (!(rounded[i] == levels[i]))
                    QFAIL(about(f, seed, static_cast<double>(levels[i]), static_cast<double>(rounded[i])));
        }
    }

    void errors_meet_their_bounds_data() { seeds(); }
    void errors_meet_their_bounds() {
        QFETCH(int, seed);
        Rng rng(1000 + static_cast<uint64_t>(seed));
        for (const NumberFormat& f : random_formats(static_cast<uint64_t>(seed))) {
            const Quantizer quantizer(f, 0);
            const FormatFacts known = facts(f);
            const double lowest = quantizer.lowest(), highest = quantizer.highest();
            const std::vector<float> levels = quantizer.levels();
            for (int i = 0; i < 300; ++i) {
                // Evenly, and over many magnitudes.
                double x = rng.uniform(lowest, highest);
                if (i % 2 == 1) x *= std::exp2(-rng.uniform(0, 40));
                const auto in = static_cast<float>(x);
                if (static_cast<double>(in) < lowest || static_cast<double>(in) > highest) continue;
                const float out = quantizer.round(in);
                const double error = std::fabs(static_cast<double>(in) - static_cast<double>(out));
                if (!(error <= quantizer.max_error(in))) QFAIL(about(f, seed, x, static_cast<double>(out)));
                if (!(error <= known.max_absolute_error * (1 + 1e-6) + std::fabs(x) * 1e-6))
                    QFAIL(about(f, seed, x, static_cast<double>(out)));
                if (!(std::binary_search(levels.begin(), levels.end(), out)))
                    QFAIL(about(f, seed, x, static_cast<double>(out)));
            }
        }
    }

    /// A second method: the levels themselves, searched for the nearest.
    void rounds_to_the_nearest_level_data() { seeds(); }
    void rounds_to_the_nearest_level() {
        QFETCH(int, seed);
        Rng rng(2000 + static_cast<uint64_t>(seed));
        for (const NumberFormat& f : random_formats(static_cast<uint64_t>(seed))) {
            if (f.type == FormatType::power_of_two) continue; // nearest in the logarithm, tested below
            const Quantizer quantizer(f, 0);
            const std::vector<float> levels = quantizer.levels();
            for (int i = 0; i < 100; ++i) {
                const auto x = static_cast<float>(rng.normal() * static_cast<double>(quantizer.highest()) *
                                                  std::exp2(-rng.uniform(0, 12)));
                const auto distance = [&](float level) {
                    return std::fabs(static_cast<double>(level) - static_cast<double>(x));
                };
                const auto above = std::lower_bound(levels.begin(), levels.end(), x);
                double least = std::numeric_limits<double>::infinity();
                if (above != levels.end()) least = distance(*above);
                if (above != levels.begin()) least = std::min(least, distance(above[-1]));
                const float y = quantizer.round(x);
                // The quotient by the scale is rounded, which may decide near a tie.
                if (!(distance(y) <= least + std::fabs(static_cast<double>(x)) * 1e-6))
                    QFAIL(about(f, seed, static_cast<double>(x), static_cast<double>(y)));
            }
        }
    }

    void one_and_many_agree_also_in_place() {
        const uint64_t seed = 5;
        Rng rng(seed);
        for (const NumberFormat& f : random_formats(seed)) {
            const Quantizer quantizer(f, 0);
            std::vector<float> values(67);
            for (float& v : values)
                v = static_cast<float>(rng.normal() * static_cast<double>(quantizer.highest()));
            values.insert(values.end(), {0.0F, -0.0F, k_infinity, -k_infinity, std::nanf("")});
            std::vector<float> expected;
            for (const float v : values) expected.push_back(quantizer.round(v));
            quantizer.round(values, values);
            QCOMPARE(values, expected);
        }
    }

    void hostile_values_data() { seeds(); }
    void hostile_values() {
        QFETCH(int, seed);
        for (const NumberFormat& f : random_formats(static_cast<uint64_t>(seed))) {
            const Quantizer quantizer(f, 0);
            QCOMPARE(quantizer.round(k_infinity), quantizer.highest());
            QCOMPARE(quantizer.round(-k_infinity), quantizer.lowest());
            QCOMPARE(quantizer.round(std::numeric_limits<float>::max()), quantizer.highest());
            float zero = f.type == FormatType::binary ? f.scale[0] : 0.0F;
            const auto magnitude = [](float level) { return std::fabs(level); };
            if (f.type == FormatType::codebook) zero = std::ranges::min(f.codebook, {}, magnitude);
            QVERIFY(quantizer.round(0.0F) == zero);
            QVERIFY(quantizer.round(std::nanf("")) == zero);
            QVERIFY(quantizer.round(std::numeric_limits<float>::denorm_min()) == zero);
        }
    }

    void the_uniform_grid_is_that_of_the_codes() {
        Rng rng(77);
        for (const NumberFormat& f : random_formats(77)) {
            const Quantizer quantizer(f, 0);
            if (!f.is_integer() || f.type == FormatType::ternary || f.type == FormatType::binary) continue;
            for (int i = 0; i < 50; ++i) {
                const auto x = static_cast<float>(rng.normal() * static_cast<double>(quantizer.highest()));
                const AffineParams& p = quantizer.affine();
                QVERIFY(quantizer.round(x) == p.dequantize(quantize_value(x, p)));
            }
        }
    }

    void ties_go_to_even_and_zero_is_positive_in_binary() {
        NumberFormat f = weight_integer(4);
        f.scale = {2.0F};
        const Quantizer integer(f, 0);
        QCOMPARE(integer.round(1.0F), 0.0F); // 0.5 steps
        QCOMPARE(integer.round(3.0F), 4.0F); // 1.5 steps
        QCOMPARE(integer.round(-5.0F), -4.0F);
        NumberFormat b = default_weight_format(FormatType::binary);
        b.scale = {3.0F};
        QCOMPARE(Quantizer(b, 0).round(0.0F), 3.0F);
        QCOMPARE(Quantizer(b, 0).round(-0.0F), 3.0F);
        QCOMPARE(Quantizer(b, 0).round(-1e-30F), -3.0F);
    }

    void ternary_threshold_belongs_to_zero() {
        NumberFormat f = default_weight_format(FormatType::ternary);
        f.scale = {2.0F};
        f.threshold = {0.5F};
        const Quantizer q(f, 0);
        QCOMPARE(q.round(0.5F), 0.0F);
        QCOMPARE(q.round(-0.50001F), -2.0F);
        f.threshold.clear();
        QCOMPARE(Quantizer(f, 0).round(0.99F), 0.0F); // half the scale
        QCOMPARE(Quantizer(f, 0).round(1.01F), 2.0F);
    }

    /// log4 at scale 1: 1, 1/2, .. 1/64; boundaries at level / sqrt(2).
    void powers_of_two_round_in_the_logarithm() {
        NumberFormat f = default_weight_format(FormatType::power_of_two, 4);
        f.scale = {1.0F};
        const Quantizer q(f, 0);
        const std::pair<float, float> cases[] = {
            {1.0F, 1.0F},         {0.7072F, 1.0F},      {0.7071F, 0.5F}, {-0.36F, -0.5F}, {-0.353F, -0.25F},
            {0.0156F, 0.015625F}, {0.0111F, 0.015625F}, {0.0110F, 0.0F}, {100.0F, 1.0F},  {-7.0F, -1.0F}};
        for (const auto& [in, out] : cases) QCOMPARE(q.round(in), out);
        // The two floats next to sqrt(1/2) = 0.70710678118...
        QVERIFY(q.round(0.70710677F) == 0.5F && q.round(0.70710683F) == 1.0F);
        QCOMPARE(q.levels().size(), size_t{15});
        // Against the formula, 2^round(log2 x).
        Rng rng(8);
        for (int i = 0; i < 1000; ++i) {
            const auto x = static_cast<float>(std::exp2(rng.uniform(-6.4, 0.4)));
            QCOMPARE(q.round(x), static_cast<float>(std::exp2(std::nearbyint(std::log2(x)))));
        }
        f.bits = 2;
        QCOMPARE(Quantizer(f, 0).levels(), (std::vector<float>{-1, 0, 1}));
    }

    void float8_is_scaled() {
        NumberFormat f = default_weight_format(FormatType::float8_e4m3);
        f.scale = {0.5F};
        const Quantizer q(f, 0);
        QCOMPARE(q.highest(), 224.0F);
        QCOMPARE(q.round(100.0F), 96.0F); // 200, the tie of 192 (1.100 * 2^7, even) and 208 (1.101 * 2^7)
        QCOMPARE(q.round(101.0F), 104.0F);
        QCOMPARE(q.round(1e9F), 224.0F);
    }

    void integers_of_32_bits_keep_f32_precision() {
        NumberFormat f = weight_integer(8);
        f.bits = 32;
        append_scale(scale_for_range(-3, 3, f), f);
        const Quantizer q(f, 0);
        Rng rng(4);
        for (int i = 0; i < 1000; ++i) {
            const auto x = static_cast<float>(rng.uniform(-3, 3));
            QVERIFY(std::fabs(static_cast<double>(q.round(x)) - static_cast<double>(x)) <= q.max_error(x));
        }
        QVERIFY(q.levels().empty());
    }

    void float32_passes_on() {
        const Quantizer q;
        QCOMPARE(q.round(1.2345678F), 1.2345678F);
        QVERIFY(std::isnan(q.round(std::nanf(""))));
        QVERIFY(std::isinf(q.round(k_infinity)));
        QCOMPARE(q.max_error(7), 0.0);
        QVERIFY(Quantizer(float32_format(), 0) == q);
    }

    void scales_are_chosen_by_index() {
        NumberFormat f = activation_integer(8);
        f.scale = {1.0F, 2.0F};
        f.zero_point = {0, 128};
        QCOMPARE(Quantizer(f, 1).lowest(), -256.0F);
        f.scale = {4.0F};
        f.zero_point.clear();
        QCOMPARE(Quantizer(f, 3).affine().scale, 4.0F); // one for all
    }

    void level_limits() {
        const Quantizer fp16(default_weight_format(FormatType::float16), 0);
        QCOMPARE(fp16.levels().size(), size_t{63487});
        QVERIFY(fp16.levels(1000).empty());
        NumberFormat f = weight_integer(8);
        f.scale = {1.0F};
        QVERIFY(Quantizer(f, 0).levels(254).empty());
        QCOMPARE(Quantizer(f, 0).levels(255).size(), size_t{255});
    }
};

QTEST_APPLESS_MAIN(TestQuantizer)
#include "tst_quantizer.moc"
