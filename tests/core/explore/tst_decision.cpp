// Questions asked of a finished search.

#include "core/base/rng.h"
#include "core/explore/decision.h"

#include <QTest>

#include <limits>

using namespace widthwise;
using namespace widthwise::explore;

namespace {

Outcome measured(double drop, double energy, double latency = 1) {
    Outcome outcome;
    outcome.figures[Metric::drop] = drop;
    outcome.figures[Metric::energy] = energy;
    outcome.figures[Metric::latency] = latency;
    return outcome;
}

LayerCost layer_cost(const std::string& name, int weight_bits, int activation_bits, double energy_j,
                     double latency_s) {
    LayerCost cost;
    cost.layer = name;
    cost.weight_bits = weight_bits;
    cost.activation_bits = activation_bits;
    cost.energy.compute_j = energy_j;
    cost.latency_s = latency_s;
    return cost;
}

} // namespace

class TestDecision : public QObject {
    Q_OBJECT
private slots:
    void the_front_is_of_measured_designs_that_keep_the_limits() {
        std::vector<Outcome> outcomes = {measured(0.00, 9),    measured(0.01, 5), measured(0.02, 7),
                                         measured(0.05, 2, 8), measured(0.10, 1), measured(0.00, 0.1),
                                         measured(0.00, 0.1)};
        outcomes[5].verdict = Verdict::screened;
        outcomes[6].verdict = Verdict::rejected;
        Goals goals;
        QCOMPARE(front_of(outcomes, goals), (std::vector<size_t>{4, 3, 1, 0})); // by energy
        // What if? Without running anything.
        goals.constraints = {{Metric::latency, 5}, {Metric::drop, 0.05}};
        QCOMPARE(front_of(outcomes, goals), (std::vector<size_t>{1, 0}));
        goals.constraints = {{Metric::energy, 0.5}};
        QVERIFY(front_of(outcomes, goals).empty());
        QVERIFY(front_of({}, goals).empty());
    }

    void what_was_completed_counts_as_it_is_known_now() {
        std::vector<Outcome> outcomes = {measured(0.00, 9), measured(0.01, 5), measured(0.02, 7)};
        for (size_t i = 0; i < outcomes.size(); ++i) outcomes[i].choices = {static_cast<uint8_t>(i)};
        QCOMPARE(front_of(outcomes, {}), (std::vector<size_t>{1, 0}));
        outcomes.push_back(outcomes[1]); // it was lucky on some images
        outcomes.back().figures[Metric::drop] = 0.03;
        outcomes.back().verdict = Verdict::completed;
        QCOMPARE(measured_positions(outcomes), (std::vector<size_t>{0, 2, 3}));
        QCOMPARE(front_of(outcomes, {}), (std::vector<size_t>{3, 2, 0})); // what it had beaten stands again
    }

    void the_cheapest_within_a_drop() {
        const std::vector<Outcome> outcomes = {measured(0.00, 9), measured(0.01, 5), measured(0.10, 1)};
        const std::vector<size_t> front = {0, 1, 2};
        QCOMPARE(cheapest_within(outcomes, front, 0.01, Metric::energy), std::optional<size_t>(1));
        QCOMPARE(cheapest_within(outcomes, front, 0.5, Metric::energy), std::optional<size_t>(2));
        QCOMPARE(cheapest_within(outcomes, front, -0.1, Metric::energy), std::nullopt);
        QCOMPARE(cheapest_within(outcomes, front, 0.5, Metric::area), std::nullopt);
        QCOMPARE(cheapest_within(outcomes, {}, 0.5, Metric::energy), std::nullopt);
    }

    void throughput_is_best_when_largest() {
        std::vector<Outcome> outcomes = {measured(0.00, 1), measured(0.01, 1)};
        outcomes[0].figures[Metric::throughput] = 10;
        outcomes[1].figures[Metric::throughput] = 30;
        const Goals goals{{Metric::drop, Metric::throughput}, {}};
        QCOMPARE(front_of(outcomes, goals), (std::vector<size_t>{1, 0}));
        QCOMPARE(cheapest_within(outcomes, std::vector<size_t>{0, 1}, 1, Metric::throughput),
                 std::optional<size_t>(1));
    }

    void a_sequence_ends_at_the_first_failure() {
        const auto last = [](std::vector<Tested> designs) { return last_of_sequence(designs); };
        QVERIFY(!last({}));
        QVERIFY(!last({{0, 3, false}, {0.01, 2, true}}));
        // In any order; the cheapest passed by luck, behind one that failed.
        QVERIFY(last({{0.2, 1, true}, {0.1, 2, false}, {0.0, 4, true}, {0.01, 3, true}}) == size_t{3});
        // What another design beats in both is no part of it.
        QVERIFY(last({{0.0, 3, true}, {0.02, 3.5, false}, {0.01, 2, true}}) == size_t{2});
    }

    /// Designs that are truly just beyond a limit, found on some images, tested on others.
    void a_sequence_keeps_the_error_of_one_test() {
        constexpr int k_rounds = 4000;
        constexpr double k_limit = 0.01, k_sigma = 0.01, k_quantile = 1.96;
        Rng rng(5);
        int wrong = 0, wrong_by_choice = 0;
        for (int round = 0; round < k_rounds; ++round) {
            std::vector<Tested> designs;
            bool any = false;
            for (int i = 0; i < 15; ++i) {
                const double truth = i < 3 ? -0.1 : k_limit; // -0.1: always passes
                const double seen = truth + k_sigma * rng.normal();
                designs.push_back({0.001 * i, 20.0 - i, seen + k_quantile * k_sigma <= k_limit});
                any = any || (i >= 3 && designs.back().passed);
            }
            const auto last = last_of_sequence(designs);
            QVERIFY(last.has_value());
            wrong += *last >= 3;
            wrong_by_choice += any;
        }
        // 2.5 % with a standard error of 0.25 %; choosing among twelve tests errs in 1 - 0.975^12 = 26 %.
        QVERIFY2(wrong > 0 && wrong < 0.035 * k_rounds, std::to_string(wrong).c_str());
        QVERIFY(wrong_by_choice > 0.2 * k_rounds);
    }

    void a_design_is_explained_layer_by_layer() {
        const LayerPrecision w8a8{weight_integer(8), activation_integer(8)};
        const PrecisionPlan baseline(w8a8);
        PrecisionPlan design(w8a8);
        design.set("conv1", {weight_integer(4), activation_integer(6)});
        design.set("add", {weight_integer(2), activation_integer(4)});  // has no weights
        design.set("relu", {weight_integer(2), activation_integer(2)}); // takes no precision
        CostBreakdown before, after;
        before.layers = {layer_cost("conv1", 8, 8, 5, 3), layer_cost("relu", 0, 0, 0, 0),
                         layer_cost("add", 0, 8, 1, 1), layer_cost("fc", 8, 8, 2, 2)};
        after.layers = {layer_cost("conv1", 4, 6, 2, 3.5), layer_cost("relu", 0, 0, 0, 0),
                        layer_cost("add", 0, 4, 0.75, 1), layer_cost("fc", 8, 8, 2, 2)};
        Sensitivity sensitivity;
        LayerSensitivity layer;
        layer.layer = "conv1";
        for (const int bits : {4, 6, 8}) {
            SensitivityEntry entry;
            entry.bits = bits;
            entry.kl_nat = bits == 4 ? 0.5 : bits == 6 ? 0.25 : 0.125;
            layer.weights.push_back(entry);
            layer.activations.push_back(entry);
        }
        sensitivity.layers.push_back(layer);
        const NoiseTable noise(sensitivity);

        const std::vector<Move> moves = explain(baseline, before, design, after, &noise);
        QCOMPARE(moves.size(), size_t{2});
        QCOMPARE(moves[0].layer, std::string("conv1"));
        QCOMPARE(moves[0].from, std::string("w8a8"));
        QCOMPARE(moves[0].to, std::string("w4a6"));
        QCOMPARE(moves[0].saved_j, 3.0);
        QCOMPARE(moves[0].saved_s, -0.5);
        QVERIFY(std::abs(moves[0].noise.value() - (0.5 + 0.25 - 2 * 0.125)) < 1e-12);
        QCOMPARE(moves[1].layer, std::string("add"));
        QCOMPARE(moves[1].to, std::string("uint4"));
        QCOMPARE(moves[1].saved_j, 0.25);
        QVERIFY(!moves[1].noise); // the table does not know it
        QVERIFY(!explain(baseline, before, design, after, nullptr)[0].noise);
        QVERIFY(explain(baseline, before, baseline, before, &noise).empty());
    }

    void hardware_that_differs_is_listed() {
        Space space;
        Variable rows;
        rows.kind = Variable::Kind::hardware;
        rows.name = rows.parameter = "array.rows";
        rows.values = {"8", "16"};
        Variable node = rows;
        node.name = node.parameter = "node_nm";
        node.values = {"28", "45"};
        space.variables = {rows, node};
        const std::vector<Move> moves = explain_hardware(space, Choices{1, 1}, Choices{1, 0});
        QCOMPARE(moves.size(), size_t{1});
        QCOMPARE(moves[0].layer, std::string("node_nm"));
        QCOMPARE(moves[0].from, std::string("45"));
        QCOMPARE(moves[0].to, std::string("28"));
    }

    void the_tightest_of_impossible_limits_is_named() {
        Figures best;
        best[Metric::energy] = 21.4e-6;
        best[Metric::latency] = 2e-3;
        best[Metric::throughput] = 500;
        Goals goals{{}, {{Metric::latency, 1e-3}, {Metric::energy, 1e-6}, {Metric::throughput, 1000}}};
        const std::optional<Infeasible> found = tightest(goals, best);
        QVERIFY(found.has_value());
        QVERIFY(found->constraint == (Constraint{Metric::energy, 1e-6}));
        QCOMPARE(found->best, 21.4e-6);
        QCOMPARE(
            found->message,
            std::string("no design of this space keeps energy below 1.00 µJ: the least found is 21.4 µJ"));
        goals.constraints = {{Metric::throughput, 1000}, {Metric::latency, 1.5e-3}};
        QCOMPARE(tightest(goals, best)->message,
                 std::string(
                     "no design of this space reaches a throughput of 1000 images/s: the most found is 500 "
                     "images/s"));
        goals.constraints = {{Metric::area, 3}};
        QVERIFY(tightest(goals, best)->message.find("gives no area") != std::string::npos);
    }

    void possible_limits_are_not() {
        Figures best;
        best[Metric::energy] = 21.4e-6;
        const Goals goals{{}, {{Metric::energy, 21.4e-6}, {Metric::drop, 0.001}}};
        QVERIFY(!tightest(goals, best));
        QVERIFY(!tightest(Goals{}, best));
    }
};

QTEST_APPLESS_MAIN(TestDecision)
#include "tst_decision.moc"
