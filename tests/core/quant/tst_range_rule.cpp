#include "core/base/rng.h"
#include "core/quant/range_rule.h"
#include "core/quant/range_search.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

using namespace widthwise;

namespace {

/// All but codebooks, whose levels come from the values themselves.
constexpr std::span k_ranged_types = std::span(k_format_types).first<k_format_types.size() - 1>();
static_assert(k_format_types.back() == FormatType::codebook);

std::vector<float> normal_values(uint64_t seed, size_t n, double deviation) {
    Rng rng(seed);
    std::vector<float> values(n);
    for (float& v : values) v = static_cast<float>(rng.normal() * deviation);
    return values;
}

/// As activations are: many zeros and a long tail on one side.
std::vector<float> rectified_values(uint64_t seed, size_t n) {
    Rng rng(seed);
    std::vector<float> values(n);
    for (float& v : values) v = static_cast<float>(std::max(0.0, rng.normal() * std::exp(rng.normal() / 2)));
    return values;
}

/// One large negative tail, a small positive side.
std::vector<float> skewed_values(uint64_t seed, size_t n) {
    Rng rng(seed);
    std::vector<float> values(n);
    for (float& v : values)
        v = static_cast<float>(rng.uniform() < 0.5 ? rng.normal() * 0.3 : std::log(1 - rng.uniform()));
    return values;
}

TensorStatistics statistics_of(std::span<const float> values) {
    TensorStatistics s;
    s.add(0, 1, values);
    return s;
}

NumberFormat with_rule(NumberFormat f, RangeRuleType rule) {
    f.range.type = rule;
    return f;
}

double error_of(std::span<const float> values, const NumberFormat& f, Range range) {
    const Quantizer quantizer = quantizer_of(f, scale_for_range(range.lo, range.hi, f));
    double sum = 0;
    for (const float v : values)
        sum += std::pow(static_cast<double>(v) - static_cast<double>(quantizer.round(v)), 2);
    return sum;
}

/// Straight from the definition: distributions P and Q bin by bin for one threshold.
double divergence_by_definition(const std::map<int, double>& bins, int threshold, Range range, double width,
                                const NumberFormat& format) {
    std::map<int, double> p, raw;
    double below = 0, above = 0, total = 0, inside = 0;
    for (const auto& [bin, n] : bins) {
        total += n;
        if (bin < -threshold)
            below += n;
        else if (bin >= threshold)
            above += n;
        else {
            p[bin] = raw[bin] = n;
            inside += n;
        }
    }
    if (p.empty()) return HUGE_VAL;
    p.begin()->second += below;
    p.rbegin()->second += above;
    const Quantizer quantizer = quantizer_of(format, scale_for_range(range.lo, range.hi, format));
    const auto cell = [&](int bin) { return quantizer.round(static_cast<float>((bin + 0.5) * width)); };
    std::map<float, std::pair<double, int>> cells;
    for (const auto& [bin, n] : raw) {
        cells[cell(bin)].first += n;
        cells[cell(bin)].second += 1;
    }
    double sum = 0;
    for (const auto& [bin, n] : p) {
        const auto& [mass, count] = cells.at(cell(bin));
        const double q = mass / count / inside;
        sum += n / total * std::log((n / total) / q);
    }
    return sum;
}

Range entropy_by_definition(const Histogram& h, const NumberFormat& format) {
    const bool affine = format.type == FormatType::integer && !format.symmetric;
    std::map<int, double> bins;
    int reach = 0;
    for (int bin = -Histogram::k_half_bins; bin < Histogram::k_half_bins; ++bin) {
        const auto index = static_cast<size_t>(bin + Histogram::k_half_bins);
        const auto n = static_cast<double>(h.bins()[index] - (bin == 0 ? h.zeros() : 0));
        if (n == 0) continue;
        const int magnitude = bin >= 0 ? bin : -bin - 1;
        bins[affine ? bin : magnitude] += n;
        reach = std::max(reach, magnitude + 1);
    }
    Range best{h.min(), h.max()};
    double least = HUGE_VAL;
    for (int threshold = 128; threshold < reach + 8; threshold += 8) {
        const int t = std::min(threshold, reach);
        const Range range{std::max<double>(h.min(), -t * h.bin_width()),
                          std::min<double>(h.max(), t * h.bin_width())};
        const double d = divergence_by_definition(bins, t, range, h.bin_width(), format);
        if (d < least - 1e-12) {
            least = d;
            best = range;
        }
    }
    return best;
}

} // namespace

class TestRangeRule : public QObject {
    Q_OBJECT
private slots:
    void merging_in_any_order_is_the_same() {
        const uint64_t seed = 31;
        Rng rng(seed);
        constexpr int64_t images = 150, each = 40;
        const auto values = rectified_values(seed, images * each);
        const auto part = [&](int64_t first, int64_t count) {
            return std::span(values).subspan(static_cast<size_t>(first * each),
                                             static_cast<size_t>(count * each));
        };
        TensorStatistics whole;
        whole.add(0, images, values);
        for (int attempt = 0; attempt < 10; ++attempt) {
            // Batches of random length in a random order, spread over three accumulators.
            std::vector<std::pair<int64_t, int64_t>> batches;
            for (int64_t first = 0; first < images;) {
                const auto n = std::min<int64_t>(1 + static_cast<int64_t>(rng.below(50)), images - first);
                batches.emplace_back(first, n);
                first += n;
            }
            for (size_t i = batches.size(); i-- > 1;) std::swap(batches[i], batches[rng.below(i + 1)]);
            TensorStatistics parts[3];
            for (const auto& [first, n] : batches) parts[rng.below(3)].add(first, n, part(first, n));
            TensorStatistics merged;
            for (const int i : {2, 0, 1}) merged.merge(parts[i]);
            QVERIFY2(merged == whole, "seed 31");
            for (const FormatType type : k_format_types) {
                const NumberFormat f = default_activation_format(type);
                QVERIFY(scale_from_statistics(merged, f) == scale_from_statistics(whole, f));
            }
        }
    }

    /// Batches of 32 images: maxima 1, 2, 4; 0.9 * (0.9 * 1 + 0.1 * 2) + 0.1 * 4 = 1.39.
    void moving_average_by_hand() {
        TensorStatistics s;
        const auto image = [&](int64_t index, float lo, float hi) {
            s.add(index, 1, std::vector<float>{lo, 0, hi});
        };
        image(64, -4, 3); // the order of arrival does not matter
        image(95, -1, 4);
        image(0, -1, 1);
        image(31, -0.5F, 0.5F);
        image(32, -2, 2);
        const Range range = choose_range(s, with_rule(activation_integer(8), RangeRuleType::moving_average));
        QCOMPARE(range.hi, 1.39);
        QCOMPARE(range.lo, -1.39);
        image(200, std::nanf(""), std::numeric_limits<float>::infinity()); // its 0 counts
        QCOMPARE(s.moving.range().hi, 1.39 * 0.9);
        QCOMPARE(MovingRange().range(), Range());
    }

    void percentile_and_given() {
        std::vector<float> values(9998);
        for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 9998;
        values.push_back(100);
        values.push_back(-100);
        const TensorStatistics s = statistics_of(values);
        NumberFormat f = activation_integer(8);
        QCOMPARE(choose_range(s, with_rule(f, RangeRuleType::minmax)).hi, 100.0);
        f.range.percentile = 99.9;
        QVERIFY(choose_range(s, f).hi < 1.2); // the two outliers are cut
        QVERIFY(choose_range(s, f).lo > -1);
        f.range.percentile = 90; // 5 % on either side
        QVERIFY(std::fabs(choose_range(s, f).lo - 0.05) < 0.03 &&
                std::fabs(choose_range(s, f).hi - 0.95) < 0.03);
        f.range = {RangeRuleType::given, 0, -2, 3};
        QCOMPARE(choose_range(s, f), (Range{-2, 3}));
        QCOMPARE(choose_range(TensorStatistics(), f), (Range{-2, 3}));
        QCOMPARE(choose_range(TensorStatistics(), activation_integer(8)), Range());
    }

    /// Steps of the best uniform quantizers of a standard normal source: Max 1960, table II, for 3, 7 and 15
    /// levels.
    void least_squared_error_of_a_normal_source() {
        const TensorStatistics s = statistics_of(normal_values(7, 200000, 1));
        const std::pair<int, double> table[] = {{2, 1.224}, {3, 0.6508}, {4, 0.3534}};
        for (const auto& [bits, step] : table) {
            const NumberFormat f = with_rule(weight_integer(bits), RangeRuleType::mse);
            const auto scale = static_cast<double>(scale_from_statistics(s, f).scale);
            QVERIFY2(std::fabs(scale / step - 1) < 0.02, qPrintable(QString::number(scale)));
        }
    }

    /// Against trying every pair of ends on a grid.
    void least_squared_error_comes_near_brute_force() {
        const auto values = skewed_values(3, 3000);
        const auto [lo, hi] = std::minmax_element(values.begin(), values.end());
        const Range whole{*lo, *hi};
        for (const int bits : {2, 3, 4, 6}) {
            const NumberFormat f = activation_integer(bits);
            double least = error_of(values, f, whole);
            for (int i = 1; i <= 40; ++i)
                for (int j = 1; j <= 40; ++j)
                    least = std::min(least, error_of(values, f, {whole.lo * i / 40, whole.hi * j / 40}));
            const double found = error_of(values, f, mse_range(samples_of(values), whole, f));
            QVERIFY2(found <= 1.02 * least,
                     qPrintable(QStringLiteral("%1 bits: %2 above %3").arg(bits).arg(found).arg(least)));
        }
    }

    void least_squared_error_is_never_worse_than_minmax_data() {
        QTest::addColumn<int>("type");
        for (const FormatType type : k_ranged_types)
            QTest::newRow(std::string(to_string(type)).c_str()) << static_cast<int>(type);
    }
    void least_squared_error_is_never_worse_than_minmax() {
        QFETCH(int, type);
        for (uint64_t seed = 0; seed < 4; ++seed)
            for (const auto& values :
                 {normal_values(seed, 5000, 3), rectified_values(seed, 5000), skewed_values(seed, 5000)})
                for (const ScaleType scale_type : {ScaleType::real, ScaleType::power_of_two}) {
                    const TensorStatistics s = statistics_of(values);
                    NumberFormat f = default_activation_format(static_cast<FormatType>(type));
                    f.scale_type = scale_type;
                    const auto db = [&](RangeRuleType rule) {
                        const NumberFormat g = with_rule(f, rule);
                        return expected_sqnr_db(s.histogram, quantizer_of(g, scale_from_statistics(s, g)));
                    };
                    QVERIFY2(db(RangeRuleType::mse) >= db(RangeRuleType::minmax),
                             qPrintable(QString::number(seed)));
                }
    }

    void entropy_matches_its_definition_data() {
        QTest::addColumn<int>("values");
        QTest::addColumn<int>("bits");
        QTest::addColumn<bool>("symmetric");
        for (int values = 0; values < 3; ++values)
            for (const int bits : {4, 8})
                for (const bool symmetric : {false, true})
                    QTest::addRow("values %d in %s%d", values, symmetric ? "int" : "uint", bits)
                        << values << bits << symmetric;
    }
    void entropy_matches_its_definition() {
        QFETCH(int, values);
        QFETCH(int, bits);
        QFETCH(bool, symmetric);
        auto x = values == 0   ? normal_values(1, 20000, 1)
                 : values == 1 ? rectified_values(2, 20000)
                               : skewed_values(3, 20000);
        x.push_back(30);
        const TensorStatistics s = statistics_of(x);
        const NumberFormat f =
            with_rule(symmetric ? weight_integer(bits) : activation_integer(bits), RangeRuleType::entropy);
        const Range found = choose_range(s, f), expected = entropy_by_definition(s.histogram, f);
        QCOMPARE(found, expected);
        QVERIFY(found.hi < 30); // the outlier is cut
    }

    void entropy_keeps_what_has_no_tail() {
        Rng rng(6);
        std::vector<float> x(50000);
        for (float& v : x) v = static_cast<float>(rng.uniform(-1, 1));
        const Range range =
            choose_range(statistics_of(x), with_rule(weight_integer(8), RangeRuleType::entropy));
        QVERIFY(range.hi > 0.95 && range.lo < -0.95);
    }

    void means_from_bins_are_near_those_of_the_values() {
        const auto values = rectified_values(4, 20000);
        const TensorStatistics s = statistics_of(values);
        for (const FormatType type : {FormatType::ternary, FormatType::binary})
            for (const RangeRuleType rule : {RangeRuleType::percentile, RangeRuleType::mse}) {
                const NumberFormat f = with_rule(default_activation_format(type), rule);
                const ResolvedScale a = scale_from_statistics(s, f), b = scale_from_values(values, f);
                QVERIFY(std::fabs(a.scale / b.scale - 1) < 0.01F);
                QVERIFY(std::fabs(a.threshold - b.threshold) < 0.01F * b.scale);
            }
    }

    void parameters_of_a_range() {
        const auto scale = [](FormatType type, double lo, double hi) {
            return scale_for_range(lo, hi, default_activation_format(type));
        };
        QCOMPARE(scale(FormatType::float8_e4m3, -1, 896).scale, 2.0F);
        QCOMPARE(scale(FormatType::float8_e5m2, -57344, 1).scale, 1.0F);
        QCOMPARE(scale(FormatType::power_of_two, -1.4, 0).scale, 1.0F); // below sqrt(2)
        QCOMPARE(scale(FormatType::power_of_two, -1.42, 0).scale, 2.0F);
        QCOMPARE(scale(FormatType::ternary, -3, 1), (ResolvedScale{3, 0, 1.5F}));
        QCOMPARE(scale(FormatType::binary, -3, 1), (ResolvedScale{3, 0, 0}));
        QCOMPARE(scale(FormatType::integer, -1, 3).zero_point, 64); // 63.75
        QCOMPARE(scale(FormatType::bfloat16, -3, 3), ResolvedScale());
        NumberFormat f = default_activation_format(FormatType::float8_e4m3);
        f.scale_type = ScaleType::power_of_two;
        QCOMPARE(scale_for_range(0, 500, f).scale, 2.0F);
    }

    void appending_keeps_what_the_type_needs() {
        NumberFormat affine = activation_integer(8), ternary = default_weight_format(FormatType::ternary),
                     half = default_weight_format(FormatType::float16);
        for (NumberFormat* f : {&affine, &ternary, &half}) append_scale({2, 3, 1}, *f);
        QVERIFY(affine.scale.size() == 1 && affine.zero_point[0] == 3 && affine.threshold.empty());
        QVERIFY(ternary.zero_point.empty() && ternary.threshold[0] == 1);
        QVERIFY(half == default_weight_format(FormatType::float16));
    }

    void hostile_statistics() {
        const float infinity = std::numeric_limits<float>::infinity(),
                    huge = std::numeric_limits<float>::max();
        const std::vector<std::vector<float>> cases = {{},
                                                       {0, 0},
                                                       {std::nanf(""), infinity, -infinity},
                                                       {std::numeric_limits<float>::denorm_min()},
                                                       {huge, -huge},
                                                       {1e-38F, 1e38F, -1},
                                                       {std::nanf(""), 1}};
        for (const auto& values : cases)
            for (const FormatType type : k_ranged_types)
                for (const RangeRuleType rule :
                     {RangeRuleType::minmax, RangeRuleType::moving_average, RangeRuleType::percentile,
                      RangeRuleType::mse, RangeRuleType::entropy}) {
                    NumberFormat f = with_rule(default_activation_format(type), rule);
                    const TensorStatistics s = statistics_of(values);
                    append_scale(scale_from_statistics(s, f), f);
                    QVERIFY(validate(f));
                    const Quantizer quantizer(f, 0);
                    QVERIFY(std::isfinite(quantizer.highest()) && std::isfinite(quantizer.lowest()));
                    QVERIFY(!std::isnan(expected_sqnr_db(s.histogram, quantizer)));
                }
    }

    void expected_sqnr_matches_the_measured_one() {
        const auto values = normal_values(21, 50000, 0.7);
        const TensorStatistics s = statistics_of(values);
        for (const FormatType type : k_ranged_types)
            for (const int bits : {2, 4, 6, 8}) {
                NumberFormat f = default_activation_format(type);
                if (f.is_small_float() && type != FormatType::float8_e4m3 && type != FormatType::float8_e5m2)
                    continue;
                if (type == FormatType::float32) continue;
                if (f.bits == 8 && !f.is_small_float()) f.bits = bits;
                const Quantizer quantizer = quantizer_of(f, scale_from_statistics(s, f));
                std::vector<float> back(values.size());
                quantizer.round(values, back);
                const double measured = sqnr_db(values, back),
                             expected = expected_sqnr_db(s.histogram, quantizer);
                QVERIFY2(std::fabs(measured - expected) < 0.3, qPrintable(QStringLiteral("%1: %2 against %3")
                                                                              .arg(f.to_string().c_str())
                                                                              .arg(measured)
                                                                              .arg(expected)));
            }
    }

    void exact_zeros_cost_nothing_but_in_binary() {
        const TensorStatistics s = statistics_of(std::vector<float>(1000, 0.0F));
        NumberFormat f = activation_integer(2);
        QVERIFY(expected_sqnr_db(s.histogram, quantizer_of(f, {1, 0, 0})) > 1e300);
        f = default_activation_format(FormatType::binary);
        QVERIFY(expected_sqnr_db(s.histogram, quantizer_of(f, {1, 0, 0})) < -1e300); // noise without signal
    }
};

QTEST_APPLESS_MAIN(TestRangeRule)
#include "tst_range_rule.moc"
