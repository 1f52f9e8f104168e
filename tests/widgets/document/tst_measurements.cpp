// Real evaluations of a tiny network on drawn images: stored first, then shown; cancelled; superseded.
#include "tests/widgets/tiny_network.h"
#include "widgets/document/measurements.h"

#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>
#include <QUndoStack>

using namespace widthwise;
using namespace widthwise::gui;

class TestMeasurements : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void init() {
        m_document = std::make_unique<Document>();
        m_project = std::make_unique<Project>(*m_document);
        m_measurements = std::make_unique<Measurements>(*m_document, *m_project);
        m_measurements->setAutomatic(false);
        const auto tell = [](const Problem& problem) { qWarning() << problem.text; };
        connect(m_measurements.get(), &Measurements::failed, this, tell);
        connect(m_project.get(), &Project::failed, this, tell);
        m_project->openNetwork("zoo:demo");
        QTRY_VERIFY_WITH_TIMEOUT(m_document->hasNetwork(), 20000);
        // Only for its project file: a faster network takes its place.
        Document::Opened opened;
        opened.model = test::tiny_model();
        opened.plan = uniform_plan(8, 8);
        opened.target = *cost::load_target(cost::preset_names().front());
        opened.data = test::tiny_data();
        m_document->open(std::move(opened));
    }

    void cleanup() {
        m_measurements.reset();
        m_project.reset();
        m_document.reset();
    }

    void a_finished_evaluation_is_in_the_file_before_it_is_shown() {
        std::vector<size_t> stored_when_shown;
        connect(m_document.get(), &Document::designAdded, this,
                [&] { stored_when_shown.push_back(m_project->store()->evaluations()->size()); });
        m_measurements->evaluate({uniform_plan(8, 8), uniform_plan(4, 4), uniform_plan(8, 8)});
        QTRY_COMPARE_WITH_TIMEOUT(m_document->designs().size(), size_t(2), 30000);
        QCOMPARE(stored_when_shown.size(), size_t(2));
        QVERIFY(stored_when_shown[0] >= 1);
        QVERIFY(stored_when_shown[1] >= 2);
        QVERIFY(m_document->currentDesign());
        QCOMPARE(m_document->currentDesign()->evaluation.accuracy.samples, int64_t(64));
        QVERIFY(m_document->currentDesign()->cost.energy_j > 0);
    }

    void a_measured_plan_is_not_measured_again() {
        m_measurements->evaluateCurrent();
        QTRY_COMPARE_WITH_TIMEOUT(m_document->designs().size(), size_t(1), 30000);
        m_measurements->evaluateCurrent();
        QVERIFY(!m_measurements->lane().busy());
    }

    void an_edit_is_measured_by_itself_and_the_newest_wins() {
        m_measurements->setAutomatic(true);
        for (const int bits : {7, 6, 5, 4}) m_document->setBits({"conv1"}, LayerOperand::weights, bits);
        QTRY_VERIFY_WITH_TIMEOUT(m_document->currentDesign() != nullptr, 30000);
        QTRY_VERIFY(!m_measurements->lane().busy());
        // The widths passed through on the way were never measured.
        QCOMPARE(m_document->designs().size(), size_t(1));
    }

    void one_that_was_stopped_early_is_measured_to_the_end_when_asked() {
        // Everything is within 100 points of float: decided after the first look.
        m_document->setData(test::tiny_data(2000), nullptr);
        m_measurements->setDecideWithin(1.0);
        m_measurements->evaluateCurrent();
        QTRY_COMPARE_WITH_TIMEOUT(m_document->designs().size(), size_t(1), 30000);
        QVERIFY(m_document->designs()[0].evaluation.accuracy.samples < 2000);
        m_measurements->evaluateCurrent();
        QVERIFY(!m_measurements->lane().busy());
        m_measurements->setDecideWithin(std::nullopt);
        m_measurements->evaluateCurrent();
        QTRY_COMPARE_WITH_TIMEOUT(m_document->designs().size(), size_t(2), 30000);
        QCOMPARE(m_document->currentDesign()->evaluation.accuracy.samples, int64_t(2000));
    }

    void what_is_running_carries_its_intervals() {
        std::vector<flow::RunningAccuracy> seen;
        connect(m_measurements.get(), &Measurements::runningChanged, this, [&] {
            if (m_measurements->running().valid) seen.push_back(m_measurements->running().progress);
        });
        m_measurements->evaluateCurrent();
        QTRY_COMPARE_WITH_TIMEOUT(m_document->designs().size(), size_t(1), 30000);
        QVERIFY(!seen.empty());
        const flow::RunningAccuracy& last = seen.back();
        QCOMPARE(last.total, int64_t(64));
        QVERIFY(last.so_far.top1_ci95.lo <= last.so_far.top1 && last.so_far.top1 <= last.so_far.top1_ci95.hi);
        QVERIFY(last.so_far.delta_ci95.lo <= last.so_far.delta_top1);
        QVERIFY(!m_measurements->running().valid);
    }

    void cancelling_keeps_what_is_finished() {
        QSignalSpy finished(&m_measurements->lane(), &JobLane::finished);
        m_measurements->evaluateUniformSet();
        QTRY_VERIFY_WITH_TIMEOUT(!m_document->designs().empty(), 30000);
        m_measurements->cancelAll();
        QTRY_VERIFY_WITH_TIMEOUT(!m_measurements->lane().busy(), 10000);
        QTRY_COMPARE(finished.count(), 6);
        QCOMPARE(m_project->store()->evaluations()->size(), m_document->designs().size());
    }

    void closing_in_the_middle_is_safe() {
        m_measurements->evaluateUniformSet();
        QTRY_VERIFY(m_measurements->lane().busy());
    }

    void without_data_it_says_what_to_do() {
        QSignalSpy failed(m_measurements.get(), &Measurements::failed);
        m_document->setData(nullptr, nullptr);
        m_measurements->evaluateCurrent();
        QCOMPARE(failed.count(), 1);
        QCOMPARE(failed[0][0].value<Problem>().remedy, Problem::Remedy::open_data);
        QVERIFY(!m_measurements->lane().busy());
    }

private:
    std::unique_ptr<Document> m_document;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<Measurements> m_measurements;
};

QTEST_GUILESS_MAIN(TestMeasurements)
#include "tst_measurements.moc"
