#include "core/base/normal.h"
#include "core/explore/additive_front.h"
#include "core/explore/improvement.h"
#include "core/explore/measured_designs.h"
#include "core/explore/predicted_evolution.h"
#include "core/explore/surrogate_search.h"
#include "tests/core/explore/toy_space.h"

#include <QTest>

using namespace widthwise;
using namespace widthwise::explore;
using test::Toy;

namespace {

std::vector<Point> front_of_outcomes(const std::vector<Outcome>& outcomes) {
    std::vector<Point> points;
    for (const Outcome& outcome : outcomes)
        if (outcome.verdict == Verdict::measured && outcome.violation == 0)
            points.push_back({outcome.figures[Metric::drop], outcome.figures[Metric::energy]});
    std::vector<Point> front;
    for (const size_t i : pareto_front(points)) front.push_back(points[i]);
    std::ranges::sort(front);
    return front;
}

Toy meeting(size_t layers) {
    Toy toy(layers);
    toy.interaction = 0.5;
    return toy;
}

} // namespace

class TestSurrogateSearch : public QObject {
    Q_OBJECT

private slots:
    // What a point adds is what the volume grows by, in two and three losses.
    void improvementIsExact() {
        Rng rng(3);
        for (const size_t losses : {2, 3})
            for (int trial = 0; trial < 100; ++trial) {
                const Point reference(losses, 0.9);
                const auto random_point = [&] {
                    Point point;
                    for (size_t k = 0; k < losses; ++k) point.push_back(rng.uniform());
                    return point;
                };
                std::vector<Point> points;
                for (int i = 0; i < 6; ++i) points.push_back(random_point());
                Improvement improvement(points, reference);
                const Point next = random_point();
                const double before = hypervolume(points, reference);
                points.push_back(next);
                QVERIFY(std::abs(improvement.of(next) - (hypervolume(points, reference) - before)) < 1e-12);
                improvement.add(next);
                QCOMPARE(improvement.of(next), 0.0);
                const Point last = random_point();
                const double middle = hypervolume(points, reference);
                points.push_back(last);
                QVERIFY(std::abs(improvement.of(last) - (hypervolume(points, reference) - middle)) < 1e-12);
            }
    }

    // Of long fronts of three losses some points stand for all, which leaves a little more to gain.
    void longFrontsAreThinned() {
        Rng rng(4);
        std::vector<Point> points;
        for (int i = 0; i < 2000; ++i) { // on a sphere: none dominates another
            Point point;
            double length = 0;
            for (int k = 0; k < 3; ++k) point.push_back(rng.uniform());
            for (const double x : point) length += x * x;
            for (double& x : point) x = 1 - x / std::sqrt(length);
            points.push_back(std::move(point));
        }
        const Point reference{1, 1, 1};
        const Improvement improvement(points, reference);
        QCOMPARE(improvement.front_size(), k_most_front);
        const double covered = 1 - improvement.of({0, 0, 0}), all = hypervolume(points, reference);
        QVERIFY2(covered < all && covered > 0.9 * all, std::to_string(covered / all).c_str());
    }

    // One point in the corner: the expected improvement of a drop is one-dimensional and known in closed form
    // (Jones, Schonlau and Welch 1998, eq. 15), times the width in costs.
    void expectedImprovementByHand() {
        const Improvement improvement({{0.5, 0}}, {1, 1});
        for (const double mean : {0.3, 0.5, 0.6}) {
            const double sigma = 0.2, z = (0.5 - mean) / sigma;
            const double wanted = (0.5 - mean) * normal_probability(z) + sigma * normal_density(z);
            const double got = improvement.expected({mean, sigma, {0}});
            QVERIFY2(std::abs(got - wanted) < 0.01, std::to_string(got - wanted).c_str());
        }
        QCOMPARE(improvement.expected({0.6, 0, {0}}), 0.0);
        QCOMPARE(improvement.expected({0.6, 0, {2}}), 0.0);
    }

    // Twins promise the same; believed, the first leaves nothing to the second.
    void batchesDoNotCrowd() {
        const std::vector<Uncertain> designs = {
            {0.2, 0.001, {0.5}}, {0.2, 0.001, {0.5001}}, {0.4, 0.001, {0.2}}, {0.9, 0.001, {0.9}}};
        const Improvement improvement({{0.95, 0.95}, {0.1, 0.85}}, {1, 1});
        QCOMPARE(most_promising(improvement, designs, 4, 0.05), (std::vector<size_t>{2, 0}));
        QCOMPARE(most_promising(improvement, designs, 1, 0.05), (std::vector<size_t>{2}));
        QVERIFY(most_promising(improvement, {}, 3, 0.05).empty());
    }

    void evolutionFindsTheFrontOfThePrediction() {
        const Toy toy(3);
        const Predict predict = [&](const Choices& choices) {
            return Predicted{choices, toy.drop(choices), 0.01, {toy.costs(choices)[Metric::energy]}};
        };
        Rng rng(5);
        const std::map<Choices, Predicted> seen =
            evolve(toy.space, std::vector<Choices>{Choices(6, 0), Choices(6, 3)}, predict,
                   {.population = 48, .generations = 30}, rng);
        QVERIFY(seen.size() < 48 * 31);
        std::vector<Point> points, all;
        for (const auto& [choices, predicted] : seen) points.push_back(predicted.losses());
        for (const Outcome& outcome : test::all_outcomes(toy, {}))
            all.push_back({outcome.figures[Metric::drop], outcome.figures[Metric::energy]});
        const Point reference{0.2, toy.costs(Choices(6, 3))[Metric::energy]};
        QVERIFY(hypervolume(points, reference) > 0.995 * hypervolume(all, reference));
        QVERIFY(evolve(toy.space, {}, predict, {}, rng).empty());
    }

    void reachesTheExhaustiveFront() {
        Toy toy = meeting(3); // 4096 designs
        toy.interaction = 0.3;
        const Goals goals;
        const auto algorithm = make_surrogate_search(toy.problem(2, 400));
        const test::Course course = test::run(*algorithm, toy, goals, 400);
        QVERIFY(!course.repeated);
        const double found = test::volume(course.outcomes, toy, goals);
        const double all = test::volume(test::all_outcomes(toy, goals), toy, goals);
        QVERIFY2(found > 0.999 * all, std::to_string(found / all).c_str());

        const Toy small(2, {2, 4, 8}); // 81 designs
        const auto thorough = make_surrogate_search(small.problem(2, 81));
        const test::Course few = test::run(*thorough, small, goals, 81);
        std::vector<Point> wanted = front_of_outcomes(test::all_outcomes(small, goals));
        std::erase_if(wanted, [](const Point& point) { return point[0] >= 0.2; }); // of no use
        std::vector<Point> got = front_of_outcomes(few.outcomes);
        std::erase_if(got, [](const Point& point) { return point[0] >= 0.2; });
        QCOMPARE(got, wanted);
    }

    // 12 layers, 4^24 designs, 60 of them run.
    void learnsFromWhatItIsTold() {
        const Toy toy = meeting(12);
        const Goals goals;
        const auto search = make_surrogate_search(toy.problem(1, 60));
        const auto random = make_algorithm("random", toy.problem(1, 600));
        const double found = test::volume(test::run(*search, toy, goals, 60).outcomes, toy, goals);
        const double yardstick = test::volume(test::run(**random, toy, goals, 600).outcomes, toy, goals);
        QVERIFY2(found > 1.15 * yardstick, (std::to_string(found) + " " + std::to_string(yardstick)).c_str());
    }

    void sameAnswersSameQuestions() {
        const Toy toy = meeting(5);
        const auto a = make_surrogate_search(toy.problem(3, 50));
        const auto b = make_surrogate_search(toy.problem(3, 50));
        const test::Course one = test::run(*a, toy, {}, 50, 16), other = test::run(*b, toy, {}, 50, 3);
        QCOMPARE(one.outcomes.size(), other.outcomes.size());
        for (size_t i = 0; i < one.outcomes.size(); ++i)
            QCOMPARE(one.outcomes[i].choices, other.outcomes[i].choices);
    }

    void flatObjective() {
        Toy toy(3);
        toy.flat = true;
        const auto algorithm = make_surrogate_search(toy.problem(1, 200));
        const test::Course course = test::run(*algorithm, toy, {}, 200);
        QVERIFY(course.ended && course.outcomes.size() < 100);
        // The cheapest is the only one that counts, and it was found.
        QCOMPARE(front_of_outcomes(course.outcomes), front_of_outcomes(test::all_outcomes(toy, {})));
    }

    void nothingIsFeasible() {
        const Toy toy(3);
        const Goals goals{{Metric::drop, Metric::energy}, {{Metric::energy, 1e-9}}};
        const auto algorithm = make_surrogate_search(toy.problem(1, 50, goals));
        const test::Course course = test::run(*algorithm, toy, goals, 50);
        QVERIFY(course.ended && course.outcomes.size() < 200);
    }

    // The target runs few designs, and none that the additive model would have started from.
    void nothingAdditiveIsPossible() {
        const Toy toy(3); // 4096 designs
        Problem problem = toy.problem(1, 60);
        const auto is_possible = [](const Choices& c) { return c[0] == 1 && c[3] == 2; };
        problem.price = [&](const Choices& choices) {
            return Priced{toy.costs(choices), is_possible(choices) ? "" : "no such array"};
        };
        QVERIFY(additive_front(problem, {toy.space, *toy.noise}).empty());
        const auto algorithm = make_surrogate_search(problem);
        std::vector<Outcome> run;
        for (std::vector<Choices> asked = algorithm->ask(8); !asked.empty() && run.size() < 60;
             asked = algorithm->ask(8)) {
            std::vector<Outcome> answers;
            for (const Choices& choices : asked) {
                answers.push_back(toy.outcome(choices, {}));
                if (is_possible(choices)) {
                    run.push_back(answers.back());
                    continue;
                }
                answers.back().verdict = Verdict::rejected;
                answers.back().samples = 0;
                answers.back().figures[Metric::drop] = NAN;
            }
            algorithm->tell(answers);
        }
        std::vector<Outcome> all;
        for (const Outcome& outcome : test::all_outcomes(toy, {}))
            if (is_possible(outcome.choices)) all.push_back(outcome);
        const double share = test::volume(run, toy, {}) / test::volume(all, toy, {});
        QVERIFY2(run.size() > 8 && share > 0.99, std::to_string(share).c_str());
    }

    void keepsConstraints() {
        const Toy toy = meeting(4);
        const double energy = 0.5 * toy.costs(uniform_choices(toy.space, 8, 8))[Metric::energy];
        const Goals goals{{Metric::drop, Metric::size}, {{Metric::energy, energy}, {Metric::drop, 0.05}}};
        const auto algorithm = make_surrogate_search(toy.problem(1, 80, goals));
        const test::Course course = test::run(*algorithm, toy, goals, 80);
        int rejected = 0, feasible = 0;
        for (const Outcome& outcome : course.outcomes) {
            rejected += outcome.verdict == Verdict::rejected;
            feasible += outcome.violation == 0;
        }
        QVERIFY2(rejected <= 1, std::to_string(rejected).c_str()); // the start; the others are priced before
        QVERIFY2(feasible > 40, std::to_string(feasible).c_str());
        const double found = test::volume(course.outcomes, toy, goals);
        std::vector<Outcome> all;
        Rng rng(1);
        for (int i = 0; i < 4000; ++i) {
            Choices choices;
            for (const Variable& v : toy.space.variables)
                choices.push_back(static_cast<uint8_t>(rng.below(v.size())));
            all.push_back(toy.outcome(choices, goals));
        }
        QVERIFY(found > test::volume(all, toy, goals));
    }

    void severalCostsAndHardware() {
        Toy toy = meeting(4);
        toy.vary_rows({1, 0.85, 0.95});
        const Goals goals{{Metric::energy, Metric::drop, Metric::latency}, {}};
        const auto algorithm = make_surrogate_search(toy.problem(1, 60, goals));
        const test::Course course = test::run(*algorithm, toy, goals, 60);
        QCOMPARE(course.outcomes.size(), size_t{60});
        int best_rows = 0;
        for (const Outcome& outcome : course.outcomes) best_rows += outcome.choices.back() == 1;
        QVERIFY(best_rows > 45);
    }

    void budgetOfOne() {
        const Toy toy(3);
        Problem problem = toy.problem(1, 1);
        const auto algorithm = make_surrogate_search(problem);
        QCOMPARE(algorithm->ask(1), problem.start);
        problem.start.clear();
        QCOMPARE(make_surrogate_search(problem)->ask(1).size(), size_t{1});
    }

    void oneSingleDesign() {
        const Toy toy(1, {8});
        const auto algorithm = make_surrogate_search(toy.problem(1, 10));
        const test::Course course = test::run(*algorithm, toy, {}, 10);
        QVERIFY(course.ended && course.outcomes.size() == 1);
    }

    void nearestToTheFrontAreKept() {
        const Toy toy(2);
        const DesignNoise noise(toy.space, *toy.noise);
        std::map<Choices, Outcome> known;
        for (const Outcome& outcome : test::all_outcomes(toy, {})) known.emplace(outcome.choices, outcome);
        Outcome& rejected = known.begin()->second;
        rejected.samples = 0;
        QCOMPARE(measured_designs(known, noise, {}).size(), known.size() - 1);
        std::vector<Outcome> run;
        for (const auto& [choices, outcome] : known)
            if (outcome.samples > 0) run.push_back(outcome);
        const size_t front = front_of_outcomes(run).size();
        const std::vector<Measured> kept = measured_designs(known, noise, {}, front);
        QCOMPARE(kept.size(), front);
        std::vector<double> drops, wanted;
        for (const Measured& m : kept) drops.push_back(m.drop);
        for (const Point& point : front_of_outcomes(run)) wanted.push_back(point[0]);
        std::ranges::sort(drops);
        QCOMPARE(drops, wanted);
        const Toy large(3);
        std::map<Choices, Outcome> many;
        for (const Outcome& outcome : test::all_outcomes(large, {})) many.emplace(outcome.choices, outcome);
        QCOMPARE(measured_designs(many, {large.space, *large.noise}, {}).size(), size_t{512});
        QCOMPARE(kept.front().sigma, 0.5 / 1000); // no difference seen is not no error
    }

    // Designs that were left after few images bring the search no harm.
    void screenedDesigns() {
        const Toy toy = meeting(6);
        const auto algorithm = make_surrogate_search(toy.problem(1, 60));
        Rng rng(5);
        std::vector<Outcome> outcomes;
        for (std::vector<Choices> asked = algorithm->ask(8); !asked.empty() && outcomes.size() < 60;
             asked = algorithm->ask(8)) {
            std::vector<Outcome> answers;
            for (const Choices& choices : asked) {
                answers.push_back(toy.outcome(choices, {}));
                Outcome& answer = answers.back();
                if (answer.figures[Metric::drop] < 0.1) continue;
                answer.verdict = Verdict::screened;
                answer.samples = 64;
                answer.drop_sigma = 0.05;
                answer.figures[Metric::drop] += 0.05 * rng.normal();
            }
            algorithm->tell(answers);
            outcomes.insert(outcomes.end(), answers.begin(), answers.end());
        }
        const auto random = make_algorithm("random", toy.problem(1, 600));
        QVERIFY(test::volume(outcomes, toy, {}) >
                test::volume(test::run(**random, toy, {}, 600).outcomes, toy, {}));
    }
};

QTEST_APPLESS_MAIN(TestSurrogateSearch)
#include "tst_surrogate_search.moc"
