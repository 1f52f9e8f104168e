// Numbers as people read them.
#include "core/base/format.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace widthwise;

class TestFormat : public QObject {
    Q_OBJECT

private slots:
    void engineering_data() {
        QTest::addColumn<double>("value");
        QTest::addColumn<QString>("unit");
        QTest::addColumn<int>("digits");
        QTest::addColumn<QString>("text");
        const auto row = [](double value, const char* unit, int digits, const char* text) {
            QTest::newRow(text) << value << unit << digits << QString::fromUtf8(text);
        };
        row(0.00184, "J", 3, "1.84 mJ");
        row(1.84e-6, "J", 3, "1.84 µJ");
        row(0, "J", 3, "0 J");
        row(-0.0, "s", 3, "0 s");
        row(1, "J", 3, "1.00 J");
        row(-12.345, "J", 3, "-12.3 J");
        row(999.4, "J", 3, "999 J");
        row(999.5, "J", 3, "1.00 kJ");   // rounding crosses the prefix
        row(999.95, "J", 4, "1.000 kJ"); // 999.95 is stored as 999.9500000000000455
        row(999949, "", 3, "1.00 M");
        row(40.6e6, "", 3, "40.6 M");
        row(123456, "MAC", 4, "123.5 kMAC");
        row(1e-18, "J", 3, "1.00 aJ");
        row(9.99e-19, "J", 3, "9.99e-19 J");
        row(9.999e-19, "J", 3, "1.00 aJ");
        row(1e-15, "J", 3, "1.00 fJ");
        row(2.5e-12, "J", 3, "2.50 pJ");
        row(1e-9, "s", 3, "1.00 ns");
        row(1e-3, "s", 3, "1.00 ms");
        row(0.999, "s", 3, "999 ms");
        row(1e20, "B", 3, "100 EB");
        row(1e21, "B", 3, "1.00e+21 B");
        row(7, "", 3, "7.00");
        row(1234.5, "Hz", 1, "1.23 kHz"); // never fewer than three digits
    }
    void engineering() {
        QFETCH(double, value);
        QFETCH(QString, unit);
        QFETCH(int, digits);
        QFETCH(QString, text);
        QCOMPARE(QString::fromStdString(format_si(value, unit.toStdString(), digits)), text);
    }

    void everyMagnitudeReadsBack() {
        const QString prefixes = QString::fromUtf8("afpnµm kMGTPE");
        for (int exponent = -18; exponent < 20; ++exponent)
            for (const double mantissa : {1.0, 1.234, 5.005, 9.994, 9.9951}) {
                const double value = mantissa * std::pow(10.0, exponent);
                const QString text = QString::fromStdString(format_si(value, "J"));
                const QStringList parts = text.split(' ');
                QCOMPARE(parts.size(), qsizetype{2});
                double read = parts[0].toDouble();
                QVERIFY2(read >= 1 && read < 1000, qPrintable(text));
                if (parts[1].size() == 2) read *= std::pow(10.0, 3 * (prefixes.indexOf(parts[1][0]) - 6));
                QVERIFY2(std::abs(read / value - 1) < 0.0051, qPrintable(text));
            }
    }

    void notANumberIsADash() {
        const double nan = std::numeric_limits<double>::quiet_NaN(),
                     inf = std::numeric_limits<double>::infinity();
        for (const double value : {nan, inf, -inf}) {
            QCOMPARE(format_si(value, "J"), std::string(k_no_number));
            QCOMPARE(format_percent(value), std::string(k_no_number));
            QCOMPARE(format_points(value), std::string(k_no_number));
            QCOMPARE(format_number(value), std::string(k_no_number));
            QCOMPARE(format_fixed(value, 2), std::string(k_no_number));
            QCOMPARE(format_bytes(value), std::string(k_no_number));
        }
        QVERIFY(format_fixed(std::numeric_limits<double>::max(), 3).size() > 300);
    }

    void bytes() {
        QCOMPARE(format_bytes(0), std::string("0 B"));
        QCOMPARE(format_bytes(812), std::string("812 B"));
        QCOMPARE(format_bytes(999.4), std::string("999 B"));
        QCOMPARE(format_bytes(999.6), std::string("1.00 kB"));
        QCOMPARE(format_bytes(12345), std::string("12.3 kB"));
        QCOMPARE(format_bytes(1.2e6), std::string("1.20 MB"));
    }

    void percentAndPoints() {
        QCOMPARE(format_percent(0.9123), std::string("91.2 %"));
        QCOMPARE(format_percent(1, 0), std::string("100 %"));
        QCOMPARE(format_percent(-0.00001), std::string("0.0 %"));
        QCOMPARE(format_points(-0.0123), std::string("−1.23"));
        QCOMPARE(format_points(0.005), std::string("+0.50"));
        QCOMPARE(format_points(0), std::string("0.00"));
        QCOMPARE(format_points(-0.00001), std::string("0.00"));
    }

    void plainNumbers() {
        QCOMPARE(format_number(0), std::string("0"));
        QCOMPARE(format_number(0.123456), std::string("0.123"));
        QCOMPARE(format_number(1234.5), std::string("1230"));
        QCOMPARE(format_number(12.345), std::string("12.3"));
        QCOMPARE(format_number(999.6), std::string("1000"));
        QCOMPARE(format_number(-0.0042), std::string("-0.00420"));
        QCOMPARE(format_number(1e-7), std::string("1.00e-07"));
        QCOMPARE(format_fixed(-0.04, 1), std::string("0.0"));
        QCOMPARE(format_fixed(-0.06, 1), std::string("-0.1"));
    }
};

QTEST_APPLESS_MAIN(TestFormat)
#include "tst_format.moc"
