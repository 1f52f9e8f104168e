// pagmo's algorithms behind ask and tell: that they learn, whatever the objectives look like.

#include "core/explore/pagmo_search.h"
#include "core/explore/plain_search.h"
#include "tests/core/explore/toy_space.h"

#include <QTest>

using namespace widthwise;
using namespace widthwise::explore;
using widthwise::test::Course;
using widthwise::test::run;
using widthwise::test::Toy;
using widthwise::test::volume;

namespace {

using Make = std::unique_ptr<Algorithm> (*)(Problem);

double volume_of(Make make, const Toy& toy, uint64_t seed, const Goals& goals) {
    return volume(run(*make(toy.problem(seed, 400, goals)), toy, goals, 400).outcomes, toy, goals);
}

} // namespace

class TestPagmo : public QObject {
    Q_OBJECT
private slots:
    void they_beat_random_search_data() {
        QTest::addColumn<bool>("nsga2");
        QTest::newRow("nsga2") << true;
        QTest::newRow("maco") << false;
    }
    void they_beat_random_search() {
        QFETCH(bool, nsga2);
        const Toy toy(10, {2, 3, 4, 6, 8});
        const Goals goals;
        for (const uint64_t seed : {1U, 2U, 3U}) {
            const double learned = volume_of(nsga2 ? make_nsga2_search : make_maco_search, toy, seed, goals);
            const double random = volume_of(make_random_search, toy, seed, goals);
            QVERIFY2(learned > 1.05 * random, qPrintable(QString("%1, random %2").arg(learned).arg(random)));
        }
    }

    void the_yardsticks_leave_the_start_alone() {
        const Toy toy(10, {2, 3, 4, 6, 8});
        for (const Make make : {make_nsga2_search, make_random_search}) {
            Problem with = toy.problem(3, 100), without = with;
            without.start.clear();
            const Course a = run(*make(std::move(with)), toy, {}, 100);
            const Course b = run(*make(std::move(without)), toy, {}, 100);
            for (size_t i = 0; i < a.outcomes.size(); ++i)
                QVERIFY(a.outcomes[i].choices == b.outcomes[i].choices);
        }
    }

    void the_ant_colony_begins_at_the_start() {
        const Toy toy(10, {2, 3, 4, 6, 8});
        const Problem problem = toy.problem(3, 100);
        QCOMPARE(make_maco_search(problem)->ask(1).front(), problem.start.front());
    }

    /// A generation is run again when it was answered; how many are answered at a time must not matter.
    void questions_do_not_depend_on_how_many_are_asked_at_once() {
        const Toy toy(6, {2, 3, 4, 6, 8});
        for (const Make make : {make_nsga2_search, make_maco_search}) {
            const Course one = run(*make(toy.problem(1, 120)), toy, {}, 120, 1);
            const Course many = run(*make(toy.problem(1, 120)), toy, {}, 120, 64);
            QCOMPARE(one.outcomes.size(), many.outcomes.size());
            for (size_t i = 0; i < one.outcomes.size(); ++i)
                QVERIFY(one.outcomes[i].choices == many.outcomes[i].choices);
        }
    }

    void costs_fall_when_all_designs_are_equally_accurate() {
        Toy toy(10, {2, 3, 4, 6, 8});
        toy.flat = true;
        const Goals goals;
        const double learned = volume_of(make_nsga2_search, toy, 1, goals);
        QVERIFY(learned > volume_of(make_random_search, toy, 1, goals) + 0.05);
    }

    void designs_that_answer_alike_do_not_stop_it() {
        Toy toy(3, {2, 4, 8});
        toy.flat = true;
        Problem problem = toy.problem(1, 200);
        Figures same;
        same[Metric::energy] = 1;
        problem.price = [same](const Choices&) { return Priced{same, {}}; };
        for (const Make make : {make_nsga2_search, make_maco_search}) {
            const std::unique_ptr<Algorithm> algorithm = make(problem);
            std::set<Choices> seen;
            while (seen.size() < 200) {
                const std::vector<Choices> asked = algorithm->ask(16);
                QVERIFY(!asked.empty());
                std::vector<Outcome> answers;
                for (const Choices& choices : asked) {
                    QVERIFY(seen.insert(choices).second);
                    Outcome outcome;
                    outcome.choices = choices;
                    outcome.figures = same;
                    outcome.figures[Metric::drop] = 0;
                    answers.push_back(outcome);
                }
                algorithm->tell(answers);
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestPagmo)
#include "tst_pagmo.moc"
