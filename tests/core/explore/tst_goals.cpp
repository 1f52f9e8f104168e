// Goals: limits kept and broken, what is refused, and the scenarios.

#include "core/explore/goals.h"

#include <QTest>

#include <limits>

using namespace widthwise;
using namespace widthwise::explore;

namespace {

constexpr double k_nan = std::numeric_limits<double>::quiet_NaN();

Figures some_figures() {
    Figures figures;
    figures[Metric::drop] = 0.02;
    figures[Metric::energy] = 1.84e-3;
    figures[Metric::latency] = 0.01;
    figures[Metric::size] = 270e3;
    figures[Metric::power] = 0.2;
    figures[Metric::throughput] = 100;
    return figures;
}

} // namespace

class TestGoals : public QObject {
    Q_OBJECT
private slots:
    void metrics_have_names_that_are_read_back() {
        for (const Metric metric : k_metrics) {
            QVERIFY(!to_string(metric).empty());
            QCOMPARE(metric_from(to_string(metric)), std::optional(metric));
        }
        QVERIFY(!metric_from("enrgy"));
    }

    void figures_read_as_users_write_them() {
        QCOMPARE(format_figure(Metric::energy, 1.84e-3), std::string("1.84 mJ"));
        QCOMPARE(format_figure(Metric::drop, 0.0051), std::string("0.510 %"));
        QCOMPARE(format_figure(Metric::area, 12.34), std::string("12.3 mm²"));
        QCOMPARE(format_figure(Metric::throughput, 30), std::string("30.0 images/s"));
        QCOMPARE(format_figure(Metric::luts, 53200), std::string("53200"));
    }

    void a_limit_is_broken_relative_to_itself() {
        const Figures figures = some_figures();
        QCOMPARE(violation(Constraint{Metric::energy, 2e-3}, figures), 0.0);
        QCOMPARE(violation(Constraint{Metric::energy, 0.92e-3}, figures), 1.0);
        QCOMPARE(violation(Constraint{Metric::throughput, 200}, figures), 0.5);
        QCOMPARE(violation(Constraint{Metric::throughput, 100}, figures), 0.0);
        QCOMPARE(violation(Constraint{Metric::drop, 0}, figures), 0.02);
        QCOMPARE(violation(Constraint{Metric::area, 5}, figures), 1.0); // does not apply: not kept
        Figures unmeasured = figures;
        unmeasured[Metric::drop] = k_nan;
        QCOMPARE(violation(Constraint{Metric::drop, 0.01}, unmeasured), 0.0); // not known yet
        const Goals both{{}, {{Metric::energy, 0.92e-3}, {Metric::throughput, 200}}};
        QCOMPARE(violation(both, figures), 1.5);
    }

    void the_worst_broken_limit_is_told() {
        Goals goals{{}, {{Metric::energy, 1.2e-3}, {Metric::drop, 0.019}, {Metric::latency, 1}}};
        QCOMPARE(broken_constraint(goals, some_figures()),
                 std::string("energy 1.84 mJ is above the limit of 1.20 mJ"));
        goals.constraints = {{Metric::throughput, 200}};
        QCOMPARE(broken_constraint(goals, some_figures()),
                 std::string("throughput 100 images/s is below the limit of 200 images/s"));
        goals.constraints = {{Metric::latency, 1}};
        QCOMPARE(broken_constraint(goals, some_figures()), std::string());
        goals.constraints = {{Metric::energy, 1.84e-3 * (1 - 1e-6)}}; // digits until they differ
        const std::string close = broken_constraint(goals, some_figures());
        QVERIFY2(close.find("1.84000000 mJ is above the limit of 1.83999816 mJ") != std::string::npos,
                 close.c_str());
    }

    void what_cannot_be_searched_for_is_refused_data() {
        QTest::addColumn<Goals>("goals");
        QTest::addColumn<QString>("says");
        const std::vector<Metric> usual = {Metric::drop, Metric::energy};
        QTest::newRow("no drop") << Goals{{Metric::energy, Metric::size}, {}} << "accuracy drop";
        QTest::newRow("alone") << Goals{{Metric::drop}, {}} << "only objective";
        QTest::newRow("none") << Goals{{}, {}} << "accuracy drop";
        QTest::newRow("twice") << Goals{{Metric::drop, Metric::energy, Metric::energy}, {}} << "twice";
        QTest::newRow("no area") << Goals{{Metric::drop, Metric::area}, {}} << "area";
        QTest::newRow("nan") << Goals{usual, {{Metric::energy, k_nan}}} << "no number";
        QTest::newRow("infinite") << Goals{usual, {{Metric::drop, 1 / 0.0}}} << "no number";
        QTest::newRow("energy 0") << Goals{usual, {{Metric::energy, 0}}} << "no design can keep";
        QTest::newRow("size < 0") << Goals{usual, {{Metric::size, -5}}} << "no design can keep";
        QTest::newRow("dsps < 0") << Goals{usual, {{Metric::dsps, -1}}} << "no design can keep";
        QTest::newRow("drop -2") << Goals{usual, {{Metric::drop, -2}}} << "no design can keep";
        QTest::newRow("limited area") << Goals{usual, {{Metric::area, 3}}} << "area";
    }
    void what_cannot_be_searched_for_is_refused() {
        QFETCH(Goals, goals);
        QFETCH(QString, says);
        const Result<void> checked = validate(goals, some_figures());
        QVERIFY(!checked);
        QVERIFY(checked.error().code == ErrorCode::usage);
        QVERIFY2(QString::fromStdString(checked.error().to_line()).contains(says),
                 checked.error().to_line().c_str());
    }

    void limits_at_the_edge_are_fine() {
        Figures fpga = some_figures();
        fpga[Metric::dsps] = 4;
        const Goals goals{{Metric::drop, Metric::energy, Metric::throughput},
                          {{Metric::dsps, 0}, {Metric::drop, 0}, {Metric::throughput, 0}}};
        QVERIFY(validate(goals, fpga).has_value());
    }

    void every_scenario_gives_goals_that_hold_for_its_baseline_figures() {
        QVERIFY(scenarios().size() >= 4);
        for (const Scenario& scenario : scenarios()) {
            const Result<Goals> goals = scenario_goals(scenario.name, some_figures());
            QVERIFY(goals.has_value());
            QVERIFY(validate(*goals, some_figures()).has_value());
            QVERIFY(!goals->constraints.empty());
            QVERIFY(scenario.why.size() > 40);
        }
    }

    void limits_follow_the_baseline_where_they_are_relative() {
        const Goals goals = *scenario_goals("always-on-sensor", some_figures());
        const auto limit = [&](Metric metric) {
            for (const Constraint& constraint : goals.constraints)
                if (constraint.metric == metric) return constraint.limit;
            return k_nan;
        };
        QCOMPARE(limit(Metric::energy), 0.92e-3);
        QCOMPARE(limit(Metric::size), 135e3);
        QCOMPARE(limit(Metric::drop), 0.02);
        Figures without = some_figures();
        without[Metric::size] = k_nan;
        const Goals fewer = *scenario_goals("always-on-sensor", without);
        QCOMPARE(fewer.constraints.size(), goals.constraints.size() - 1);
    }

    void unknown_scenarios_are_told_the_known_ones() {
        const Result<Goals> goals = scenario_goals("mobile", some_figures());
        QVERIFY(!goals);
        QVERIFY(goals.error().to_line().find("mobile-camera") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestGoals)
#include "tst_goals.moc"
