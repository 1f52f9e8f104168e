#include "core/base/rng.h"

#include <QTest>

#include <array>
#include <cmath>
#include <set>

using namespace widthwise;

class TestRng : public QObject {
    Q_OBJECT

private slots:
    void sameNumbersEverywhere_data() {
        QTest::addColumn<quint64>("seed");
        QTest::addColumn<QList<quint64>>("numbers");
        // An independent program after Blackman and Vigna's xoshiro256** and splitmix64.
        QTest::newRow("0") << quint64{0}
                           << QList<quint64>{0x99ec5f36cb75f2b4, 0xbf6e1f784956452a, 0x1a5f849d4933e6e0,
                                             0x6aa594f1262d2d2c};
        QTest::newRow("1") << quint64{1}
                           << QList<quint64>{0xb3f2af6d0fc710c5, 0x853b559647364cea, 0x92f89756082a4514,
                                             0x642e1c7bc266a3a7};
        QTest::newRow("12345") << quint64{12345}
                               << QList<quint64>{0xbe6a36374160d49b, 0x214aaa0637a688c6, 0xf69d16de9954d388,
                                                 0xc60048c4e96e033};
    }
    void sameNumbersEverywhere() {
        QFETCH(quint64, seed);
        QFETCH(QList<quint64>, numbers);
        Rng rng(seed);
        for (const quint64 number : numbers) QCOMPARE(quint64{rng.next()}, number);
    }

    void streamsDiffer() {
        std::set<uint64_t> first;
        for (uint64_t seed = 0; seed < 30; ++seed)
            for (uint64_t index = 0; index < 30; ++index) first.insert(Rng::stream(seed, index).next());
        QCOMPARE(first.size(), size_t{900});
        QCOMPARE(Rng::stream(3, 4).next(), Rng::stream(3, 4).next());
    }

    void belowIsUniform() {
        Rng rng(7);
        std::array<int, 6> counts{};
        for (int i = 0; i < 60000; ++i) ++counts[rng.below(6)];
        // Chi-squared with 5 degrees of freedom: 20.5 at 0.1 %; the seed is fixed.
        double chi2 = 0;
        for (const int n : counts) chi2 += (n - 10000.0) * (n - 10000.0) / 10000.0;
        QVERIFY2(chi2 < 20.5, qPrintable(QString::number(chi2)));
        for (int i = 0; i < 100; ++i) QCOMPARE(rng.below(1), uint64_t{0});
        // More than half of the range would be rejected by a wrong limit, or none.
        const uint64_t large = (uint64_t{1} << 63) + 1;
        for (int i = 0; i < 1000; ++i) QVERIFY(rng.below(large) < large);
    }

    void uniformAndNormalHaveTheirMoments() {
        Rng rng(11);
        constexpr int n = 200000;
        double sum = 0, square = 0, normal_sum = 0, normal_square = 0, normal_fourth = 0;
        for (int i = 0; i < n; ++i) {
            const double u = rng.uniform();
            QVERIFY(u >= 0 && u < 1);
            sum += u;
            square += u * u;
            const double z = rng.normal();
            normal_sum += z;
            normal_square += z * z;
            normal_fourth += z * z * z * z;
        }
        QVERIFY(std::abs(sum / n - 0.5) < 0.003);
        QVERIFY(std::abs(square / n - 1.0 / 3) < 0.003);
        QVERIFY(std::abs(normal_sum / n) < 0.01);
        QVERIFY(std::abs(normal_square / n - 1) < 0.015);
        QVERIFY(std::abs(normal_fourth / n - 3) < 0.1);
        for (int i = 0; i < 1000; ++i) {
            const double u = rng.uniform(-2, 3);
            QVERIFY(u >= -2 && u < 3);
        }
    }
};

QTEST_APPLESS_MAIN(TestRng)
#include "tst_rng.moc"
