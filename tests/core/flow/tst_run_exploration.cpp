// Searches on a small network: against searching everything, against measuring each design alone, and against
// themselves under other threads and shortcuts.

#include "core/flow/explore_course.h"
#include "core/flow/explore_price.h"
#include "tests/core/flow/explore_world.h"

#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::test;
using explore::Metric;

namespace {

/// The front as values that do not depend on who found it.
std::vector<std::pair<std::string, double>> front_of(const flow::ExploreOutcome& outcome) {
    std::vector<std::pair<std::string, double>> front;
    for (const flow::FrontDesign& design : outcome.front)
        front.emplace_back(explore::to_text(design.choices), design.report_top1);
    return front;
}

flow::ExploreOutcome searched(const flow::ExploreRequest& request, const WorkControl& control = {}) {
    flow::MemoryLog log;
    return test::searched(request, log, control);
}

} // namespace

class TestRunExploration : public QObject {
    Q_OBJECT
private slots:
    void exhaustiveFindsTheFront();
    void algorithmsFindTheSame_data();
    void algorithmsFindTheSame();
    void measuredAsEvaluated();
    void shortcutsChangeNoAnswer();
    void theFrontIsCompleted();
    void threadsChangeNothing();
    void resolvedChoiceByChoiceAsAtOnce();
    void reportImagesAreSeenByNoDecision();
    void infeasibleGoalsNameTheTightest();
    void oneFeasibleDesign();
    void budgetOfOne();
    void cancelKeepsWhatIsFinished();
    void hardwareIsSearchedToo();
    void unlabelledImages();
    void oneSetForBothIsSplit();
    void networksAtChance();
    void aSmallBudgetForEverythingIsTold();
    void everythingIsLookedAtHoweverMuchIsRejected();
    void theNearestDesignCouldBeRun();
    void limitsAreJudgedOnAllHardware();
    void theBaselineIsW8a8();
    void badRequests();
};

/// Every design evaluated alone, dominated ones crossed out by hand.
void TestRunExploration::exhaustiveFindsTheFront() {
    flow::ExploreRequest request = small_search();
    request.algorithm = "exhaustive";
    request.budget = 64;
    request.screen = false;
    flow::MemoryLog log;
    const auto outcome = test::searched(request, log);
    QCOMPARE(outcome.evaluations, 64);
    const auto all = need(log.known());
    std::vector<std::string> expected;
    for (const flow::Candidate& a : all) {
        const explore::Figures& x = a.outcome.figures;
        const bool beaten = std::ranges::any_of(all, [&](const flow::Candidate& b) {
            const explore::Figures& y = b.outcome.figures;
            const bool no_worse =
                y[Metric::drop] <= x[Metric::drop] && y[Metric::energy] <= x[Metric::energy];
            const bool better = y[Metric::drop] < x[Metric::drop] || y[Metric::energy] < x[Metric::energy];
            return no_worse && (better || b.number < a.number);
        });
        if (!beaten) expected.push_back(explore::to_text(a.outcome.choices));
    }
    std::vector<std::string> found;
    double cost = 0;
    for (const flow::FrontDesign& design : outcome.front) {
        found.push_back(explore::to_text(design.choices));
        QVERIFY(design.figures[Metric::energy] > cost);
        cost = design.figures[Metric::energy];
        QVERIFY(design.report.samples == request.report_data->size());
    }
    std::ranges::sort(expected);
    std::ranges::sort(found);
    QCOMPARE(found, expected);
    QVERIFY(found.size() > 2); // the small world has trade-offs
}

void TestRunExploration::algorithmsFindTheSame_data() {
    QTest::addColumn<QString>("algorithm");
    for (const explore::AlgorithmInfo& info : explore::algorithms())
        QTest::newRow(info.name.c_str()) << QString::fromStdString(info.name);
}

/// With a budget for the whole space every algorithm's front is the exhaustive one (if it goes on so long).
void TestRunExploration::algorithmsFindTheSame() {
    QFETCH(QString, algorithm);
    flow::ExploreRequest request = small_search();
    request.budget = 64;
    request.algorithm = "exhaustive";
    const auto everything = searched(request);
    request.algorithm = algorithm.toStdString();
    const auto outcome = searched(request);
    QVERIFY(outcome.evaluations <= 64);
    if (outcome.evaluations == 64)
        QCOMPARE(outcome.search_hypervolume, everything.search_hypervolume);
    else
        QVERIFY(outcome.search_hypervolume > 0.8 * everything.search_hypervolume);
    QCOMPARE(front_of(searched(request)), front_of(outcome));
}

void TestRunExploration::measuredAsEvaluated() {
    flow::SpaceOptions options = weights_only();
    options.activation_widths = {2, 4, 8};
    options.weight_formats = {"ternary", "log4"};
    flow::ExploreRequest request = small_search(options);
    request.algorithm = "random";
    request.budget = 12;
    request.screen = false;
    flow::MemoryLog log;
    const auto outcome = test::searched(request, log);
    flow::Evaluator evaluator;
    for (const flow::Candidate& candidate : need(log.known())) {
        flow::EvaluationRequest one;
        one.model = request.model;
        one.data = request.data;
        one.plan = explore::plan_of(request.space, candidate.outcome.choices);
        one.calibration_samples = request.calibration_samples;
        const auto evaluated = need(evaluator.evaluate(one, {}));
        QVERIFY(std::abs(evaluated.evaluation.accuracy.delta_top1 + candidate.outcome.figures[Metric::drop]) <
                1e-12);
        QCOMPARE(outcome.float_top1, evaluated.evaluation.accuracy.float_top1);
        const auto cost = need(cost::estimate(*request.model.graph, one.plan, request.space.target));
        for (const Metric metric : {Metric::energy, Metric::latency, Metric::size, Metric::power})
            QVERIFY(std::abs(candidate.outcome.figures[metric] / explore::figures_of(cost)[metric] - 1) <
                    1e-9);
    }
}

void TestRunExploration::shortcutsChangeNoAnswer() {
    flow::SpaceOptions options = weights_only();
    options.activation_widths = {2, 4, 8};
    flow::ExploreRequest request = small_search(options);
    request.algorithm = "random";
    const auto answers = [&](bool screen, bool incremental) {
        request.screen = screen;
        request.incremental = incremental;
        flow::MemoryLog log;
        (void)test::searched(request, log);
        return need(log.known());
    };
    const auto plain = answers(false, false), shared = answers(false, true), quick = answers(true, true);
    QCOMPARE(plain.size(), shared.size());
    QCOMPARE(plain.size(), quick.size());
    int64_t images = 0, screened = 0;
    for (size_t i = 0; i < plain.size(); ++i) {
        QCOMPARE(shared[i].answers, plain[i].answers);
        QCOMPARE(quick[i].outcome.choices, plain[i].outcome.choices);
        const auto n = static_cast<int64_t>(quick[i].answers.size());
        QCOMPARE(quick[i].outcome.samples, n);
        QVERIFY(std::equal(quick[i].answers.begin(), quick[i].answers.end(), plain[i].answers.begin()));
        images += n;
        screened += quick[i].outcome.verdict == explore::Verdict::screened;
    }
    QVERIFY(screened > 0);
    QVERIFY(images < static_cast<int64_t>(plain.size()) * request.data->size());
}

/// What is known well enough on some images is run on all of them once it stands on the front.
void TestRunExploration::theFrontIsCompleted() {
    flow::SpaceOptions options = weights_only();
    options.activation_widths = {2, 4, 8};
    flow::ExploreRequest request = small_search(options);
    request.data = std::make_shared<LabelledNoise>(1, 2400, request.model.graph);
    request.algorithm = "random";
    flow::MemoryLog log, plain_log;
    const auto quick = test::searched(request, log);
    request.screen = false;
    (void)test::searched(request, plain_log);
    std::map<explore::Choices, explore::Answers> truth;
    for (const flow::Candidate& candidate : need(plain_log.known()))
        truth[candidate.outcome.choices] = candidate.answers;

    std::map<explore::Choices, flow::Candidate> latest;
    int64_t partly = 0, completed = 0, images = 0;
    flow::Course course(request.goals, quick.baseline);
    for (flow::Candidate& candidate : need(log.known())) {
        const explore::Outcome& outcome = candidate.outcome;
        partly += outcome.verdict == explore::Verdict::measured && outcome.samples < 2400;
        completed += outcome.verdict == explore::Verdict::completed;
        images += outcome.samples -
                  (latest.contains(outcome.choices) ? latest[outcome.choices].outcome.samples : 0);
        QCOMPARE(latest.contains(outcome.choices), outcome.verdict == explore::Verdict::completed);
        course.add(candidate);
        latest[outcome.choices] = std::move(candidate);
    }
    QVERIFY(partly > completed);
    QVERIFY(completed > 0);
    QCOMPARE(quick.evaluations, request.budget);
    QCOMPARE(quick.images_run, images);
    QCOMPARE(course.now().hypervolume, quick.search_hypervolume);
    std::vector<explore::Point> points;
    for (const flow::FrontDesign& design : quick.front) {
        const flow::Candidate& candidate = latest.at(design.choices);
        QCOMPARE(candidate.outcome.samples, int64_t{2400});
        QCOMPARE(candidate.answers, truth.at(design.choices));
        QCOMPARE(design.figures[Metric::drop], candidate.outcome.figures[Metric::drop]);
        points.push_back(flow::judged_point(design.figures[Metric::drop], design.figures, quick.baseline));
    }
    QCOMPARE(flow::judged_hypervolume(points), quick.search_hypervolume);
}

void TestRunExploration::threadsChangeNothing() {
    flow::ExploreRequest request = small_search();
    WorkControl one, two;
    one.threads = 1;
    two.threads = 2;
    const auto a = searched(request, one), b = searched(request, two);
    QCOMPARE(front_of(a), front_of(b));
    QCOMPARE(a.hypervolume, b.hypervolume);
    QCOMPARE(a.images_run, b.images_run);
}

/// Values of passes and per-channel activations among what designs are put together from.
void TestRunExploration::resolvedChoiceByChoiceAsAtOnce() {
    flow::SpaceOptions options = weights_only();
    options.activation_widths = {4, 8};
    flow::ExploreRequest request = small_search(options);
    LayerPrecision by_channel = need(parse_bits("w4a4"));
    by_channel.activations.granularity = Granularity::channel;
    request.space.base.set("pool", by_channel);
    request.algorithm = "random";
    request.budget = 8;
    request.screen = false;
    for (const bool passes : {false, true}) {
        if (passes) request.space.base.set_passes({Pass::equalize, Pass::bias_correction});
        request.incremental = true;
        flow::MemoryLog together, apart;
        (void)test::searched(request, together);
        request.incremental = false;
        (void)test::searched(request, apart);
        const auto a = need(together.known()), b = need(apart.known());
        for (size_t i = 0; i < a.size(); ++i) QCOMPARE(a[i].answers, b[i].answers);
    }
}

void TestRunExploration::reportImagesAreSeenByNoDecision() {
    flow::ExploreRequest request = small_search();
    const auto first = searched(request);
    request.report_data = std::make_shared<LabelledNoise>(77, 100, request.model.graph);
    const auto second = searched(request);
    QCOMPARE(first.front.size(), second.front.size());
    for (size_t i = 0; i < first.front.size(); ++i) QCOMPARE(first.front[i].choices, second.front[i].choices);
    QCOMPARE(first.search_hypervolume, second.search_hypervolume);
    QVERIFY(first.hypervolume != second.hypervolume);

    request.report_data = nullptr; // 70 : 30 by the seed
    const auto split = searched(request);
    QCOMPARE(split.search_images, 224);
    QCOMPARE(split.report_images, 96);
    request.seed = 2;
    QVERIFY(searched(request).float_top1 != split.float_top1);
}

void TestRunExploration::infeasibleGoalsNameTheTightest() {
    flow::ExploreRequest request = small_search();
    flow::MemoryLog log;
    request.goals.constraints = {{Metric::energy, 1e-12}, {Metric::latency, 1}};
    auto refused = flow::run_exploration(request, log, {});
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::invalid_input);
    QVERIFY2(refused.error().message.find("energy") != std::string::npos, refused.error().message.c_str());
    QVERIFY(need(log.known()).empty());

    flow::SpaceOptions options = weights_only();
    options.weight_widths = {1, 2};
    options.activation_widths = {2};
    request = small_search(options);
    request.goals.constraints = {explore::Constraint{Metric::drop, 0.01}};
    refused = flow::run_exploration(request, log, {});
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::invalid_input);
    QVERIFY2(refused.error().message.find("drop") != std::string::npos, refused.error().message.c_str());
    QVERIFY(need(log.known()).empty());
}

void TestRunExploration::oneFeasibleDesign() {
    flow::ExploreRequest request = small_search();
    request.algorithm = "exhaustive";
    request.budget = 64;
    // Only the narrowest design is so small.
    const auto narrowest = explore::plan_of(request.space, explore::Choices(6, 0));
    const auto cost = need(cost::estimate(*request.model.graph, narrowest, request.space.target));
    request.goals.constraints = {explore::Constraint{Metric::size, cost.model_bytes * (1 + 1e-9)}};
    const auto outcome = searched(request);
    QCOMPARE(outcome.front.size(), size_t{1});
    QCOMPARE(outcome.rejected, 63);
    QCOMPARE(outcome.evaluations, 1);
    QVERIFY(!outcome.ended_early.empty());
    QCOMPARE(explore::plan_of(request.space, outcome.front.front().choices), narrowest);
}

void TestRunExploration::budgetOfOne() {
    for (const explore::AlgorithmInfo& info : explore::algorithms()) {
        flow::ExploreRequest request = small_search();
        request.algorithm = info.name;
        request.budget = 1;
        const auto outcome = searched(request);
        QCOMPARE(outcome.evaluations, 1);
        QVERIFY(outcome.front.size() <= 1);
    }
}

void TestRunExploration::cancelKeepsWhatIsFinished() {
    flow::ExploreRequest request = small_search();
    flow::MemoryLog log;
    WorkControl control;
    flow::ExploreObserver observer;
    observer.on_candidate = [&](const flow::Candidate& candidate, const flow::CoursePoint&) {
        if (candidate.number == 6) control.cancel.cancel();
    };
    const auto outcome = need(flow::run_exploration(request, log, control, observer));
    QVERIFY(outcome.cancelled);
    QCOMPARE(need(log.known()).size(), size_t{7});
    QCOMPARE(outcome.evaluations + outcome.rejected, 7);
    QVERIFY(!outcome.front.empty());
    for (const flow::FrontDesign& design : outcome.front) QCOMPARE(design.design_id, 0);
}

void TestRunExploration::hardwareIsSearchedToo() {
    flow::SpaceOptions options = weights_only();
    options.weight_widths = {4, 8};
    options.hardware = {{"array.rows", {"4", "8", "16"}}};
    flow::ExploreRequest request = small_search(options);
    request.goals.objectives = {Metric::drop, Metric::energy, Metric::area};
    request.algorithm = "exhaustive";
    request.budget = 24;
    flow::MemoryLog log;
    const auto outcome = test::searched(request, log);
    QCOMPARE(outcome.evaluations, 24);
    std::set<std::string> rows;
    for (const flow::FrontDesign& design : outcome.front) {
        const HardwareTarget target = need(explore::target_of(request.space, design.choices));
        rows.insert(std::to_string(target.rows));
        const auto cost = need(cost::estimate(*request.model.graph, design.plan, target));
        QCOMPARE(design.figures[Metric::area], cost.area_mm2);
    }
    QVERIFY(rows.contains("4")); // the smallest chip
    // The network says the same on any hardware.
    std::map<std::string, explore::Answers> answers;
    for (const flow::Candidate& candidate : need(log.known())) {
        explore::Choices widths = candidate.outcome.choices;
        widths.pop_back();
        const auto known = answers.emplace(explore::to_text(widths), candidate.answers).first;
        const size_t n = std::min(known->second.size(), candidate.answers.size());
        QVERIFY(std::equal(candidate.answers.begin(), candidate.answers.begin() + static_cast<int64_t>(n),
                           known->second.begin()));
    }
    QCOMPARE(answers.size(), size_t{8});
}

void TestRunExploration::unlabelledImages() {
    class Unlabelled final : public NoiseImages {
    public:
        explicit Unlabelled(uint64_t seed) : NoiseImages(seed, 160) { m_class_count = 0; }
        [[nodiscard]] int64_t label(int64_t) const override { return -1; }
    };
    flow::ExploreRequest request = small_search();
    request.data = std::make_shared<Unlabelled>(3);
    request.report_data = std::make_shared<Unlabelled>(4);
    const auto outcome = searched(request);
    QCOMPARE(outcome.float_top1, 1.0);
    QVERIFY(!outcome.front.empty());
    for (const flow::FrontDesign& design : outcome.front) {
        QCOMPARE(design.report.samples, 0);
        QVERIFY(design.report_top1 > 0 && design.report_top1 <= 1);
    }
    QVERIFY(outcome.hypervolume > 0);
}

void TestRunExploration::oneSetForBothIsSplit() {
    flow::ExploreRequest request = small_search();
    request.budget = 2;
    QVERIFY(searched(request).notes.empty());
    request.report_data = std::make_shared<LabelledNoise>(1, 320, request.model.graph); // the search's
    QCOMPARE(request.report_data->hash(), request.data->hash());
    const auto outcome = searched(request);
    QCOMPARE(outcome.search_images, 224);
    QCOMPARE(outcome.report_images, 96);
    QCOMPARE(outcome.notes.size(), size_t{1});
}

/// Labels that no network can know: drops mean nothing, and the search goes on all the same.
void TestRunExploration::networksAtChance() {
    flow::ExploreRequest request = small_search();
    class Wrong final : public NoiseImages {
    public:
        explicit Wrong(const GraphPtr& graph) : NoiseImages(1, 320) {
            for (const int32_t top1 : need(engine::predict(graph, PrecisionPlan(), *this, {}, {})).top1)
                m_labels.push_back((top1 + 1) % k_classes);
        }
        [[nodiscard]] int64_t label(int64_t index) const override {
            return m_labels.empty() ? 0 : m_labels[static_cast<size_t>(index)];
        }

    private:
        std::vector<int64_t> m_labels;
    };
    request.data = std::make_shared<Wrong>(request.model.graph);
    request.algorithm = "greedy";
    const auto outcome = searched(request);
    QCOMPARE(outcome.float_top1, 0.0);
    QVERIFY2(outcome.evaluations > 10, std::to_string(outcome.evaluations).c_str());
}

void TestRunExploration::aSmallBudgetForEverythingIsTold() {
    flow::ExploreRequest request = small_search();
    request.algorithm = "exhaustive";
    request.budget = 10;
    const auto part = searched(request);
    QCOMPARE(part.notes.size(), size_t{1});
    QVERIFY2(part.notes[0].starts_with("looked at 10 of 64 designs"), part.notes[0].c_str());
    request.budget = 64;
    QVERIFY(searched(request).notes.empty());
    request.algorithm = "random";
    request.budget = 10;
    QVERIFY(searched(request).notes.empty());
}

void TestRunExploration::everythingIsLookedAtHoweverMuchIsRejected() {
    flow::SpaceOptions options;
    options.weight_widths = options.activation_widths = {2, 3, 4, 5, 6, 7, 8};
    options.frozen = {"pool"};
    flow::ExploreRequest request = small_search(options, "asic-45nm");
    request.algorithm = "exhaustive";
    const auto narrowest = explore::plan_of(request.space, explore::Choices(6, 0));
    const auto cost = need(cost::estimate(*request.model.graph, narrowest, request.space.target));
    request.goals.constraints = {explore::Constraint{Metric::energy, cost.energy_j * (1 + 1e-9)}};
    const auto outcome = searched(request);
    QCOMPARE(outcome.evaluations + outcome.rejected, 7 * 7 * 7 * 7 * 7 * 7);
}

void TestRunExploration::theNearestDesignCouldBeRun() {
    flow::SpaceOptions options = weights_only();
    options.hardware = {{"mac.style", {"\"bit_composable\"", "\"bit_serial\""}}};
    flow::ExploreRequest request = small_search(options);
    // A choice that makes no target at all: nothing is known of it, so that nothing is known to be broken.
    request.space.variables.back().values.back() = "\"nonsense\"";
    request.algorithm = "exhaustive";
    request.budget = 128;
    // What the widest design may keep, but the search does not.
    request.goals.constraints = {explore::Constraint{Metric::drop, -0.005}};
    const auto outcome = searched(request);
    QVERIFY(outcome.front.empty());
    QVERIFY2(outcome.nothing_feasible.find("accuracy drop") != std::string::npos,
             outcome.nothing_feasible.c_str());
}

/// Against every design, priced one by one.
void TestRunExploration::limitsAreJudgedOnAllHardware() {
    flow::SpaceOptions options = weights_only();
    options.weight_widths = {2, 8};
    options.hardware = {{"array.rows", {"4", "8", "32"}},
                        {"array.cols", {"4", "16"}},
                        {"mac.style", {"\"bit_serial\"", "\"bit_composable\""}}};
    const flow::ExploreRequest request = small_search(options);
    auto pricer = need(flow::Pricer::create(request.model.graph, request.space, request.cost));
    explore::Goals goals;
    for (const Metric metric : {Metric::energy, Metric::latency, Metric::area, Metric::throughput})
        goals.constraints.push_back({metric, metric == Metric::throughput ? 1e30 : 1e-30});
    const auto found = pricer->best_found(goals);
    QVERIFY(found.problem.empty());
    for (const explore::Constraint& constraint : goals.constraints) {
        double least = INFINITY;
        for (int64_t i = 0; i < *request.space.designs(); ++i) {
            explore::Choices choices;
            int64_t index = i;
            for (const explore::Variable& variable : request.space.variables) {
                choices.push_back(static_cast<uint8_t>(index % static_cast<int64_t>(variable.size())));
                index /= static_cast<int64_t>(variable.size());
            }
            const auto priced = pricer->price(choices);
            if (priced.problem.empty()) least = std::min(least, priced.figures.loss(constraint.metric));
        }
        QCOMPARE(found.best.loss(constraint.metric), least);
    }

    // No choice of hardware makes a target: that is what is said, not that the target gives no energy.
    explore::Space space = request.space;
    for (std::string& value : space.variables.back().values) value = "\"nonsense\"";
    pricer = need(flow::Pricer::create(request.model.graph, space, request.cost));
    QVERIFY(!pricer->best_found(goals).problem.empty());
    flow::ExploreRequest hopeless = request;
    hopeless.space = space;
    hopeless.goals.constraints = {explore::Constraint{Metric::energy, 1}};
    flow::MemoryLog log;
    const auto refused = flow::run_exploration(hopeless, log, {});
    QVERIFY(!refused);
    QVERIFY2(refused.error().message.find("can run no design") != std::string::npos,
             refused.error().message.c_str());
}

void TestRunExploration::theBaselineIsW8a8() {
    flow::SpaceOptions options = weights_only();
    options.weight_widths = {2, 4};
    options.activation_widths = {4};
    flow::ExploreRequest request = small_search(options);
    request.budget = 1;
    const auto outcome = searched(request);
    const auto w8a8 = need(
        cost::estimate(*request.model.graph, PrecisionPlan(need(parse_bits("w8a8"))), request.space.target));
    QCOMPARE(outcome.baseline[Metric::energy], w8a8.energy_j);
    QCOMPARE(outcome.baseline_label, std::string("w8a8"));
}

void TestRunExploration::badRequests() {
    const auto code = [](const flow::ExploreRequest& request) {
        flow::MemoryLog log;
        const auto outcome = flow::run_exploration(request, log, {});
        return outcome ? ErrorCode::failed : outcome.error().code;
    };
    flow::ExploreRequest request = small_search();
    request.budget = 0;
    QCOMPARE(code(request), ErrorCode::usage);
    request = small_search();
    request.algorithm = "magic";
    QCOMPARE(code(request), ErrorCode::usage);
    request = small_search();
    request.goals.objectives = {Metric::drop, Metric::luts};
    QCOMPARE(code(request), ErrorCode::usage);
    request = small_search();
    request.calibration_samples = 0;
    QCOMPARE(code(request), ErrorCode::usage);
    request = small_search();
    request.limit = -1;
    QCOMPARE(code(request), ErrorCode::usage);
    request = small_search();
    request.data = std::make_shared<NoiseImages>(1, 40, 16);
    QCOMPARE(code(request), ErrorCode::invalid_input);
    request = small_search();
    request.data = std::make_shared<NoiseImages>(1, 1);
    request.report_data = nullptr;
    QCOMPARE(code(request), ErrorCode::invalid_input);
}

QTEST_APPLESS_MAIN(TestRunExploration)
#include "tst_run_exploration.moc"
