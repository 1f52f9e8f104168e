#include "core/base/text.h"

#include <QTest>

using namespace widthwise;

class TestText : public QObject {
    Q_OBJECT

private slots:
    void globs_data() {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("matches");
        const auto row = [](const char* pattern, const char* text, bool matches) {
            QTest::newRow(qPrintable(QString("%1 | %2").arg(pattern, text))) << pattern << text << matches;
        };
        row("", "", true);
        row("", "a", false);
        row("*", "", true);
        row("*", "a/b", true);
        row("conv*", "conv1/weights", true);
        row("*/conv", "a/b/conv", true);
        row("*/conv", "a/b/conv2", false);
        row("?", "", false);
        row("?", "a", true);
        row("a?c", "abc", true);
        row("a?c", "ac", false);
        row("a*b*c", "aXbYbZc", true);
        row("a*b*c", "aXbYbZ", false);
        row("**", "abc", true);
        row("[a]", "a", false); // no character classes
        row("[a]", "[a]", true);
        row("a.c", "abc", false);
        row("Conv", "conv", false);
    }
    void globs() {
        QFETCH(QString, pattern);
        QFETCH(QString, text);
        QFETCH(bool, matches);
        QCOMPARE(glob_match(pattern.toStdString(), text.toStdString()), matches);
    }

    void manyStarsAreFast() {
        std::string pattern;
        for (int i = 0; i < 50; ++i) pattern += "*a";
        pattern += "*b";
        QVERIFY(!glob_match(pattern, std::string(5000, 'a')));
    }

    void nearestNames() {
        const std::vector<std::string> names = {"conv_1", "conv_2", "conv_10", "fc", "layer1/conv"};
        QCOMPARE(widthwise::nearest_names("conv1", names).front(), std::string("conv_1"));
        QCOMPARE(widthwise::nearest_names("CONV_2", names).front(), std::string("conv_2"));
        QCOMPARE(widthwise::nearest_names("conv_1", names, 1), std::vector<std::string>{"conv_1"});
        QVERIFY(widthwise::nearest_names("conv_1", names, 0).empty());
        QVERIFY(widthwise::nearest_names("something else", names).empty());
        QCOMPARE(widthwise::nearest_names("layer1", names).front(), std::string("layer1/conv"));
        QVERIFY(widthwise::nearest_names("x", {}).empty());
    }

    void splitTrimJoin() {
        using List = std::vector<std::string>;
        QCOMPARE(split("a,b,,c", ','), (List{"a", "b", "", "c"}));
        QCOMPARE(split("", ','), (List{""}));
        QCOMPARE(split(",", ','), (List{"", ""}));
        QCOMPARE(trim(" \t a b\r\n"), std::string("a b"));
        QCOMPARE(trim(" \n"), std::string());
        QCOMPARE(join(List{"a", "b"}, ", "), std::string("a, b"));
        QCOMPARE(join(List{}, ", "), std::string());
        QCOMPARE(join(List{"", "b"}, ","), std::string(",b"));
        QCOMPARE(in_quotes("a'b"), std::string("'a'b'"));
    }

    void numbers() {
        QCOMPARE(parse_int("42"), std::optional<long long>(42));
        QCOMPARE(parse_int("-7"), std::optional<long long>(-7));
        for (const char* text : {"", " 1", "1 ", "1.0", "0x10", "+1", "99999999999999999999", "1e3", "a"})
            QVERIFY2(!parse_int(text).has_value(), text);
        QCOMPARE(parse_double("0.5"), std::optional<double>(0.5));
        QCOMPARE(parse_double("-1e-3"), std::optional<double>(-1e-3));
        for (const char* text : {"", " 1", "1 ", "1,5", "0.5x", "+1", "."})
            QVERIFY2(!parse_double(text).has_value(), text);
    }
};

QTEST_APPLESS_MAIN(TestText)
#include "tst_text.moc"
