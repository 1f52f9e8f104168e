// A search that was broken off anywhere goes on as if nothing had happened.

#include "core/flow/explore_project.h"
#include "tests/core/flow/explore_world.h"

#include <QTemporaryDir>
#include <QTest>

using namespace widthwise;
using namespace widthwise::test;

namespace {

/// Stops the search when it has so many conclusions.
class Fuse final : public flow::ExploreLog {
public:
    Fuse(flow::ExploreLog& log, size_t most) : m_log(log), m_most(most) {}
    [[nodiscard]] Result<std::vector<flow::Candidate>> known() override {
        auto known = m_log.known();
        if (known) m_count = known->size();
        return known;
    }
    [[nodiscard]] Result<void> add(const flow::Candidate& candidate) override {
        if (m_count++ >= m_most) return fail(ErrorCode::io, "blown");
        return m_log.add(candidate);
    }
    [[nodiscard]] Result<int64_t> add_front(const explore::Choices& choices,
                                            const flow::EvaluationOutcome& report,
                                            const CostBreakdown& cost) override {
        return m_log.add_front(choices, report, cost);
    }
    [[nodiscard]] Result<std::optional<Sensitivity>> sensitivity(const std::string& json) override {
        return m_log.sensitivity(json);
    }
    [[nodiscard]] Result<void> add_sensitivity(const std::string& json, const Sensitivity& s) override {
        return m_log.add_sensitivity(json, s);
    }

private:
    flow::ExploreLog& m_log;
    size_t m_most, m_count = 0;
};

void compare(const flow::Candidate& a, const flow::Candidate& b) {
    QCOMPARE(a.number, b.number);
    QCOMPARE(a.outcome.choices, b.outcome.choices);
    QVERIFY(a.outcome.verdict == b.outcome.verdict);
    QCOMPARE(a.outcome.reason, b.outcome.reason);
    QCOMPARE(a.outcome.samples, b.outcome.samples);
    QCOMPARE(a.outcome.drop_sigma, b.outcome.drop_sigma);
    QCOMPARE(a.outcome.violation, b.outcome.violation);
    QCOMPARE(a.answers, b.answers);
    for (const explore::Metric metric : explore::k_metrics) {
        const double x = a.outcome.figures[metric], y = b.outcome.figures[metric];
        QVERIFY(x == y || (std::isnan(x) && std::isnan(y)));
    }
}

void compare(const flow::ExploreOutcome& a, const flow::ExploreOutcome& b) {
    QCOMPARE(a.hypervolume, b.hypervolume);
    QCOMPARE(a.search_hypervolume, b.search_hypervolume);
    QCOMPARE(a.evaluations, b.evaluations);
    QCOMPARE(a.screened, b.screened);
    QCOMPARE(a.images_run, b.images_run);
    QCOMPARE(a.front.size(), b.front.size());
    for (size_t i = 0; i < a.front.size(); ++i) {
        QCOMPARE(a.front[i].choices, b.front[i].choices);
        QCOMPARE(a.front[i].design_id, b.front[i].design_id);
        QCOMPARE(a.front[i].report_top1, b.front[i].report_top1);
        QCOMPARE(a.front[i].knee, b.front[i].knee);
    }
}

} // namespace

class TestExploreResume : public QObject {
    Q_OBJECT
private slots:
    void atEveryCut_data();
    void atEveryCut();
    void inAProject();
    void aFinishedSearchStaysFinished();
    void anotherRequestIsRefused();
    void anotherWayIsRefused();
};

void TestExploreResume::atEveryCut_data() {
    QTest::addColumn<QString>("algorithm");
    for (const char* name : {"surrogate", "nsga2", "annealing", "random"}) QTest::newRow(name) << name;
}

void TestExploreResume::atEveryCut() {
    QFETCH(QString, algorithm);
    flow::SpaceOptions options = weights_only();
    options.activation_widths = {4, 8};
    flow::ExploreRequest request = small_search(options);
    request.algorithm = algorithm.toStdString();
    request.budget = 12;
    // So many images that some designs are known well before all are run, and the front is completed.
    request.data = std::make_shared<LabelledNoise>(1, 1200, request.model.graph);
    flow::MemoryLog whole;
    const auto uninterrupted = searched(request, whole);
    const auto rows = need(whole.known());
    for (size_t cut = 0; cut < rows.size(); ++cut) {
        flow::MemoryLog log;
        Fuse fuse(log, cut);
        const auto blown = flow::run_exploration(request, fuse, {});
        QVERIFY(!blown);
        QCOMPARE(need(log.known()).size(), cut);
        const auto resumed = searched(request, log);
        compare(resumed, uninterrupted);
        const auto again = need(log.known());
        QCOMPARE(again.size(), rows.size());
        for (size_t i = 0; i < rows.size(); ++i) compare(again[i], rows[i]);
    }
}

void TestExploreResume::inAProject() {
    const QTemporaryDir folder;
    auto project = need(ProjectFile::open(folder.filePath("a.widthwise").toStdString()));
    flow::ExploreRequest request = small_search();
    request.budget = 14;
    QVERIFY(!need(flow::find_exploration(*project, request, 0)));
    const int64_t id = need(flow::begin_exploration(*project, request, 0, "first"));
    WorkControl control;
    flow::ExploreObserver observer;
    observer.on_candidate = [&](const flow::Candidate& candidate, const flow::CoursePoint&) {
        if (candidate.number == 5) control.cancel.cancel();
    };
    QVERIFY(need(flow::explore_in_project(*project, id, request, control, observer)).cancelled);
    auto row = need(flow::find_exploration(*project, request, 0));
    QVERIFY(row && row->id == id && row->label == "first");
    QCOMPARE(row->status, std::string("cancelled"));
    QVERIFY(row->summary_json.empty() && row->seconds > 0);

    // The front may be broken off too: what is there keeps its id.
    WorkControl late;
    observer.on_candidate = {};
    int reported = 0;
    observer.on_front = [&](const flow::FrontDesign&) {
        if (++reported == 2) late.cancel.cancel();
    };
    const auto broken = need(flow::explore_in_project(*project, id, request, late, observer));
    QVERIFY(broken.cancelled);
    QCOMPARE(need(project->evaluations()).size(), size_t{2});

    const auto resumed = need(flow::explore_in_project(*project, id, request, {}));
    QVERIFY(!resumed.cancelled);
    QCOMPARE(need(project->evaluations()).size(), resumed.front.size());
    row = need(flow::find_exploration(*project, request, 0));
    QCOMPARE(row->status, std::string("finished"));
    QVERIFY(row->summary_json.find("hypervolume") != std::string::npos);
    QVERIFY(row->seconds >= resumed.course.back().seconds);

    flow::MemoryLog memory;
    const auto uninterrupted = searched(request, memory);
    compare(resumed, uninterrupted);
    const auto log = need(flow::ProjectLog::open(*project, id, request));
    const auto stored = need(log->known()), kept = need(memory.known());
    QCOMPARE(stored.size(), kept.size());
    for (size_t i = 0; i < kept.size(); ++i) compare(stored[i], kept[i]);
    // Once more changes nothing.
    compare(need(flow::explore_in_project(*project, id, request, {})), uninterrupted);
    QCOMPARE(need(project->evaluations()).size(), resumed.front.size());
    QCOMPARE(need(project->candidates(id, "search")).size(), kept.size());
    QCOMPARE(need(project->sensitivities()).size(), size_t{1});
}

/// Looked at again, all the way or not.
void TestExploreResume::aFinishedSearchStaysFinished() {
    const QTemporaryDir folder;
    auto project = need(ProjectFile::open(folder.filePath("a.widthwise").toStdString()));
    flow::ExploreRequest request = small_search();
    request.budget = 8;
    const int64_t id = need(flow::begin_exploration(*project, request, 0, "first"));
    (void)need(flow::explore_in_project(*project, id, request, {}));
    StoredExploration finished = need(project->explorations()).front();
    // Time is spent after the last design, too, and in more sittings than one.
    finished.seconds += 1000;
    QVERIFY(project->update_exploration(finished).has_value());
    const auto unchanged = [&] {
        const StoredExploration row = need(project->explorations()).front();
        return row.status == "finished" && row.seconds == finished.seconds &&
               row.summary_json == finished.summary_json;
    };
    WorkControl cancelled;
    flow::ExploreObserver observer;
    bool still_finished = false;
    observer.on_front = [&](const flow::FrontDesign&) {
        still_finished = unchanged();
        cancelled.cancel.cancel();
    };
    QVERIFY(need(flow::explore_in_project(*project, id, request, cancelled, observer)).cancelled);
    QVERIFY(still_finished);
    QVERIFY(unchanged());
    QCOMPARE(need(flow::explore_in_project(*project, id, request, {})).seconds, finished.seconds);
    QVERIFY(unchanged());

    StoredExploration broken = finished;
    broken.status = "cancelled";
    QVERIFY(project->update_exploration(broken).has_value());
    QVERIFY(need(flow::explore_in_project(*project, id, request, {})).seconds > finished.seconds);
    QVERIFY(need(project->explorations()).front().seconds > finished.seconds);
}

void TestExploreResume::anotherRequestIsRefused() {
    const QTemporaryDir folder;
    auto project = need(ProjectFile::open(folder.filePath("a.widthwise").toStdString()));
    flow::ExploreRequest request = small_search();
    const int64_t id = need(flow::begin_exploration(*project, request, 0, "first"));
    request.seed = 9;
    const auto refused = flow::explore_in_project(*project, id, request, {});
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::invalid_input);
    QVERIFY2(refused.error().message.find("seed") != std::string::npos, refused.error().message.c_str());
    QCOMPARE(flow::explore_in_project(*project, id + 1, request, {}).error().code, ErrorCode::invalid_input);
}

/// A log of other conclusions, as another version of the program may have left it.
void TestExploreResume::anotherWayIsRefused() {
    flow::ExploreRequest request = small_search();
    request.budget = 8;
    flow::MemoryLog log;
    (void)searched(request, log);
    flow::MemoryLog changed;
    for (flow::Candidate candidate : need(log.known())) {
        if (candidate.number == 3) candidate.outcome.choices.front() ^= 1;
        (void)changed.add(candidate);
    }
    const auto refused = flow::run_exploration(request, changed, {});
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::invalid_input);
}

QTEST_APPLESS_MAIN(TestExploreResume)
#include "tst_explore_resume.moc"
