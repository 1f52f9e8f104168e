// What a search writes down can be read back, and what is damaged is refused.

#include "core/flow/explore_project.h"
#include "core/flow/explore_request.h"
#include "tests/core/flow/explore_world.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::test;
using explore::Metric;

namespace {

flow::Candidate candidate_of(const explore::Space& space, size_t samples) {
    flow::Candidate candidate;
    candidate.number = 4;
    candidate.seconds = 1.25;
    candidate.outcome.choices = explore::uniform_choices(space, 4, 8);
    candidate.outcome.verdict = samples > 0 ? explore::Verdict::screened : explore::Verdict::rejected;
    candidate.outcome.reason = "too \"bad\"";
    candidate.outcome.figures[Metric::energy] = 0.1 + 0.2;
    candidate.outcome.figures[Metric::drop] = 1.0 / 3;
    candidate.outcome.samples = static_cast<int64_t>(samples);
    candidate.outcome.drop_sigma = 1e-300;
    candidate.outcome.violation = 7.1;
    Rng rng(samples);
    for (size_t i = 0; i < samples; ++i) candidate.answers.push_back(static_cast<uint8_t>(rng.below(2)));
    return candidate;
}

} // namespace

class TestExploreLog : public QObject {
    Q_OBJECT
private slots:
    void rowsReadBack();
    void damagedRowsAreRefused();
    void missingRowsAreRefused();
    void requestsAreToldApart();
    void sensitivitiesAreFoundAgain();
    void deletedDesignsAreMeasuredAgain();
    void frontsAreMerged();
};

void TestExploreLog::rowsReadBack() {
    const explore::Space space = small_search().space;
    for (const size_t samples : {0, 1, 7, 8, 9, 320}) {
        const flow::Candidate candidate = candidate_of(space, samples);
        const StoredCandidate stored = flow::to_stored(candidate, 3);
        QCOMPARE(stored.exploration, 3);
        QCOMPARE(stored.stage, std::string("search"));
        QCOMPARE(stored.answers.size(), (samples + 7) / 8);
        if (samples > 0) QCOMPARE(stored.answers.front() & 1, static_cast<int>(candidate.answers.front()));
        const flow::Candidate read = need(flow::from_stored(stored, space));
        QCOMPARE(read.number, candidate.number);
        QCOMPARE(read.seconds, candidate.seconds);
        QCOMPARE(read.answers, candidate.answers);
        QCOMPARE(read.outcome.choices, candidate.outcome.choices);
        QVERIFY(read.outcome.verdict == candidate.outcome.verdict);
        QCOMPARE(read.outcome.reason, candidate.outcome.reason);
        QCOMPARE(read.outcome.samples, candidate.outcome.samples);
        // To the last bit: a resumed search decides by them.
        QVERIFY(read.outcome.figures[Metric::energy] == candidate.outcome.figures[Metric::energy]);
        QVERIFY(read.outcome.figures[Metric::drop] == candidate.outcome.figures[Metric::drop]);
        QVERIFY(read.outcome.drop_sigma == candidate.outcome.drop_sigma);
        QVERIFY(read.outcome.violation == candidate.outcome.violation);
        QVERIFY(std::isnan(read.outcome.figures[Metric::area]));
    }
}

void TestExploreLog::damagedRowsAreRefused() {
    const explore::Space space = small_search().space;
    const StoredCandidate good = flow::to_stored(candidate_of(space, 20), 3);
    const auto refused = [&](const std::function<void(StoredCandidate&)>& damage) {
        StoredCandidate bad = good;
        damage(bad);
        const auto read = flow::from_stored(bad, space);
        return !read && read.error().code == ErrorCode::invalid_input;
    };
    QVERIFY(!refused([](StoredCandidate&) {}));
    QVERIFY(refused([](StoredCandidate& c) { c.choices = "0,0"; }));
    QVERIFY(refused([](StoredCandidate& c) { c.choices = "9,0,9,0,9,0"; }));
    QVERIFY(refused([](StoredCandidate& c) { c.choices = std::string(1 << 20, ','); }));
    QVERIFY(refused([](StoredCandidate& c) { c.verdict = "loved"; }));
    QVERIFY(refused([](StoredCandidate& c) { c.figures_json = "{"; }));
    QVERIFY(refused([](StoredCandidate& c) { c.figures_json = "[]"; }));
    QVERIFY(refused([](StoredCandidate& c) { c.figures_json = R"({"energy": "much"})"; }));
    QVERIFY(refused([](StoredCandidate& c) { c.answers.pop_back(); }));
    QVERIFY(refused([](StoredCandidate& c) { c.samples = -1; }));
    QVERIFY(refused([](StoredCandidate& c) { c.samples = std::numeric_limits<int64_t>::max(); }));
}

void TestExploreLog::missingRowsAreRefused() {
    const QTemporaryDir folder;
    auto project = need(ProjectFile::open(folder.filePath("a.widthwise").toStdString()));
    const flow::ExploreRequest request = small_search();
    const int64_t id = need(flow::begin_exploration(*project, request, 0, {}));
    QVERIFY(!flow::ProjectLog::open(*project, id + 1, request));
    auto log = need(flow::ProjectLog::open(*project, id, request));
    QVERIFY(need(log->known()).empty());
    flow::Candidate candidate = candidate_of(request.space, 16);
    candidate.number = 0;
    QVERIFY(log->add(candidate).has_value());
    QVERIFY(!log->add(candidate)); // it is there already
    QCOMPARE(need(log->known()).size(), size_t{1});
}

void TestExploreLog::requestsAreToldApart() {
    const flow::ExploreRequest request = small_search();
    const std::string json = flow::request_to_json(request);
    QCOMPARE(flow::request_to_json(small_search()), json);
    const auto differs = [&](const std::function<void(flow::ExploreRequest&)>& change) {
        flow::ExploreRequest other = request;
        change(other);
        return flow::request_to_json(other) != json;
    };
    using R = flow::ExploreRequest;
    QVERIFY(differs([](R& r) { r.model.hash = "other"; }));
    QVERIFY(differs([](R& r) { r.data = std::make_shared<NoiseImages>(9, 320); }));
    QVERIFY(differs([](R& r) { r.report_data = nullptr; }));
    QVERIFY(differs([](R& r) { r.calibration = r.data; }));
    QVERIFY(differs([](R& r) { r.calibration_samples = 33; }));
    QVERIFY(differs([](R& r) { r.limit = 100; }));
    QVERIFY(differs([](R& r) { r.budget = 31; }));
    QVERIFY(differs([](R& r) { r.seed = 2; }));
    QVERIFY(differs([](R& r) { r.algorithm = "random"; }));
    QVERIFY(differs([](R& r) { r.screen = false; }));
    QVERIFY(differs([](R& r) { r.goals.constraints.push_back({Metric::drop, 0.1}); }));
    // Of two limits on one cost both count.
    const auto limited = [](double first) {
        flow::ExploreRequest r = small_search();
        r.goals.constraints = {{Metric::energy, first}, {Metric::energy, 2}};
        return flow::request_to_json(r);
    };
    QVERIFY(limited(1) != limited(3));
    QVERIFY(differs([](R& r) { r.goals.objectives.push_back(Metric::size); }));
    QVERIFY(differs([](R& r) { r.cost.batch = 2; }));
    QVERIFY(differs([](R& r) { r.cost.zeros["first"].inputs = 0.5; }));
    QVERIFY(differs([](R& r) { r.space.target.rows = 3; }));
    QVERIFY(differs([](R& r) { r.space.base.set_passes({Pass::equalize}); }));
    QVERIFY(differs([](R& r) { r.space.variables.pop_back(); }));
    QVERIFY(differs([](R& r) { r.space.variables[0].formats[0].range.type = RangeRuleType::minmax; }));
    QVERIFY(differs([](R& r) { r.start.emplace_back(); }));
    // How fast it is found out changes nothing.
    QVERIFY(!differs([](R& r) { r.incremental = false; }));
    QVERIFY(!differs([](R& r) { r.algorithm = explore::algorithms().front().name; }));
}

void TestExploreLog::sensitivitiesAreFoundAgain() {
    const QTemporaryDir folder;
    auto project = need(ProjectFile::open(folder.filePath("a.widthwise").toStdString()));
    flow::ExploreRequest request = small_search();
    const int64_t id = need(flow::begin_exploration(*project, request, 0, {}));
    auto log = need(flow::ProjectLog::open(*project, id, request));
    const Sensitivity measured = need(flow::explore_sensitivity(request, *log, {}));
    QCOMPARE(measured.samples, request.sensitivity_samples);
    const auto& images = static_cast<const NoiseImages&>(*request.data);
    const int64_t reads = images.reads();
    const Sensitivity again = need(flow::explore_sensitivity(request, *log, {}));
    QCOMPARE(images.reads(), reads);
    QCOMPARE(again.layers.size(), measured.layers.size());
    QVERIFY(again.layers[0].weights[0].kl_nat == measured.layers[0].weights[0].kl_nat);
    request.seed = 5; // other images
    (void)need(flow::explore_sensitivity(request, *log, {}));
    QVERIFY(images.reads() > reads);
    QCOMPARE(need(project->sensitivities()).size(), size_t{2});
}

/// Two searches with one front: each has its own rows.
void TestExploreLog::deletedDesignsAreMeasuredAgain() {
    const QTemporaryDir folder;
    auto project = need(ProjectFile::open(folder.filePath("a.widthwise").toStdString()));
    flow::ExploreRequest request = small_search();
    request.budget = 6;
    const auto ids = [](const flow::ExploreOutcome& outcome) {
        std::vector<int64_t> list;
        for (const flow::FrontDesign& design : outcome.front) list.push_back(design.design_id);
        return list;
    };
    const auto rows_of = [&](int64_t search) {
        std::vector<int64_t> list;
        for (const StoredCandidate& row : need(project->candidates(search, "report")))
            list.push_back(row.evaluation);
        return list;
    };
    const int64_t one = need(flow::begin_exploration(*project, request, 0, "one"));
    const int64_t two = need(flow::begin_exploration(*project, request, 0, "two"));
    const auto first = ids(need(flow::explore_in_project(*project, one, request, {})));
    const auto second = ids(need(flow::explore_in_project(*project, two, request, {})));
    QVERIFY(first.size() == second.size() && !first.empty());
    for (const int64_t id : second) QVERIFY(std::ranges::find(first, id) == first.end());
    QCOMPARE(need(project->evaluations()).size(), first.size() + second.size());

    QVERIFY(project->remove_evaluation(first.front()).has_value());
    QCOMPARE(rows_of(one).front(), 0);
    const auto again = ids(need(flow::explore_in_project(*project, one, request, {})));
    QVERIFY(again.front() > second.back());
    QVERIFY(std::equal(again.begin() + 1, again.end(), first.begin() + 1, first.end()));
    QCOMPARE(rows_of(one), again);
    QCOMPARE(rows_of(two), second);
    const auto row = need(project->explorations()).front();
    const std::string named = "\"design_id\": " + std::to_string(again.front());
    QVERIFY(row.summary_json.find(named) != std::string::npos);
}

void TestExploreLog::frontsAreMerged() {
    const auto design = [](double search, double report, double energy) {
        flow::FrontDesign d;
        d.design_id = std::isnan(report) ? 0 : 1;
        d.figures[Metric::drop] = search;
        d.figures[Metric::energy] = energy;
        d.report.samples = 10;
        d.report.delta_top1 = -report;
        return d;
    };
    const std::vector<std::vector<flow::FrontDesign>> fronts = {
        {design(0.1, 0.1, 1), design(0.0, 0.05, 4)}, // the second did worse on the report images
        {},
        {design(0.02, 0.02, 3), design(0.5, NAN, 0.5)},
    };
    const auto merged = flow::merge_fronts(fronts, {Metric::drop, Metric::energy});
    // Report images choose nothing: the order and the places are those of the search's figures.
    const std::vector<flow::FrontPlace> expected = {{2, 1}, {0, 0}, {2, 0}, {0, 1}};
    QVERIFY(merged == expected);
    QVERIFY(flow::merge_fronts({}, {Metric::drop, Metric::energy}).empty());
}

QTEST_APPLESS_MAIN(TestExploreLog)
#include "tst_explore_log.moc"
