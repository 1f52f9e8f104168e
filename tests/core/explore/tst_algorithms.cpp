// What every search algorithm must do: the same again from the same answers, nothing asked twice, an end, and
// fronts that are close to the true one.

#include "core/explore/descent.h"
#include "tests/core/explore/toy_space.h"

#include <QTest>

using namespace widthwise;
using namespace widthwise::explore;
using widthwise::test::all_outcomes;
using widthwise::test::Course;
using widthwise::test::run;
using widthwise::test::Toy;
using widthwise::test::volume;

namespace {

std::unique_ptr<Algorithm> make(const std::string& name, Problem problem) {
    Result<std::unique_ptr<Algorithm>> made = make_algorithm(name, std::move(problem));
    if (!made) qFatal("%s", made.error().to_line().c_str());
    return *std::move(made);
}

std::vector<Choices> questions(const Course& course) {
    std::vector<Choices> all;
    for (const Outcome& outcome : course.outcomes) all.push_back(outcome.choices);
    return all;
}

/// Two layers of three widths: 81 designs.
Toy tiny() {
    return Toy(2, {2, 4, 8}, 3);
}

void add_names() {
    QTest::addColumn<QString>("name");
    for (const AlgorithmInfo& info : algorithms())
        QTest::newRow(info.name.c_str()) << QString::fromStdString(info.name);
}

} // namespace

class TestAlgorithms : public QObject {
    Q_OBJECT
private slots:
    void the_list_is_what_the_command_line_offers() {
        QStringList names;
        for (const AlgorithmInfo& info : algorithms()) {
            names << QString::fromStdString(info.name);
            QVERIFY(!info.title.empty() && !info.summary.empty());
        }
        QCOMPARE(names, QString("surrogate nsga2 maco ilp greedy annealing exhaustive random").split(' '));
    }

    void problems_that_cannot_be_searched_are_refused() {
        const Toy toy = tiny();
        const auto error = [&](const std::string& name, auto change) {
            Problem problem = toy.problem(1, 10);
            change(problem);
            const auto made = make_algorithm(name, std::move(problem));
            return made ? std::string() : made.error().to_line();
        };
        const auto unchanged = [](Problem&) {};
        QVERIFY(error("random", unchanged).empty());
        QVERIFY(error("nsga3", unchanged).find("nsga2") != std::string::npos);
        QVERIFY(error("random", [](Problem& p) { p.space.variables.clear(); }).find("no variables") !=
                std::string::npos);
        QVERIFY(error("random", [](Problem& p) { p.space.variables[1].formats.clear(); }).find("l0 act") !=
                std::string::npos);
        QVERIFY(error("random", [](Problem& p) { p.price = nullptr; }).find("price") != std::string::npos);
        for (const std::string name : {"surrogate", "ilp"})
            QVERIFY(error(name, [](Problem& p) { p.noise = nullptr; }).find("sensitivities") !=
                    std::string::npos);
        QVERIFY(error("greedy", [](Problem& p) { p.noise = nullptr; }).empty());
        QVERIFY(error("exhaustive", [](Problem& p) {
                    p.space = Toy(6, {2, 4, 6, 8}).space;
                }).find("16777216 designs") != std::string::npos);
    }

    void the_same_seed_and_answers_bring_the_same_questions_data() { add_names(); }
    void the_same_seed_and_answers_bring_the_same_questions() {
        QFETCH(QString, name);
        const Toy toy(4, {2, 4, 6, 8});
        const Goals goals;
        const auto ask = [&](uint64_t seed) {
            return questions(run(*make(name.toStdString(), toy.problem(seed, 60)), toy, goals, 60));
        };
        const std::vector<Choices> first = ask(5);
        QCOMPARE(first.size(), size_t{60});
        QVERIFY(ask(5) == first);
        if (name != "ilp" && name != "exhaustive") QVERIFY(ask(6) != first); // these draw nothing
    }

    void a_search_cut_off_goes_on_as_if_it_had_not_been_data() { add_names(); }
    void a_search_cut_off_goes_on_as_if_it_had_not_been() {
        QFETCH(QString, name);
        const Toy toy = tiny();
        const Goals goals;
        const Course whole = run(*make(name.toStdString(), toy.problem(3, 40)), toy, goals, 40, 7);
        for (const size_t cut : {size_t{1}, size_t{7}, size_t{20}}) {
            // The log answers what was asked before; then it goes on with measuring.
            const std::unique_ptr<Algorithm> again = make(name.toStdString(), toy.problem(3, 40));
            size_t at = 0;
            while (at < std::min(cut, whole.outcomes.size())) { // some are content early
                const std::vector<Choices> asked = again->ask(7);
                QVERIFY(!asked.empty());
                std::vector<Outcome> answers;
                for (const Choices& choices : asked) {
                    QVERIFY(whole.outcomes[at].choices == choices);
                    answers.push_back(whole.outcomes[at++]);
                }
                again->tell(answers);
            }
            const Course rest = run(*again, toy, goals, 40 - static_cast<int64_t>(at), 7);
            for (const Outcome& outcome : rest.outcomes)
                QVERIFY(whole.outcomes.at(at++).choices == outcome.choices);
            QCOMPARE(at, whole.outcomes.size());
        }
    }

    void a_small_space_is_never_asked_twice_and_ends_data() { add_names(); }
    void a_small_space_is_never_asked_twice_and_ends() {
        QFETCH(QString, name);
        const Toy toy = tiny();
        const Goals goals;
        const Course course = run(*make(name.toStdString(), toy.problem(2, 1000)), toy, goals, 1000);
        QVERIFY(!course.repeated);
        QVERIFY(course.ended);
        QVERIFY(course.outcomes.size() <= 81);
        // With the budget for all of them, the front is the true one; ilp asks for its model's front alone.
        const double found = volume(course.outcomes, toy, goals);
        const double exact = volume(all_outcomes(toy, goals), toy, goals);
        QVERIFY2(found >= exact * (name == "ilp" ? 0.99 : 1 - 1e-12),
                 qPrintable(QString("%1 of %2").arg(found).arg(exact)));
    }

    void a_budget_of_one_is_one_question_data() { add_names(); }
    void a_budget_of_one_is_one_question() {
        QFETCH(QString, name);
        const Toy toy = tiny();
        const Course course = run(*make(name.toStdString(), toy.problem(1, 1)), toy, {}, 1, 1);
        QCOMPARE(course.outcomes.size(), size_t{1});
        QCOMPARE(course.outcomes.front().choices.size(), toy.space.variables.size());
    }

    void a_flat_objective_does_no_harm_data() { add_names(); }
    void a_flat_objective_does_no_harm() {
        QFETCH(QString, name);
        Toy toy = tiny();
        toy.flat = true;
        const Goals goals;
        const Course course = run(*make(name.toStdString(), toy.problem(4, 81)), toy, goals, 81);
        QVERIFY(!course.repeated);
        // Nothing is lost anywhere: the cheapest design is all of the front.
        QCOMPARE(volume(course.outcomes, toy, goals), volume(all_outcomes(toy, goals), toy, goals));
    }

    void the_single_feasible_design_is_found_data() { add_names(); }
    void the_single_feasible_design_is_found() {
        QFETCH(QString, name);
        const Toy toy = tiny();
        // Narrowest of all and nothing else keeps the limit.
        const double least = toy.costs(uniform_choices(toy.space, 2, 2))[Metric::energy];
        const Goals goals{{Metric::drop, Metric::energy}, {{Metric::energy, least * 1.0001}}};
        const Course course = run(*make(name.toStdString(), toy.problem(1, 50, goals)), toy, goals, 50);
        QVERIFY(!course.repeated);
        const auto found = std::ranges::find(course.outcomes, Verdict::measured, &Outcome::verdict);
        QVERIFY(found != course.outcomes.end());
        QCOMPARE(found->choices, uniform_choices(toy.space, 2, 2));
    }

    void nothing_feasible_comes_to_an_end_data() { add_names(); }
    void nothing_feasible_comes_to_an_end() {
        QFETCH(QString, name);
        const Toy toy = name == "exhaustive" ? tiny() : Toy(12, {2, 3, 4, 6, 8});
        const Goals goals{{Metric::drop, Metric::energy}, {{Metric::energy, 1e-9}}};
        const Course course = run(*make(name.toStdString(), toy.problem(1, 5, goals)), toy, goals, 5);
        QVERIFY(course.ended);
        QVERIFY(!course.repeated);
        for (const Outcome& outcome : course.outcomes) QVERIFY(outcome.verdict == Verdict::rejected);
    }

    // Of a network that is no better than chance nothing can be lost: not each design loses too much.
    void greedy_where_nothing_can_be_lost() {
        Toy toy(4, {2, 4, 6, 8});
        toy.flat = true;
        const auto asked = [&](double worst_drop) {
            Problem problem = toy.problem(3, 60);
            problem.worst_drop = worst_drop;
            return questions(run(*make("greedy", problem), toy, {}, 60));
        };
        const std::vector<Choices> wanted = asked(0.9);
        QVERIFY(asked(0) == wanted);
        QVERIFY(asked(-0.1) == wanted);
    }

    // Integers of 8 bits are finer than powers of two of 8 bits, which come after them and cost less here.
    void descents_reach_coarse_formats_of_many_bits() {
        const Toy toy(2, {4, 8});
        Problem problem = toy.problem(1, 10);
        NumberFormat log8 = default_weight_format(FormatType::power_of_two);
        log8.bits = 8;
        problem.space.variables[0].formats.push_back(log8);
        problem.price = [](const Choices& choices) {
            Priced price;
            price.figures[Metric::energy] = choices[0] == 2 ? 0.1 : 1.0 + choices[0];
            for (size_t v = 1; v < choices.size(); ++v) price.figures[Metric::energy] += 1.0 + choices[v];
            return price;
        };
        const Losses losses(problem);
        const std::vector<double> drops(problem.space.variables.size(), 0.01);
        for (const AddedNoise& noise :
             {added_noise(problem.space, *problem.noise), added_noise(problem.space, drops)}) {
            const std::vector<Choices> path =
                Descent{problem, losses, noise, {1, 1}}.path(widest(problem.space));
            QVERIFY(path.front() == (Choices{1, 1, 1, 1}));
            QVERIFY(path.back() == (Choices{2, 0, 0, 0}));
        }
    }

    // Giving up is told from having nothing left to ask.
    void why_it_ended() {
        const Toy large(12, {2, 3, 4, 6, 8});
        const Goals goals{{Metric::drop, Metric::energy}, {{Metric::energy, 1e-9}}};
        const auto gave_up = make("random", large.problem(1, 5, goals));
        const Course course = run(*gave_up, large, goals, 5);
        const std::string rejected = std::to_string(course.outcomes.size()) + " designs were rejected";
        QVERIFY2(gave_up->why_ended().starts_with(rejected), gave_up->why_ended().c_str());
        const Toy toy = tiny();
        const auto exhausted = make("random", toy.problem(1, 1000));
        QVERIFY(run(*exhausted, toy, {}, 1000).ended);
        QVERIFY(exhausted->why_ended().empty());
        const auto all = make("exhaustive", toy.problem(1, 1000, goals));
        QVERIFY(run(*all, toy, goals, 1000).ended);
        QVERIFY(all->why_ended().empty());
    }

    void a_variable_without_a_choice_is_carried_along_data() { add_names(); }
    void a_variable_without_a_choice_is_carried_along() {
        QFETCH(QString, name);
        const Toy one(1, {8});
        const Course single = run(*make(name.toStdString(), one.problem(1, 10)), one, {}, 10);
        QCOMPARE(single.outcomes.size(), size_t{1});
        QVERIFY(single.ended);
    }

    void limits_of_accuracy_are_kept_by_what_is_found_data() { add_names(); }
    void limits_of_accuracy_are_kept_by_what_is_found() {
        QFETCH(QString, name);
        const Toy toy = tiny();
        const Goals goals{{Metric::drop, Metric::energy}, {{Metric::drop, 0.01}}};
        const Course course = run(*make(name.toStdString(), toy.problem(1, 81, goals)), toy, goals, 81);
        QVERIFY(volume(course.outcomes, toy, goals) > 0);
        QCOMPARE(volume(course.outcomes, toy, goals), volume(all_outcomes(toy, goals), toy, goals));
    }

    void three_objectives_are_searched_too_data() { add_names(); }
    void three_objectives_are_searched_too() {
        QFETCH(QString, name);
        const Toy toy = tiny();
        const Goals goals{{Metric::drop, Metric::latency, Metric::size}, {}};
        const Course course = run(*make(name.toStdString(), toy.problem(1, 81, goals)), toy, goals, 81);
        QVERIFY(!course.repeated);
        QVERIFY(volume(course.outcomes, toy, goals) >= 0.95 * volume(all_outcomes(toy, goals), toy, goals));
    }

    void hardware_is_searched_beside_the_widths_data() { add_names(); }
    void hardware_is_searched_beside_the_widths() {
        QFETCH(QString, name);
        Toy toy = tiny();
        toy.vary_rows({0.8, 1, 1.5}); // 16 rows is what the target has
        const Goals goals;
        const int64_t budget = name == "exhaustive" ? 243 : 120;
        const Course course = run(*make(name.toStdString(), toy.problem(1, budget)), toy, goals, budget);
        const double found = volume(course.outcomes, toy, goals);
        const double exact = volume(all_outcomes(toy, goals), toy, goals);
        QVERIFY2(found >= 0.9 * exact, qPrintable(QString("%1").arg(found / exact)));
        std::set<uint8_t> rows;
        for (const Outcome& outcome : course.outcomes) rows.insert(outcome.choices.back());
        QVERIFY(rows.size() > 1);
    }

    void few_evaluations_come_close_to_the_true_front_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("noise");
        QTest::addColumn<double>("share"); // of the true front's volume, by 150 of 4096 designs
        QTest::newRow("surrogate") << "surrogate" << true << 0.99;
        QTest::newRow("ilp") << "ilp" << true << 0.98;
        QTest::newRow("greedy") << "greedy" << true << 0.98;
        QTest::newRow("greedy, without sensitivities") << "greedy" << false << 0.95;
        QTest::newRow("annealing") << "annealing" << true << 0.93;
        QTest::newRow("nsga2") << "nsga2" << true << 0.9;
        QTest::newRow("maco") << "maco" << true << 0.9;
        QTest::newRow("random") << "random" << true << 0.6;
    }
    void few_evaluations_come_close_to_the_true_front() {
        QFETCH(QString, name);
        QFETCH(bool, noise);
        QFETCH(double, share);
        Toy toy(3, {2, 4, 6, 8}, 1);
        toy.interaction = 0.3;
        const Goals goals;
        Problem problem = toy.problem(1, 150);
        if (!noise) problem.noise = nullptr;
        const Course course = run(*make(name.toStdString(), std::move(problem)), toy, goals, 150);
        const double found = volume(course.outcomes, toy, goals);
        const double exact = volume(all_outcomes(toy, goals), toy, goals);
        QVERIFY2(found >= share * exact, qPrintable(QString("%1").arg(found / exact)));
    }
};

QTEST_APPLESS_MAIN(TestAlgorithms)
#include "tst_algorithms.moc"
