// Least squares over a handful of constants: exact where the answer is known, and Eyeriss's two constants.

#include "core/base/rng.h"
#include "core/cost/fit_solver.h"
#include "tests/core/cost/reference_csv.h"

#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::cost;

namespace {

/// mJ of the 18 published layers, by total latency (ms) and MACs with a non-zero input (G).
void eyeriss_rows(Rows& rows, std::vector<double>& energy) {
    for (const char* file : {"cost/tables/eyeriss_alexnet.csv", "cost/tables/eyeriss_vgg16.csv"})
        for (const test::CsvRow& row : test::read_csv(test::reference_dir() / file)) {
            if (row.at("layer") == "Total") continue;
            const double latency_ms = test::number(row, "total_latency_ms");
            const double joules_e3 = test::number(row, "power_mW") * latency_ms * 1e-3;
            const double busy =
                test::number(row, "MACs_G") * (1 - test::number(row, "ifmap_zeros_pct") / 100);
            rows.push_back({latency_ms, busy});
            energy.push_back(joules_e3);
        }
}

} // namespace

class TestFitSolver : public QObject {
    Q_OBJECT

private slots:
    void linesAreFoundExactly() {
        const Rows rows{{1, 1}, {1, 2}, {1, 3}, {1, 4}};
        const std::vector<double> wanted{5, 7, 9, 11}; // 3 + 2 t
        const LinearSolution line = solve_least_squares(rows, wanted);
        QVERIFY(line.solved);
        QVERIFY(std::abs(line.x[0] - 3) < 1e-9 && std::abs(line.x[1] - 2) < 1e-9);
        QVERIFY(line.standard_error[0] < 1e-9);
    }

    /// By hand: y = a + b t through (0, 0), (1, 1), (2, 1): b = 1/2, a = 1/6; residual variance 1/6, so that
    /// the slope's standard error is sqrt(1/6 / 2).
    void standardErrorsByHand() {
        const LinearSolution line =
            solve_least_squares({{1, 0}, {1, 1}, {1, 2}}, std::vector<double>{0, 1, 1});
        QVERIFY(std::abs(line.x[0] - 1.0 / 6) < 1e-12 && std::abs(line.x[1] - 0.5) < 1e-12);
        QVERIFY(std::abs(line.standard_error[1] - std::sqrt(1.0 / 12)) < 1e-12);
    }

    void columnsThatMoveTogetherAreNotSolved() {
        const Rows rows{{1, 2}, {2, 4}, {3, 6}};
        QVERIFY(!solve_least_squares(rows, std::vector<double>{1, 2, 3}).solved);
        QVERIFY(own_share(rows, 1) < 1e-6);
        QVERIFY(own_share({{1, 0}, {0, 1}}, 1) > 0.999);
        QVERIFY(!solve_least_squares({{1, 2}}, std::vector<double>{1}).solved);
        QVERIFY(!solve_least_squares({{0}, {0}}, std::vector<double>{1, 2}).solved);
    }

    /// Power times latency of the 18 layers of JSSC 2017, Tables V and VI, leaves 0.213 W and 6.0 pJ per MAC.
    void eyerissTwoConstants() {
        WIDTHWISE_NEED(test::reference_dir() / "cost/tables/eyeriss_alexnet.csv");
        Rows rows;
        std::vector<double> energy;
        eyeriss_rows(rows, energy);
        QCOMPARE(rows.size(), size_t{18});
        Rows relative = rows;
        std::vector<double> ones(rows.size(), 1);
        for (size_t i = 0; i < rows.size(); ++i)
            for (double& value : relative[i]) value /= energy[i];
        const LinearSolution fit = solve_least_squares(relative, ones);
        QVERIFY(fit.solved);
        QVERIFY2(std::abs(fit.x[0] - 0.213) < 0.003, qPrintable(QString::number(fit.x[0]))); // mJ/ms = W
        QVERIFY2(std::abs(fit.x[1] - 6.0) < 0.3, qPrintable(QString::number(fit.x[1])));     // mJ/G = pJ
        double worst = 0, mean = 0;
        for (size_t i = 0; i < rows.size(); ++i) {
            const double error = std::abs((rows[i][0] * fit.x[0] + rows[i][1] * fit.x[1]) / energy[i] - 1);
            worst = std::max(worst, error);
            mean += error / 18;
        }
        QVERIFY2(worst < 0.085 && mean < 0.04, qPrintable(QString::number(worst)));
    }

    void timesAreRecoveredFromAnyStart() {
        Rng rng(7);
        for (int round = 0; round < 5; ++round) {
            const std::vector<double> truth{rng.uniform(1, 3), rng.uniform(0.05, 0.5),
                                            rng.uniform(0.01, 0.1)};
            std::vector<TimeTerms> terms;
            std::vector<double> measured;
            for (int i = 0; i < 20; ++i) {
                const TimeTerms term{{0, 0, 1e-3 * (i % 2)},
                                     {rng.uniform(0, 0.1), 0, 0},
                                     {rng.uniform(0.5, 5), rng.uniform(1, 80), 0}};
                terms.push_back(term);
                measured.push_back(term.at(truth));
            }
            const std::vector<Range> ranges{{1, 100}, {1e-4, 100}, {1e-4, 100}};
            for (const double start : {1.0, 50.0}) {
                const auto found = fit_times(terms, measured, ranges, {start, start, start}, true);
                for (const size_t k : {size_t{0}, size_t{1}})
                    QVERIFY2(std::abs(found[k] / truth[k] - 1) < 1e-3,
                             qPrintable(QString("%1 instead of %2").arg(found[k]).arg(truth[k])));
            }
        }
    }

    void sensitivityNamesWhatBinds() {
        const TimeTerms term{{0, 0, 1}, {0, 0, 0}, {2, 3, 0}};
        const std::vector<double> x{1, 2, 2}; // 2 against 6, and 2 on top
        QCOMPARE(term.at(x), 8.0);
        const std::vector<double> share = term.sensitivity(x);
        QCOMPARE(share[0], 0.0);
        QCOMPARE(share[1], 0.75);
        QCOMPARE(share[2], 0.25);
    }
};

QTEST_APPLESS_MAIN(TestFitSolver)
#include "tst_fit_solver.moc"
