// Tables of searches, their candidates, fronts and explanations.
#include "tests/widgets/fake_exploration.h"
#include "widgets/charts/course_chart.h"
#include "widgets/models/exploration_candidates_model.h"
#include "widgets/models/exploration_front_model.h"
#include "widgets/models/exploration_runs_model.h"
#include "widgets/models/moves_model.h"
#include "widgets/panels/explore_points.h"

#include <QAbstractItemModelTester>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QSortFilterProxyModel>
#include <QStandardPaths>
#include <QTest>

using namespace widthwise;
using namespace widthwise::gui;

class TestExplorationModels : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void init() {
        m_fake = std::make_shared<test::FakeSearch>();
        m_document = std::make_unique<Document>();
        m_project = std::make_unique<Project>(*m_document);
        m_exploration =
            std::make_unique<Exploration>(*m_document, *m_project, test::fake_exploration(m_fake));
        m_project->openNetwork("zoo:demo");
        QTRY_VERIFY_WITH_TIMEOUT(m_document->hasNetwork(), 20000);
        test::open_tiny(*m_document, test::tiny_data());
        m_setup = {};
        m_setup.budget = 20;
    }
    void cleanup() {
        m_exploration.reset();
        m_project.reset();
        m_document.reset();
    }

    void searches_appear_follow_and_go() {
        ExplorationRunsModel model(*m_exploration);
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(model.rowCount(), 0);
        QVERIFY(m_exploration->start(m_setup));
        QVERIFY(m_exploration->start(m_setup));
        QCOMPARE(model.rowCount(), 2);
        const auto text = [&](int row, int column) { return model.index(row, column).data().toString(); };
        QTRY_COMPARE(text(1, ExplorationRunsModel::Status), QString("finished"));
        QCOMPARE(text(0, ExplorationRunsModel::Done), QString("20/20"));
        QVERIFY(text(0, ExplorationRunsModel::Volume).toDouble() > 0.9);
        QVERIFY(model.setData(model.index(0, 0), Qt::Unchecked, Qt::CheckStateRole));
        QVERIFY(!m_exploration->runs().front().shown);
        QVERIFY(model.setData(model.index(0, 0), "mine", Qt::EditRole));
        QCOMPARE(text(0, ExplorationRunsModel::Label), QString("mine"));
        QVERIFY(!model.setData(model.index(0, 1), "mine", Qt::EditRole));
        m_exploration->remove(m_exploration->runs().front().id);
        QCOMPARE(model.rowCount(), 1);
        test::open_tiny(*m_document); // the same file's searches again
        QCOMPARE(model.rowCount(), 1);
    }

    void candidates_grow_with_verdicts_and_reasons() {
        ExplorationCandidatesModel model(*m_exploration);
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QSortFilterProxyModel sorted;
        sorted.setSourceModel(&model);
        sorted.setSortRole(ExplorationCandidatesModel::SortRole);
        m_fake->gate.acquire();
        QVERIFY(m_exploration->start(m_setup));
        model.setRun(m_exploration->runs().front().id);
        QCOMPARE(model.rowCount(), 0);
        m_fake->gate.release();
        QTRY_VERIFY(m_exploration->runs().front().status == ExplorationRun::Status::finished);
        QCOMPARE(size_t(model.rowCount()), m_exploration->runs().front().outcomes.size());
        const auto text = [&](int row, int column) { return model.index(row, column).data().toString(); };
        QCOMPARE(text(0, ExplorationCandidatesModel::Verdict), QString("measured"));
        QCOMPARE(text(0, ExplorationCandidatesModel::Design), QString("w8a8"));
        QCOMPARE(text(3, ExplorationCandidatesModel::Verdict), QString("screened"));
        QCOMPARE(text(4, ExplorationCandidatesModel::Verdict), QString("rejected"));
        QVERIFY(text(4, ExplorationCandidatesModel::Reason).contains("limit"));
        QCOMPARE(text(4, ExplorationCandidatesModel::Images), QString("0"));
        QCOMPARE(text(2, ExplorationCandidatesModel::Drop), QString("0.20"));
        // What has no drop comes last.
        sorted.sort(ExplorationCandidatesModel::Drop, Qt::AscendingOrder);
        QCOMPARE(sorted.index(sorted.rowCount() - 1, ExplorationCandidatesModel::Verdict).data().toString(),
                 QString("rejected"));
        m_exploration->remove(m_exploration->runs().front().id);
        QCOMPARE(model.rowCount(), 0);
    }

    void ten_thousand_candidates_are_told_in_few_signals() {
        // Without a disk behind: what is told is counted, not how fast it is kept.
        ExplorationBackend backend = test::fake_exploration(m_fake);
        backend.open_log = [](ProjectFile&, int64_t,
                              const flow::ExploreRequest&) -> Result<std::unique_ptr<flow::ExploreLog>> {
            return std::make_unique<flow::MemoryLog>();
        };
        m_exploration = std::make_unique<Exploration>(*m_document, *m_project, backend);
        m_setup.budget = 10000;
        ExplorationCandidatesModel model(*m_exploration);
        QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
        QSignalSpy changed(m_exploration.get(), &Exploration::runChanged);
        m_fake->rejected_every = 0;
        m_fake->screened_every = 2;
        QVERIFY(m_exploration->start(m_setup));
        model.setRun(m_exploration->runs().front().id);
        QTRY_COMPARE_WITH_TIMEOUT(model.rowCount(), 10000, 120000);
        QTRY_VERIFY_WITH_TIMEOUT(!m_exploration->activeRun(), 120000);
        QVERIFY(inserted.count() < 5000);
        QVERIFY(changed.count() < 5000);
        // Drawn points are as many as there are, steps of the course as many as there are rises.
        DesignSpace space;
        add_candidates(space, *m_document, *m_exploration);
        QCOMPARE(space.candidates.size(), size_t(10000));
        const DesignPoint& point = space.candidates[77];
        QCOMPARE(candidate_of(point.id).number, int64_t(77));
        QCOMPARE(outcome_of(*m_exploration, point.id), &m_exploration->runs().front().outcomes[77]);
        QVERIFY(!candidate_text(*m_exploration, point.id).isEmpty());
        QVERIFY(!outcome_of(*m_exploration, candidate_id({99, 0})));
        QVERIFY(!outcome_of(*m_exploration, 5));
    }

    void the_front_tells_what_was_confirmed() {
        ExplorationFrontModel model([](const FrontEntry& entry) { return QString::number(entry.outcome); });
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        FrontEntry searched;
        searched.run = 1;
        searched.outcome = 7;
        searched.figures[explore::Metric::drop] = 0.002;
        searched.figures[explore::Metric::energy] = 1.5e-3;
        FrontEntry confirmed = searched;
        confirmed.outcome = 8;
        confirmed.knee = confirmed.cheapest = true;
        confirmed.confirmed.emplace();
        confirmed.confirmed->report.samples = 100;
        confirmed.confirmed->report.delta_top1 = -0.0075;
        confirmed.confirmed->within_one_point = true;
        model.setEntries({searched, confirmed});
        const auto text = [&](int row, int column) { return model.index(row, column).data().toString(); };
        QVERIFY(text(0, ExplorationFrontModel::Drop).startsWith(QChar(0x2248)));
        QCOMPARE(text(1, ExplorationFrontModel::Drop), QString("0.75"));
        QCOMPARE(text(0, ExplorationFrontModel::Within), QString::fromUtf8("\u2013"));
        QCOMPARE(text(1, ExplorationFrontModel::Within), QString("yes"));
        QVERIFY(text(1, ExplorationFrontModel::Mark).contains("cheapest"));
        QVERIFY(text(1, ExplorationFrontModel::Mark).contains("knee"));
        QCOMPARE(text(0, ExplorationFrontModel::Energy), QString("1.50"));
        QVERIFY(model.headerData(ExplorationFrontModel::Energy, Qt::Horizontal).toString().contains("mJ"));
        // The same designs again keep whatever is selected.
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
        model.setEntries({searched, confirmed});
        QCOMPARE(reset.count(), 0);
        model.setEntries({confirmed});
        QCOMPARE(reset.count(), 1);
    }

    void moves_share_the_noise_that_they_add() {
        MovesModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setMoves({{"conv1", "w8a8", "w4a4", 2e-6, 0, 0.03}, {"fc", "w8a8", "w2a8", 1e-6, -1e-6, 0.01}});
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(model.index(0, MovesModel::Noise).data().toString(), QString::fromUtf8("75.0\u00a0%"));
        QCOMPARE(model.index(1, MovesModel::To).data().toString(), QString("w2a8"));
        QVERIFY(model.index(1, MovesModel::Time).data().toString().contains("1.00"));
        model.setMoves({});
        QCOMPARE(model.rowCount(), 0);
    }

    void a_course_is_drawn_by_its_steps() {
        const std::vector<QPointF> steps = staircase({{1, 0.1}, {2, 0.1}, {3, 0.1}, {4, 0.5}, {5, 0.5}});
        QCOMPARE(steps, (std::vector<QPointF>{{1, 0.1}, {4, 0.1}, {4, 0.5}, {5, 0.5}}));
        QVERIFY(staircase({}).empty());
        CourseChart chart;
        Courses courses;
        CourseCurve curve;
        for (int i = 0; i < 10000; ++i) curve.points.emplace_back(i, i < 5000 ? 0.2 : 0.4);
        courses.runs = {curve};
        chart.show(courses);
        QCOMPARE(chart.pointCount(), 4);
    }

private:
    std::shared_ptr<test::FakeSearch> m_fake;
    std::unique_ptr<Document> m_document;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<Exploration> m_exploration;
    ExplorationSetup m_setup;
};

QTEST_MAIN(TestExplorationModels)
#include "tst_exploration_models.moc"
