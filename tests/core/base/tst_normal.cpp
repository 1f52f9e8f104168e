#include "core/base/normal.h"

#include <QTest>

#include <cmath>

using namespace widthwise;

class TestNormal : public QObject {
    Q_OBJECT

private slots:
    // Abramowitz and Stegun 1964, table 26.1.
    void tabulatedValues() {
        QVERIFY(std::abs(normal_probability(0) - 0.5) < 1e-15);
        QVERIFY(std::abs(normal_probability(1) - 0.841344746068543) < 1e-14);
        QVERIFY(std::abs(normal_probability(-3) - 0.001349898031630) < 1e-14);
        QVERIFY(std::abs(normal_density(0) - 0.398942280401433) < 1e-14);
        QVERIFY(std::abs(normal_density(2) - 0.053990966513188) < 1e-14);
    }

    void quantiles() {
        QVERIFY(std::abs(two_sided_normal_quantile(0.05) - 1.959963984540054) < 1e-12);
        QVERIFY(std::abs(two_sided_normal_quantile(0.01) - 2.5758293035489004) < 1e-12);
        QVERIFY(std::abs(two_sided_normal_quantile(0.005) - 2.8070337683438042) < 1e-12);
    }
};

QTEST_APPLESS_MAIN(TestNormal)
#include "tst_normal.moc"
