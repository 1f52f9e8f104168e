// Rounding to small floats against every code of each format, decoded here from the standards' definitions.
#include "core/base/rng.h"
#include "core/quant/small_float.h"

#include <QTest>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

using namespace widthwise;

namespace {

struct Layout {
    FormatType type;
    int exponent_bits, mantissa_bits;
    unsigned codes; ///< finite, not negative ones: 0 .. codes - 1
};

/// IEEE 754 interchange formats have the largest exponent for infinities and NaN; E4M3 only S.1111.111 for
/// NaN.
constexpr Layout k_layouts[] = {
    {FormatType::float16, 5, 10, 0x7C00},
    {FormatType::bfloat16, 8, 7, 0x7F80},
    {FormatType::float8_e4m3, 4, 3, 0x7F},
    {FormatType::float8_e5m2, 5, 2, 0x7C},
};

double decode(const Layout& layout, unsigned code) {
    const int bias = (1 << (layout.exponent_bits - 1)) - 1;
    const int exponent = static_cast<int>(code >> layout.mantissa_bits);
    const unsigned mantissa = code & ((1U << layout.mantissa_bits) - 1);
    const double fraction = std::ldexp(static_cast<double>(mantissa), -layout.mantissa_bits);
    return exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias);
}

std::vector<double> table_of(const Layout& layout) {
    std::vector<double> table;
    for (unsigned code = 0; code < layout.codes; ++code) table.push_back(decode(layout, code));
    return table;
}

/// Nearest entry, ties to the even code, beyond the end the last.
double nearest(const std::vector<double>& table, double x) {
    const double magnitude = std::fabs(x);
    const auto above =
        static_cast<size_t>(std::lower_bound(table.begin(), table.end(), magnitude) - table.begin());
    size_t best = std::min(above, table.size() - 1);
    if (above > 0 && above < table.size()) {
        const double down = magnitude - table[above - 1], up = table[above] - magnitude;
        if (down < up || (down == up && (above - 1) % 2 == 0)) best = above - 1;
    }
    return std::copysign(table[best], x);
}

} // namespace

class TestSmallFloat : public QObject {
    Q_OBJECT
    static void rows() {
        QTest::addColumn<int>("format");
        for (int i = 0; i < 4; ++i) QTest::newRow(std::string(to_string(k_layouts[i].type)).c_str()) << i;
    }
private slots:
    /// The extremes as the standards print them.
    void decoding_is_right() {
        QCOMPARE(table_of(k_layouts[0]).back(), 65504.0);
        QCOMPARE(table_of(k_layouts[0])[1], 5.960464477539063e-08);
        QCOMPARE(table_of(k_layouts[0])[0x3C00], 1.0);
        QCOMPARE(table_of(k_layouts[1])[1], 9.183549615799121e-41);
        QCOMPARE(table_of(k_layouts[2]).back(), 448.0);
        QCOMPARE(table_of(k_layouts[2])[1], 0.001953125);
        QCOMPARE(table_of(k_layouts[2])[0x38], 1.0);
        QCOMPARE(table_of(k_layouts[3]).back(), 57344.0);
        QCOMPARE(table_of(k_layouts[3])[1], 1.52587890625e-05);
    }

    void every_code_stands_data() { rows(); }
    void every_code_stands() {
        QFETCH(int, format);
        const Layout& layout = k_layouts[format];
        const SmallFloat f = small_float(layout.type);
        for (const double value : table_of(layout)) {
            const auto x = static_cast<float>(value);
            QVERIFY(round_to(f, x) == x); // QCOMPARE is fuzzy
            QVERIFY(round_to(f, -x) == -x);
        }
        QCOMPARE(static_cast<double>(f.largest), table_of(layout).back());
        QCOMPARE(f.smallest(), table_of(layout)[1]);
    }

    void every_tie_goes_to_even_data() { rows(); }
    void every_tie_goes_to_even() {
        QFETCH(int, format);
        const Layout& layout = k_layouts[format];
        const SmallFloat f = small_float(layout.type);
        const auto table = table_of(layout);
        for (size_t i = 0; i + 1 < table.size(); ++i) {
            const auto middle = static_cast<float>((table[i] + table[i + 1]) / 2); // exact
            QVERIFY(static_cast<double>(round_to(f, middle)) == table[i % 2 == 0 ? i : i + 1]);
            const float below = std::nextafter(middle, 0.0F),
                        above = std::nextafter(middle, std::numeric_limits<float>::infinity());
            QVERIFY(static_cast<double>(round_to(f, below)) == table[i]);
            QVERIFY(static_cast<double>(round_to(f, -above)) == -table[i + 1]);
        }
    }

    void random_bit_patterns_round_to_the_nearest_data() { rows(); }
    void random_bit_patterns_round_to_the_nearest() {
        QFETCH(int, format);
        const Layout& layout = k_layouts[format];
        const auto table = table_of(layout);
        const uint64_t seed = 20 + static_cast<uint64_t>(format);
        Rng rng(seed);
        std::vector<float> in, out;
        while (in.size() < 20000) {
            const auto x = std::bit_cast<float>(static_cast<uint32_t>(rng.next()));
            if (std::isfinite(x)) in.push_back(x);
            in.push_back(static_cast<float>(rng.normal() * std::exp2(rng.uniform(-30, 20))));
        }
        out.resize(in.size());
        round_to(small_float(layout.type), in, out);
        for (size_t i = 0; i < in.size(); ++i) {
            const double expected = nearest(table, static_cast<double>(in[i]));
            if (static_cast<double>(out[i]) != expected ||
                out[i] != round_to(small_float(layout.type), in[i]))
                QFAIL(qPrintable(QStringLiteral("seed %1: %2 became %3 instead of %4")
                                     .arg(seed)
                                     .arg(static_cast<double>(in[i]))
                                     .arg(static_cast<double>(out[i]))
                                     .arg(expected)));
        }
    }

    void beyond_the_largest_saturates_data() { rows(); }
    void beyond_the_largest_saturates() {
        QFETCH(int, format);
        const SmallFloat f = small_float(k_layouts[format].type);
        constexpr float infinity = std::numeric_limits<float>::infinity();
        QCOMPARE(round_to(f, infinity), f.largest);
        QCOMPARE(round_to(f, -infinity), -f.largest);
        QCOMPARE(round_to(f, std::numeric_limits<float>::max()), f.largest);
        QCOMPARE(round_to(f, std::nanf("")), 0.0F);
        QCOMPARE(round_to(f, std::numeric_limits<float>::denorm_min()), 0.0F);
    }
};

QTEST_APPLESS_MAIN(TestSmallFloat)
#include "tst_small_float.moc"
