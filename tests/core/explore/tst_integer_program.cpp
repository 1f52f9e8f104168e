#include "core/explore/additive_front.h"
#include "core/explore/choice_program.h"
#include "core/explore/integer_program.h"
#include "core/explore/spread.h"
#include "core/explore/surrogate.h"
#include "tests/core/explore/toy_space.h"

#include <QTest>

#include <limits>

using namespace widthwise;
using namespace widthwise::explore;
using test::Toy;

namespace {

constexpr double k_none = std::numeric_limits<double>::infinity();

ChoiceProgram random_program(uint64_t seed, size_t groups, size_t options, size_t losses) {
    Rng rng(seed);
    ChoiceProgram program;
    for (size_t g = 0; g < groups; ++g) {
        program.groups.emplace_back();
        for (size_t o = 0; o < options; ++o) {
            Point point;
            // Whole numbers: sums are exact, and many are equal.
            for (size_t k = 0; k < losses; ++k) point.push_back(static_cast<double>(rng.below(20)));
            program.groups.back().push_back(std::move(point));
        }
    }
    return program;
}

/// By looking at every selection.
std::vector<Point> brute_force(const ChoiceProgram& program) {
    std::vector<Point> sums{Point(program.groups.front().front().size(), 0)};
    for (const std::vector<Point>& group : program.groups) {
        std::vector<Point> longer;
        for (const Point& sum : sums)
            for (const Point& option : group) {
                longer.push_back(sum);
                for (size_t k = 0; k < option.size(); ++k) longer.back()[k] += option[k];
            }
        sums = std::move(longer);
    }
    std::erase_if(sums, [&](const Point& sum) {
        for (size_t k = 0; k < program.limits.size(); ++k)
            if (sum[k] > program.limits[k]) return true;
        return false;
    });
    std::vector<Point> front;
    for (const size_t i : pareto_front(sums)) front.push_back(sums[i]);
    std::ranges::sort(front);
    return front;
}

std::vector<Point> losses_of(const std::vector<ChoiceSolution>& solutions) {
    std::vector<Point> losses;
    for (const ChoiceSolution& solution : solutions) losses.push_back(solution.losses);
    return losses;
}

/// Of all designs, with exact costs: total noise and energy.
std::vector<Point> exhaustive_front(const Toy& toy, const Problem& problem) {
    const DesignNoise noise(toy.space, *toy.noise);
    const Surrogate additive(noise.slot_count(), problem.worst_drop);
    std::vector<Point> points;
    for (int64_t i = 0; i < toy.space.designs().value_or(0); ++i) {
        const Choices choices = design_at(toy.space, i);
        const Priced price = problem.price(choices);
        if (price.problem.empty() && violation(problem.goals, price.figures) == 0)
            points.push_back({additive.total_noise(noise.of(choices)), price.figures[Metric::energy]});
    }
    std::vector<Point> front;
    for (const size_t i : pareto_front(points)) front.push_back(points[i]);
    std::ranges::sort(front);
    return front;
}

/// The same designs up to rounding of sums.
bool same_points(const std::vector<AdditiveDesign>& designs, const std::vector<Point>& points) {
    if (designs.size() != points.size()) return false;
    for (size_t i = 0; i < points.size(); ++i)
        if (std::abs(designs[i].noise - points[i][0]) > 1e-12 ||
            std::abs(designs[i].figures[Metric::energy] - points[i][1]) > 1e-12)
            return false;
    return true;
}

} // namespace

class TestIntegerProgram : public QObject {
    Q_OBJECT

private slots:
    void frontIsExact() {
        for (uint64_t seed = 1; seed <= 60; ++seed) {
            ChoiceProgram program = random_program(seed, 5, 4, 2 + seed % 4);
            QCOMPARE(losses_of(solve_front(program)), brute_force(program));
            program.limits = {k_none, 35};
            QCOMPARE(losses_of(solve_front(program)), brute_force(program));
        }
    }

    void solutionsAddUp() {
        const ChoiceProgram program = random_program(5, 6, 4, 2);
        for (const ChoiceSolution& solution : solve_front(program)) {
            Point sum(2, 0);
            for (size_t g = 0; g < program.groups.size(); ++g)
                for (size_t k = 0; k < 2; ++k) sum[k] += program.groups[g][solution.options[g]][k];
            QCOMPARE(sum, solution.losses);
        }
    }

    void nothingKeepsTheLimit() {
        ChoiceProgram program = random_program(5, 4, 4, 2);
        program.limits = {k_none, -1};
        QVERIFY(solve_front(program).empty());
        QVERIFY(solve_front({}).empty());
    }

    // 20 groups of 5 options with real numbers, noise against cost: far more trade-offs than states.
    void thinnedFrontsStayClose() {
        ChoiceProgram program;
        Rng rng(1);
        for (int g = 0; g < 20; ++g) {
            program.groups.emplace_back();
            const double noise = std::exp(rng.uniform(-1, 1)), cost = std::exp(rng.uniform(-1, 1));
            for (const int bits : {2, 3, 4, 6, 8})
                program.groups.back().push_back({noise * std::pow(2.0, -bits), cost * bits});
        }
        const std::vector<Point> fine = losses_of(solve_front(program, 20000));
        const std::vector<Point> coarse = losses_of(solve_front(program, 200));
        QVERIFY2(coarse.size() <= 202 && coarse.size() > 50 && fine.size() > 3 * coarse.size(),
                 (std::to_string(coarse.size()) + " " + std::to_string(fine.size())).c_str());
        QCOMPARE(coarse.front()[0], fine.front()[0]); // the ends stay
        QCOMPARE(coarse.back()[1], fine.back()[1]);
        const Point reference{fine.back()[0], fine.front()[1]};
        QVERIFY(hypervolume(coarse, reference) > 0.97 * hypervolume(fine, reference));
    }

    // Of five losses nearly every selection is a trade-off of its own. One loss does not vary at all (as area
    // does not with widths), which is no reason to keep them all.
    void manyLossesKeepFewStates() {
        ChoiceProgram program;
        Rng rng(1);
        for (int g = 0; g < 12; ++g) {
            program.groups.emplace_back();
            for (int option = 0; option < 12; ++option) {
                Point point{0};
                for (int k = 0; k < 4; ++k) point.push_back(rng.uniform());
                program.groups.back().push_back(std::move(point));
            }
        }
        const std::vector<Point> front = losses_of(solve_front(program, 64));
        QVERIFY2(front.size() > 20 && front.size() <= 64 + 5, std::to_string(front.size()).c_str());
        for (size_t k = 1; k < 5; ++k) { // the ends stay
            double least = 0, found = k_none;
            for (const std::vector<Point>& group : program.groups) {
                double of_group = k_none;
                for (const Point& option : group) of_group = std::min(of_group, option[k]);
                least += of_group;
            }
            for (const Point& point : front) found = std::min(found, point[k]);
            QVERIFY(std::abs(found - least) < 1e-9);
        }
    }

    // Costs of the toy's layers add up: the program's front is the true one of noise and energy.
    void additiveFrontEqualsTheExhaustiveOne() {
        const Toy toy(3);
        const Problem problem = toy.problem(1, 100);
        const std::vector<Point> wanted = exhaustive_front(toy, problem);
        QVERIFY(wanted.size() > 10);
        QVERIFY(same_points(additive_front(problem, {toy.space, *toy.noise}), wanted));
    }

    void limitsOfCosts() {
        const Toy toy(3);
        const double latency = toy.costs(uniform_choices(toy.space, 6, 6))[Metric::latency];
        const Problem problem =
            toy.problem(1, 100, {{Metric::drop, Metric::energy}, {{Metric::latency, latency}}});
        const DesignNoise noise(toy.space, *toy.noise);
        const std::vector<AdditiveDesign> front = additive_front(problem, noise);
        QVERIFY(!front.empty());
        for (const AdditiveDesign& design : front) QVERIFY(design.figures[Metric::latency] <= latency);
        // The third loss is not an objective: designs that only it speaks for are not on the front.
        for (const Point& point : exhaustive_front(toy, problem))
            QVERIFY(std::ranges::any_of(front, [&](const AdditiveDesign& d) {
                return d.noise <= point[0] + 1e-12 && d.figures[Metric::energy] <= point[1] + 1e-12;
            }));
    }

    void whatTheTargetCannotRun() {
        const Toy toy(2);
        Problem problem = toy.problem(1, 100);
        problem.price = [&](const Choices& choices) {
            return Priced{toy.costs(choices), choices[0] == 0 ? "no 2-bit weights here" : ""};
        };
        const std::vector<AdditiveDesign> front = additive_front(problem, {toy.space, *toy.noise});
        QVERIFY(same_points(front, exhaustive_front(toy, problem)));
        problem.price = [&](const Choices& choices) { return Priced{toy.costs(choices), "nothing runs"}; };
        QVERIFY(additive_front(problem, {toy.space, *toy.noise}).empty());
        QVERIFY(make_integer_program(problem)->ask(8).size() <= 8);
    }

    // A variable over all layers ties them: more combinations than a group may have.
    void tiedLayersFallApart() {
        Toy toy(8);
        Variable all = toy.space.variables[0];
        all.name = "all weights";
        for (size_t l = 1; l < 8; ++l) all.layers.push_back("l" + std::to_string(l));
        std::vector<Variable> variables{all};
        for (size_t l = 0; l < 8; ++l) variables.push_back(toy.space.variables[2 * l + 1]);
        Problem problem = toy.problem(1, 100);
        problem.space.variables = variables;
        problem.start.clear();
        problem.price = [](const Choices& choices) {
            Priced price;
            price.figures[Metric::energy] = 1;
            for (const uint8_t c : choices) price.figures[Metric::energy] += c;
            return price;
        };
        const std::vector<AdditiveDesign> front = additive_front(problem, {problem.space, *toy.noise});
        QVERIFY(front.size() > 5);
        QCOMPARE(front.back().choices, Choices(9, 0));
    }

    void hardwareIsAGroup() {
        Toy toy(2);
        toy.vary_rows({1, 0.8, 0.9});
        for (const AdditiveDesign& design : additive_front(toy.problem(1, 100), {toy.space, *toy.noise}))
            QCOMPARE(design.choices.back(), uint8_t{1});
    }

    void asksAlongTheFront() {
        const Toy toy(6);
        const Goals goals;
        const auto algorithm = make_integer_program(toy.problem(1, 60));
        const test::Course course = test::run(*algorithm, toy, goals, 60);
        QVERIFY(!course.repeated && course.outcomes.size() == 60);
        const DesignNoise noise(toy.space, *toy.noise);
        const std::vector<AdditiveDesign> front = additive_front(toy.problem(1, 60), noise);
        int on_front = 0;
        for (const Outcome& outcome : course.outcomes)
            on_front += std::ranges::any_of(
                front, [&](const AdditiveDesign& design) { return design.choices == outcome.choices; });
        QVERIFY(on_front >= 59); // all but the start
        const auto again = make_integer_program(toy.problem(1, 60));
        const test::Course same = test::run(*again, toy, goals, 60, 7);
        for (size_t i = 0; i < 60; ++i) QCOMPARE(same.outcomes[i].choices, course.outcomes[i].choices);
    }

    // 0, then 10, then 5, then 2 (before 8, which is as far).
    void spreadTakesTheWidestGapFirst() {
        std::vector<Point> points;
        for (const double x : {0.0, 2.0, 5.0, 5.0, 8.0, 10.0}) points.push_back({x, 0});
        QCOMPARE(spread(points, {}, 4), (std::vector<size_t>{0, 5, 2, 1}));
        QCOMPARE(spread(points, std::vector<Point>{{10, 0}}, 2), (std::vector<size_t>{0, 2}));
        QCOMPARE(spread(points, {}, 10).size(), size_t{5}); // the second 5 is nothing new
    }
};

QTEST_APPLESS_MAIN(TestIntegerProgram)
#include "tst_integer_program.moc"
