// Numbers that come fast are still normal.

#include "core/base/fast_normal.h"

#include <QTest>

#include <array>
#include <cmath>
#include <vector>

using namespace widthwise;

namespace {

std::vector<float> numbers(uint64_t seed, size_t count, double deviation = 1) {
    std::vector<float> values(count);
    Rng rng(seed);
    fill_normal(values, deviation, rng);
    return values;
}

double below(double x) {
    return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

} // namespace

class TestFastNormal : public QObject {
    Q_OBJECT
private slots:
    void follows_the_bell_curve();
    void has_its_tail();
    void scales_and_repeats();
    void neighbours_are_independent();
};

void TestFastNormal::follows_the_bell_curve() {
    // Pearson's test over 80 bins of width 0.1 and the two ends: 81 degrees of freedom, deviation 12.7.
    constexpr size_t count = 2'000'000;
    std::array<int64_t, 82> bins{};
    for (const float x : numbers(11, count)) {
        const double place = std::floor((static_cast<double>(x) + 4) * 10) + 1;
        ++bins[static_cast<size_t>(std::clamp(place, 0.0, 81.0))];
    }
    double chi_squared = 0;
    for (size_t i = 0; i < bins.size(); ++i) {
        const double low = i == 0 ? 0 : below(-4 + 0.1 * (static_cast<double>(i) - 1));
        const double high = i == 81 ? 1 : below(-4 + 0.1 * static_cast<double>(i));
        const double expected = (high - low) * count;
        chi_squared += std::pow(static_cast<double>(bins[i]) - expected, 2) / expected;
    }
    QVERIFY2(chi_squared > 81 - 4 * 12.7 && chi_squared < 81 + 4 * 12.7,
             qPrintable(QString::number(chi_squared)));
}

void TestFastNormal::has_its_tail() {
    // Beyond the ziggurat's lowest strip, at 3.654, other code draws: 2.58e-4 of all, and 6.3e-5 beyond 4.
    constexpr double count = 4'000'000;
    double beyond_strip = 0, beyond_four = 0;
    for (const float x : numbers(5, static_cast<size_t>(count))) {
        beyond_strip += std::abs(x) > 3.6541528F;
        beyond_four += std::abs(x) > 4;
    }
    for (const auto& [found, limit] : {std::pair{beyond_strip, 3.6541528}, {beyond_four, 4.0}}) {
        const double expected = 2 * below(-limit) * count;
        QVERIFY2(std::abs(found - expected) < 4 * std::sqrt(expected), qPrintable(QString::number(found)));
    }
}

void TestFastNormal::scales_and_repeats() {
    const std::vector<float> once = numbers(3, 1000), again = numbers(3, 1000), other = numbers(4, 1000);
    QVERIFY(once == again);
    QVERIFY(once != other);
    const std::vector<float> tenth = numbers(3, 1000, 0.1);
    for (size_t i = 0; i < once.size(); ++i)
        QVERIFY(std::abs(tenth[i] - 0.1F * once[i]) <= 1e-7F * std::abs(once[i]));
}

void TestFastNormal::neighbours_are_independent() {
    constexpr size_t count = 1'000'000;
    const std::vector<float> values = numbers(9, count);
    double products = 0, of_squares = 0;
    for (size_t i = 1; i < count; ++i) {
        const double a = values[i - 1], b = values[i];
        products += a * b;
        of_squares += (a * a - 1) * (b * b - 1);
    }
    QVERIFY(std::abs(products) < 4 * std::sqrt(static_cast<double>(count)));
    QVERIFY(std::abs(of_squares) < 4 * 2 * std::sqrt(static_cast<double>(count)));
}

QTEST_APPLESS_MAIN(TestFastNormal)
#include "tst_fast_normal.moc"
