#include "core/base/rng.h"
#include "core/explore/noise_link.h"
#include "core/explore/surrogate.h"

#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::explore;

namespace {

constexpr size_t k_slots = 12;
constexpr double k_worst = 0.9;

/// Slots matter more or less than their noise says, and neighbours meet: nothing that the surrogate knows.
struct Truth {
    explicit Truth(uint64_t seed) {
        Rng rng(seed);
        for (double& f : factors) f = std::exp(0.4 * rng.normal());
    }
    [[nodiscard]] double drop(const std::vector<double>& noise) const {
        double total = 0, before = 0;
        for (size_t i = 0; i < noise.size(); ++i) {
            const double own = factors[i] * std::sqrt(noise[i]);
            total += own + 0.3 * std::sqrt(own * before);
            before = own;
        }
        return k_worst * (1 - std::exp(-std::pow(total / 1.5, 1.6)));
    }
    std::array<double, k_slots> factors{};
};

std::vector<double> random_noise(Rng& rng) {
    std::vector<double> noise;
    const double level = rng.uniform(-9, -3);
    for (size_t i = 0; i < k_slots; ++i) noise.push_back(std::exp(level + rng.uniform(-3, 3)));
    return noise;
}

Measured measured(const Truth& truth, Rng& rng, double sigma = 0.003) {
    Measured m{random_noise(rng), 0, sigma};
    m.drop = truth.drop(m.noise) + sigma * rng.normal();
    return m;
}

std::vector<Measured> sample(const Truth& truth, int count, uint64_t seed) {
    Rng rng(seed);
    std::vector<Measured> designs;
    for (int i = 0; i < count; ++i) designs.push_back(measured(truth, rng));
    return designs;
}

double rms_error(const Surrogate& surrogate, const Truth& truth, const std::vector<Measured>& designs) {
    double sum = 0;
    for (const Measured& d : designs)
        sum += std::pow(surrogate.predict(d.noise).drop - truth.drop(d.noise), 2);
    return std::sqrt(sum / static_cast<double>(designs.size()));
}

} // namespace

class TestSurrogate : public QObject {
    Q_OBJECT

private slots:
    void additiveBeforeAnythingIsMeasured() {
        const Surrogate surrogate(2, k_worst);
        QCOMPARE(surrogate.total_noise(std::vector<double>{0, 0}), 0.0);
        const double one = std::pow(std::log(3.0), 0.75);
        QVERIFY(std::abs(surrogate.total_noise(std::vector<double>{0.1, 0}) - one) < 1e-12);
        QVERIFY(std::abs(surrogate.total_noise(std::vector<double>{0.1, 0.1}) - 2 * one) < 1e-12);
        double before = -1;
        for (const double noise : {0.0, 1e-3, 1e-2, 0.1, 1.0, 10.0}) {
            const Prediction p = surrogate.predict(std::vector<double>{noise, noise / 3});
            QVERIFY(p.drop > before && p.drop <= k_worst);
            QVERIFY(p.sigma >= 0.3 * std::min(p.drop, k_worst - p.drop)); // little is known
            before = p.drop;
        }
    }

    void linkFollowsWhatIsMeasured() {
        const NoiseLink truth{k_worst, 2.5, 1.4};
        std::vector<NoisyDrop> drops;
        for (double total = 0.1; total < 10; total *= 1.15)
            drops.push_back({total, truth.drop(total), 0.001});
        const NoiseLink fitted = fit_link(drops, k_worst);
        QVERIFY(std::abs(std::log(fitted.scale / truth.scale)) < 0.05);
        QVERIFY(std::abs(std::log(fitted.power / truth.power)) < 0.05);
    }

    void learnsWhatIsNotAdditive() {
        for (const uint64_t seed : {1, 2, 3}) {
            const Truth truth(seed);
            const std::vector<Measured> unseen = sample(truth, 200, 1000 + seed);
            Surrogate surrogate(k_slots, k_worst);
            surrogate.fit(sample(truth, 15, seed));
            const double few = rms_error(surrogate, truth, unseen);
            surrogate.fit(sample(truth, 150, seed));
            const double many = rms_error(surrogate, truth, unseen);
            QVERIFY2(many < 0.7 * few && many < 0.04,
                     (std::to_string(few) + " " + std::to_string(many)).c_str());
            std::vector<double> predicted, true_drops;
            for (const Measured& d : unseen) {
                predicted.push_back(surrogate.predict(d.noise).drop);
                true_drops.push_back(truth.drop(d.noise));
            }
            QVERIFY(rank_correlation(predicted, true_drops) > 0.98);
        }
    }

    // 95 % intervals hold for 88 to 99.5 % of designs that were not seen, over seeds together.
    void intervalsAreHonest() {
        int covered = 0, all = 0;
        for (uint64_t seed = 1; seed <= 5; ++seed) {
            const Truth truth(seed);
            Surrogate surrogate(k_slots, k_worst);
            surrogate.fit(sample(truth, 80, seed));
            for (const Measured& d : sample(truth, 200, 2000 + seed)) {
                const Prediction p = surrogate.predict(d.noise);
                covered += std::abs(truth.drop(d.noise) - p.drop) <= 1.96 * p.sigma;
                ++all;
            }
        }
        const double share = static_cast<double>(covered) / all;
        QVERIFY2(share > 0.88 && share < 0.995, std::to_string(share).c_str());
    }

    void surerWhereMeasured() {
        const Truth truth(4);
        std::vector<Measured> designs = sample(truth, 60, 4);
        Rng rng(99);
        Measured apart = measured(truth, rng, 0.001);
        Surrogate surrogate(k_slots, k_worst);
        surrogate.fit(designs);
        const Prediction before = surrogate.predict(apart.noise);
        designs.push_back(apart);
        surrogate.fit(designs);
        const Prediction after = surrogate.predict(apart.noise);
        QVERIFY(after.sigma < before.sigma);
        QVERIFY(std::abs(after.drop - apart.drop) < std::abs(before.drop - apart.drop));
    }

    // Three answers of 64 images count less than 4660 images do.
    void fewImagesCountLess() {
        const Truth truth(5);
        std::vector<Measured> designs = sample(truth, 60, 5);
        Rng rng(98);
        Measured wrong = measured(truth, rng);
        wrong.drop += 0.1;
        const auto with = [&](double sigma) {
            std::vector<Measured> all = designs;
            all.push_back(wrong);
            all.back().sigma = sigma;
            Surrogate surrogate(k_slots, k_worst);
            surrogate.fit(all);
            return surrogate.predict(wrong.noise).drop;
        };
        QVERIFY(with(0.2) < with(0.002) - 0.01);
    }

    void sameBits() {
        const Truth truth(6);
        const std::vector<Measured> designs = sample(truth, 200, 6);
        Surrogate a(k_slots, k_worst), b(k_slots, k_worst);
        a.fit(designs);
        b.fit(sample(truth, 20, 7));
        b.fit(designs); // what was fitted before leaves no trace
        for (const Measured& d : sample(truth, 20, 8)) {
            QCOMPARE(a.predict(d.noise).drop, b.predict(d.noise).drop);
            QCOMPARE(a.predict(d.noise).sigma, b.predict(d.noise).sigma);
        }
    }

    void whatCannotBeFitted() {
        const std::vector<double> noise(k_slots, 0.01);
        Surrogate surrogate(k_slots, k_worst);
        const Prediction before = surrogate.predict(noise);
        surrogate.fit(std::vector<Measured>{{noise, NAN, 0.01}, {noise, 0.1, NAN}});
        QCOMPARE(surrogate.predict(noise).drop, before.drop);
        // Ten times the same design, without a doubt, and all of it exactly float.
        surrogate.fit(std::vector<Measured>(10, {noise, 0, 0}));
        const Prediction p = surrogate.predict(noise);
        QVERIFY(std::abs(p.drop) < 0.01 && std::isfinite(p.sigma) && p.sigma >= 0);
        // Better than float; no noise at all.
        surrogate.fit(std::vector<Measured>{{std::vector<double>(k_slots, 0), -0.01, 0.001}});
        QVERIFY(std::isfinite(surrogate.predict(noise).drop));
        // A network that is no better than chance.
        Surrogate nothing_to_lose(k_slots, -0.02);
        nothing_to_lose.fit(
            std::vector<Measured>{{noise, 0.001, 0.01}, {std::vector<double>(k_slots, 1), -0.002, 0.01}});
        QVERIFY(std::isfinite(nothing_to_lose.predict(noise).drop));
    }

    // Chance level and below it: the link still rises, and its slope is a unit of errors.
    void nothingToLose() {
        const std::vector<NoisyDrop> drops = {{1, 0.001, 0.01}, {3, -0.002, 0.01}, {8, 0.01, 0.01}};
        for (const double worst : {0.0, -0.1, static_cast<double>(NAN)}) {
            const NoiseLink link = fit_link(drops, worst);
            QVERIFY(link.slope(0) > 0 && link.slope(link.scale) > link.slope(0));
            QVERIFY(link.drop(link.scale) > 0 && link.drop(1e6) <= k_least_worst);
        }
        QCOMPARE(fit_link(drops, 0.6).worst, 0.6);
    }

    // Spearman 1904 by hand: d^2 = 1 + 1 + 0 + 0, rho = 1 - 6 * 2 / (4 * 15).
    void rankCorrelation() {
        QVERIFY(
            std::abs(rank_correlation(std::vector<double>{1, 2, 3, 4}, std::vector<double>{20, 10, 30, 90}) -
                     0.8) < 1e-12);
        QVERIFY(std::abs(rank_correlation(std::vector<double>{1, 2, 3}, std::vector<double>{9, 4, 1}) + 1) <
                1e-12);
        // Ties: ranks 0.5 0.5 2 against 0 1 2.
        QVERIFY(std::abs(rank_correlation(std::vector<double>{5, 5, 7}, std::vector<double>{1, 2, 3}) -
                         std::sqrt(0.75)) < 1e-12);
        QCOMPARE(rank_correlation(std::vector<double>{1, 1}, std::vector<double>{1, 2}), 0.0);
        QCOMPARE(rank_correlation({}, {}), 0.0);
    }
};

QTEST_APPLESS_MAIN(TestSurrogate)
#include "tst_surrogate.moc"
