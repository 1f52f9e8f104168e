#include "core/quant/number_format.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace widthwise;

namespace {

NumberFormat affine(int bits) {
    NumberFormat f;
    f.type = FormatType::integer;
    f.bits = bits;
    return f;
}

bool near(double a, double b) {
    return std::fabs(a - b) <= 1e-6 * std::fabs(b);
}

} // namespace

class TestNumberFormat : public QObject {
    Q_OBJECT
private slots:
    void code_bounds_data() {
        QTest::addColumn<int>("bits");
        QTest::addColumn<bool>("symmetric");
        QTest::addColumn<bool>("narrow");
        QTest::addColumn<int>("lo");
        QTest::addColumn<int>("hi");
        QTest::newRow("uint1") << 1 << false << false << 0 << 1;
        QTest::newRow("uint2") << 2 << false << false << 0 << 3;
        QTest::newRow("uint8") << 8 << false << false << 0 << 255;
        QTest::newRow("narrow uint8") << 8 << false << true << 0 << 254;
        QTest::newRow("uint16") << 16 << false << false << 0 << 65535;
        QTest::newRow("int2") << 2 << true << false << -2 << 1;
        QTest::newRow("narrow int2") << 2 << true << true << -1 << 1;
        QTest::newRow("int8") << 8 << true << false << -128 << 127;
        QTest::newRow("narrow int8") << 8 << true << true << -127 << 127;
        QTest::newRow("int32") << 32 << true << false << std::numeric_limits<int>::min()
                               << std::numeric_limits<int>::max();
    }
    void code_bounds() {
        QFETCH(int, bits);
        QFETCH(bool, symmetric);
        QFETCH(bool, narrow);
        NumberFormat f = affine(bits);
        f.symmetric = symmetric;
        f.narrow = narrow;
        QVERIFY(validate(f));
        QTEST(f.q_min(), "lo");
        QTEST(f.q_max(), "hi");
    }

    void codes_of_the_other_integer_types() {
        const NumberFormat fixed = default_weight_format(FormatType::fixed_point, 8);
        QCOMPARE(fixed.q_min(), -128);
        QCOMPARE(fixed.q_max(), 127);
        for (const FormatType type : {FormatType::ternary, FormatType::binary}) {
            QCOMPARE(default_weight_format(type).q_min(), -1);
            QCOMPARE(default_weight_format(type).q_max(), 1);
        }
    }

    void defaults_are_as_documented() {
        const NumberFormat w = weight_integer(8);
        QVERIFY(w.type == FormatType::integer && w.symmetric && w.narrow);
        QVERIFY(w.granularity == Granularity::channel && w.range.type == RangeRuleType::minmax);
        const NumberFormat a = activation_integer(4);
        QVERIFY(a.type == FormatType::integer && !a.symmetric && !a.narrow && a.bits == 4);
        QVERIFY(a.granularity == Granularity::tensor && a.range.type == RangeRuleType::percentile);
        QVERIFY(weight_integer(1).type == FormatType::binary);
        QVERIFY(activation_integer(1).type == FormatType::binary);
        QCOMPARE(weight_integer(32), float32_format());
        QCOMPARE(activation_integer(32), float32_format());
        QCOMPARE(default_weight_format(FormatType::power_of_two).bits, 4);
        QCOMPARE(default_weight_format(FormatType::dynamic_fixed_point).bits, 8);
        for (const FormatType type : k_format_types) {
            QVERIFY(validate(default_weight_format(type)));
            QVERIFY(validate(default_activation_format(type)));
            QVERIFY(default_weight_format(type).type == type);
        }
    }

    void names_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("expected");
        const auto row = [](const NumberFormat& f, const char* expected) {
            QTest::newRow(expected) << QString::fromStdString(f.to_string()) << QString(expected);
        };
        row(float32_format(), "float32");
        row(weight_integer(4), "int4 per channel");
        row(activation_integer(8), "uint8");
        row(default_activation_format(FormatType::fixed_point, 8), "fixed8.4");
        row(default_activation_format(FormatType::dynamic_fixed_point, 6), "dynamic fixed6");
        NumberFormat given = default_activation_format(FormatType::dynamic_fixed_point, 8);
        given.fraction_bits = 5;
        row(given, "fixed8.5");
        row(default_weight_format(FormatType::bfloat16), "bfloat16");
        row(default_activation_format(FormatType::power_of_two), "log4");
        row(default_weight_format(FormatType::ternary), "ternary per channel");
        row(default_weight_format(FormatType::binary), "binary per channel");
        row(default_activation_format(FormatType::float8_e4m3), "float8_e4m3");
        NumberFormat group = weight_integer(4);
        group.granularity = Granularity::group;
        group.group_size = 32;
        row(group, "int4 per group of 32");
        row(default_weight_format(FormatType::codebook, 4), "codebook4");
    }
    void names() {
        QFETCH(QString, name);
        QTEST(name, "expected");
    }

    void memory_of_one_number() {
        QCOMPARE(weight_integer(5).storage_bits(), 5);
        QCOMPARE(default_weight_format(FormatType::ternary).storage_bits(), 2);
        QCOMPARE(default_weight_format(FormatType::binary).storage_bits(), 1);
        QCOMPARE(default_weight_format(FormatType::bfloat16).storage_bits(), 16);
        QCOMPARE(default_weight_format(FormatType::float8_e5m2).storage_bits(), 8);
        QCOMPARE(default_weight_format(FormatType::power_of_two, 5).storage_bits(), 5);
        QCOMPARE(float32_format().storage_bits(), 32);
    }

    void refuses_what_cannot_be() {
        const auto bad = [](NumberFormat f, auto change) {
            change(f);
            return !validate(f).has_value();
        };
        const auto bits = [](int n) { return [n](NumberFormat& f) { f.bits = n; }; };
        for (const int n : {-1, 0, 17, 31, 33}) QVERIFY(bad(affine(8), bits(n)));
        QVERIFY(bad(weight_integer(8), bits(1)));
        QVERIFY(bad(affine(8), bits(32)));
        QVERIFY(bad(default_weight_format(FormatType::fixed_point), bits(1)));
        QVERIFY(bad(default_weight_format(FormatType::dynamic_fixed_point), bits(17)));
        QVERIFY(bad(default_weight_format(FormatType::power_of_two), bits(9)));
        QVERIFY(bad(default_weight_format(FormatType::float16), bits(8)));
        QVERIFY(bad(default_weight_format(FormatType::ternary), bits(3)));
        QVERIFY(bad(affine(1), [](NumberFormat& f) { f.narrow = true; }));

        const float infinity = std::numeric_limits<float>::infinity();
        for (const float s : {0.0F, -1.0F, infinity, std::nanf("")})
            QVERIFY(bad(affine(8), [s](NumberFormat& f) { f.scale = {s}; }));
        QVERIFY(bad(default_weight_format(FormatType::power_of_two), [](auto& f) { f.scale = {0.3F}; }));
        QVERIFY(bad(default_weight_format(FormatType::fixed_point), [](auto& f) { f.scale = {3.0F}; }));
        QVERIFY(bad(default_weight_format(FormatType::bfloat16), [](auto& f) { f.scale = {1.0F}; }));

        NumberFormat fixed = default_weight_format(FormatType::fixed_point);
        fixed.fraction_bits = 2;
        fixed.scale = {0.25F};
        QVERIFY(validate(fixed));
        QVERIFY(bad(fixed, [](auto& f) { f.scale = {0.5F}; }));

        const auto zero = [](int32_t z) {
            return [z](NumberFormat& f) {
                f.scale = {1.0F};
                f.zero_point = {z};
            };
        };
        QVERIFY(bad(weight_integer(8), zero(3)));
        QVERIFY(bad(affine(8), zero(256)) && bad(affine(8), zero(-1)));
        QVERIFY(!bad(affine(8), zero(255)));
        QVERIFY(!bad(weight_integer(8), zero(0)));
        QVERIFY(bad(affine(8), [](NumberFormat& f) {
            f.scale = {1.0F, 2.0F};
            f.zero_point = {0};
        }));

        QVERIFY(bad(affine(8), [](NumberFormat& f) { f.range = {RangeRuleType::given, 0, 2, 2}; }));
        QVERIFY(bad(affine(8), [](NumberFormat& f) { f.range = {RangeRuleType::given, 0, 0, HUGE_VAL}; }));
        QVERIFY(bad(affine(8), [](NumberFormat& f) { f.range = {RangeRuleType::percentile, 50, 0, 0}; }));
        QVERIFY(bad(affine(8), [](NumberFormat& f) { f.granularity = Granularity::group; }));
        QVERIFY(bad(affine(8), [](NumberFormat& f) { f.fraction_bits = 3; }));
        QVERIFY(bad(default_weight_format(FormatType::fixed_point), [](auto& f) { f.fraction_bits = 1000; }));

        const auto dynamic = [](NumberFormat& f) { f.range.type = RangeRuleType::dynamic; };
        QVERIFY(!bad(affine(8), dynamic));
        QVERIFY(bad(affine(7), dynamic) && bad(weight_integer(8), dynamic));
        QVERIFY(bad(default_activation_format(FormatType::float8_e4m3), dynamic));

        const auto threshold = [](float t) {
            return [t](NumberFormat& f) {
                f.scale = {1.0F};
                f.threshold = {t};
            };
        };
        const NumberFormat ternary = default_weight_format(FormatType::ternary);
        QVERIFY(!bad(ternary, threshold(0.5F)) && !bad(ternary, threshold(0)));
        QVERIFY(bad(ternary, threshold(1)) && bad(ternary, threshold(-0.1F)));
        QVERIFY(bad(ternary, threshold(std::nanf(""))) && bad(affine(8), threshold(0.5F)));

        const auto levels = [](std::vector<float> list) {
            return [list](NumberFormat& f) { f.codebook = list; };
        };
        const NumberFormat codebook = default_weight_format(FormatType::codebook, 1);
        QVERIFY(!bad(codebook, levels({})) && !bad(codebook, levels({3})) && !bad(codebook, levels({-1, 3})));
        QVERIFY(bad(codebook, levels({1, 2, 3})) && bad(codebook, levels({2, 1})));
        QVERIFY(bad(codebook, levels({1, 1})) && bad(codebook, levels({infinity})));
        QVERIFY(bad(affine(8), levels({1})) && bad(codebook, bits(0)) && bad(codebook, bits(9)));
        QVERIFY(bad(codebook, [](NumberFormat& f) { f.granularity = Granularity::channel; }));
    }

    /// By hand from IEEE 754-2019 table 3.5 and OFP8 1.0 table 2.
    void facts_data() {
        QTest::addColumn<int>("type");
        QTest::addColumn<double>("highest");
        QTest::addColumn<double>("smallest");
        QTest::addColumn<double>("largest_step");
        QTest::addColumn<qint64>("levels");
        QTest::addColumn<double>("relative");
        const auto row = [](const char* name, FormatType type) -> QTestData& {
            return QTest::newRow(name) << static_cast<int>(type);
        };
        row("float16", FormatType::float16)
            << 65504.0 << std::ldexp(1.0, -24) << 32.0 << qint64{63487} << 1.0 / 2048;
        row("bfloat16", FormatType::bfloat16) << 3.3895313892515355e38 << std::ldexp(1.0, -133)
                                              << std::ldexp(1.0, 120) << qint64{65279} << 1.0 / 256;
        row("e4m3", FormatType::float8_e4m3)
            << 448.0 << std::ldexp(1.0, -9) << 32.0 << qint64{253} << 1.0 / 16;
        row("e5m2", FormatType::float8_e5m2)
            << 57344.0 << std::ldexp(1.0, -16) << 8192.0 << qint64{247} << 1.0 / 8;
        row("float32", FormatType::float32)
            << 3.4028234663852886e38 << std::ldexp(1.0, -149) << std::ldexp(1.0, 104) << qint64{4278190079}
            << std::ldexp(1.0, -24);
    }
    void facts() {
        QFETCH(int, type);
        const FormatFacts f = widthwise::facts(default_activation_format(static_cast<FormatType>(type)));
        QTEST(f.highest, "highest");
        QCOMPARE(f.lowest, -f.highest);
        QTEST(f.smallest_step, "smallest");
        QTEST(f.largest_step, "largest_step");
        QTEST(static_cast<qint64>(f.levels), "levels");
        QTEST(f.max_relative_error, "relative");
        QCOMPARE(f.max_absolute_error, f.largest_step / 2);
        QVERIFY(near(f.dynamic_range_db, 20 * std::log10(f.highest / f.smallest_step)));
    }

    void facts_of_uniform_grids() {
        NumberFormat u = activation_integer(8);
        u.scale = {0.5F};
        u.zero_point = {56};
        const FormatFacts a = widthwise::facts(u);
        QCOMPARE(a.lowest, -28.0);
        QCOMPARE(a.highest, 99.5);
        QCOMPARE(a.smallest_step, 0.5);
        QCOMPARE(a.levels, int64_t{256});
        QCOMPARE(a.max_absolute_error, 0.25);
        QCOMPARE(a.max_relative_error, 1.0);
        QVERIFY(near(a.dynamic_range_db, 20 * std::log10(199.0)));

        const FormatFacts fixed = widthwise::facts(default_weight_format(FormatType::fixed_point, 8));
        QCOMPARE(fixed.lowest, -8.0); // Q4.4
        QCOMPARE(fixed.highest, 7.9375);
        QCOMPARE(fixed.smallest_step, 0.0625);

        NumberFormat int32 = weight_integer(8);
        int32.bits = 32;
        int32.narrow = false;
        QCOMPARE(widthwise::facts(int32).levels, int64_t{1} << 32);
    }

    void facts_of_few_levels() {
        NumberFormat log4 = default_weight_format(FormatType::power_of_two, 4);
        log4.scale = {2.0F};
        const FormatFacts f = widthwise::facts(log4); // 2, 1, 1/2, ... 2^-5: seven, both signs, and 0
        QCOMPARE(f.levels, int64_t{15});
        QCOMPARE(f.highest, 2.0);
        QCOMPARE(f.smallest_step, 0.03125);
        QCOMPARE(f.largest_step, 1.0);
        QVERIFY(near(f.max_relative_error, 0.41421356));
        QVERIFY(near(f.max_absolute_error, 2 - std::sqrt(2.0)));

        NumberFormat ternary = default_weight_format(FormatType::ternary);
        ternary.scale = {4.0F};
        ternary.threshold = {1.0F};
        const FormatFacts t = widthwise::facts(ternary);
        QCOMPARE(t.levels, int64_t{3});
        QCOMPARE(t.lowest, -4.0);
        QCOMPARE(t.smallest_step, 4.0);
        QCOMPARE(t.max_absolute_error, 3.0); // just above the threshold
        QCOMPARE(t.dynamic_range_db, 0.0);

        const FormatFacts b = widthwise::facts(default_weight_format(FormatType::binary));
        QCOMPARE(b.levels, int64_t{2});
        QCOMPARE(b.smallest_step, 2.0);
        QCOMPARE(b.max_absolute_error, 1.0);
    }

    void facts_of_codebooks() {
        NumberFormat f = default_weight_format(FormatType::codebook, 3);
        f.codebook = {-2, -0.5F, 1, 4};
        const FormatFacts with = widthwise::facts(f);
        QCOMPARE(with.levels, int64_t{4});
        QCOMPARE(with.lowest, -2.0);
        QCOMPARE(with.highest, 4.0);
        QCOMPARE(with.smallest_step, 1.5);
        QCOMPARE(with.largest_step, 3.0);
        QCOMPARE(with.max_absolute_error, 1.5);
        QVERIFY(near(with.dynamic_range_db, 20 * std::log10(8.0)));
        // 0.5 is half a step above -0.5 and half a step below 1; 2.5 errs by 1.5, -1.25 by 0.75.
        QCOMPARE(with.max_relative_error, 1.0);
        f.codebook = {1, 2, 4};
        QVERIFY(near(widthwise::facts(f).max_relative_error, 1.0 / 3));
        f.codebook = {0};
        QCOMPARE(widthwise::facts(f).dynamic_range_db, 0.0);
        QCOMPARE(widthwise::facts(f).largest_step, 0.0);
        const FormatFacts open = widthwise::facts(default_weight_format(FormatType::codebook, 3));
        QCOMPARE(open.levels, int64_t{8});
        QVERIFY(std::isnan(open.lowest) && std::isnan(open.largest_step) &&
                std::isnan(open.dynamic_range_db));
    }
};

QTEST_APPLESS_MAIN(TestNumberFormat)
#include "tst_number_format.moc"
