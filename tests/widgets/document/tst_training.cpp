// Training in the background with a trainer that takes no time: runs, pause, cancel, versions, the file.
#include "tests/widgets/fake_training.h"
#include "widgets/document/training.h"
#include "widgets/document/version_io.h"

#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>
#include <QUndoStack>

using namespace widthwise;
using namespace widthwise::gui;

class TestTraining : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void init() {
        m_fake = std::make_shared<test::FakeRun>();
        m_document = std::make_unique<Document>();
        m_project = std::make_unique<Project>(*m_document);
        m_training = std::make_unique<Training>(*m_document, *m_project, test::fake_training(m_fake));
        m_project->openNetwork("zoo:demo");
        QTRY_VERIFY_WITH_TIMEOUT(m_document->hasNetwork(), 20000);
        // Only for its project file: a faster network takes its place.
        test::open_tiny(*m_document, test::tiny_data());
        m_setup = recommended_setup(TrainingMode::plain, m_document->model());
        m_setup.data = "demo:train";
    }

    void cleanup() {
        m_training.reset();
        m_project.reset();
        m_document.reset();
    }

    void a_finished_run_is_a_version_and_one_command() {
        QSignalSpy finished(m_training.get(), &Training::finished);
        QVERIFY(m_training->start(m_setup));
        QTRY_COMPARE(finished.count(), 1);
        QCOMPARE(finished[0][1].toBool(), true);
        const TrainingRun& run = m_training->runs().front();
        QVERIFY(run.status == TrainingRun::Status::finished);
        QCOMPARE(run.epochs.size(), size_t(3));
        QCOMPARE(*run.best_top1(), 0.5);
        QCOMPARE(run.loss.points().size(), size_t(30));
        QCOMPARE(m_document->versions().size(), size_t(2));
        QCOMPARE(m_document->version().id, run.version);
        QVERIFY(run.version > 0);
        QCOMPARE(m_document->undoStack()->count(), 1);
        m_document->undoStack()->undo();
        QCOMPARE(m_document->version().id, int64_t(0));
        m_document->undoStack()->redo();
        QCOMPARE(m_document->version().id, run.version);
        // In the file, too.
        QCOMPARE(m_project->store()->versions()->size(), size_t(1));
        QTRY_COMPARE(m_project->store()->runs()->front().status, std::string("finished"));
        QCOMPARE(m_project->store()->runs()->front().version, run.version);
    }

    void quantized_training_carries_its_design() {
        m_document->applyPlan(uniform_plan(4, 4), "w4a4");
        m_setup = recommended_setup(TrainingMode::quantized, m_document->model());
        m_setup.data = "demo:train";
        QVERIFY(m_training->start(m_setup));
        QTRY_VERIFY(m_document->version().id != 0);
        QVERIFY(m_document->importedPlan());
        QCOMPARE(m_document->plan(), *m_document->importedPlan());
        QVERIFY2(m_document->labelOf(m_document->plan()).contains("trained"),
                 qPrintable(m_document->labelOf(m_document->plan())));
        QVERIFY2(m_document->version().label.contains("w4a4"), qPrintable(m_document->version().label));
    }

    void what_the_user_did_meanwhile_stays() {
        m_fake->gate.acquire();
        QSignalSpy finished(m_training.get(), &Training::finished);
        QVERIFY(m_training->start(m_setup));
        m_document->setBits({"conv1"}, LayerOperand::weights, 3);
        m_fake->gate.release();
        QTRY_COMPARE(finished.count(), 1);
        QCOMPARE(finished[0][1].toBool(), false);
        QCOMPARE(m_document->version().id, int64_t(0));
        QCOMPARE(m_document->versions().size(), size_t(2));
        QCOMPARE(bits_of(m_document->plan(), "conv1", LayerOperand::weights), 3);
    }

    void one_that_ends_worse_than_it_began_is_kept_but_not_shown() {
        m_fake->before = 0.9;
        QSignalSpy finished(m_training.get(), &Training::finished);
        QVERIFY(m_training->start(m_setup));
        QTRY_COMPARE(finished.count(), 1);
        QCOMPARE(finished[0][1].toBool(), false);
        QVERIFY(m_training->runs().front().worse());
        QCOMPARE(*m_training->runs().front().before, 0.9);
        QCOMPARE(*m_training->runs().front().after, 0.5);
        QCOMPARE(m_document->version().id, int64_t(0));
        QCOMPARE(m_document->versions().size(), size_t(2));
        QCOMPARE(m_document->undoStack()->count(), 0);
        // Without images to measure on nothing is known, and the result is shown.
        m_document->setData(nullptr, nullptr);
        QVERIFY(m_training->start(m_setup));
        QTRY_COMPARE(finished.count(), 2);
        QCOMPARE(finished[1][1].toBool(), true);
        QVERIFY(!m_training->runs().back().after);
        QVERIFY(!m_training->runs().back().worse());
    }

    void equal_runs_are_told_apart_by_name() {
        QVERIFY(m_training->start(m_setup));
        QVERIFY(m_training->start(m_setup));
        QVERIFY(m_training->start(m_setup));
        const auto& runs = m_training->runs();
        QCOMPARE(runs[1].label, runs[0].label + " (2)");
        QCOMPARE(runs[2].label, runs[0].label + " (3)");
        QTRY_COMPARE(m_document->versions().size(), size_t(4));
        for (size_t i = 0; i < 3; ++i) QCOMPARE(m_document->versions()[i + 1].label, runs[i].label);
    }

    void a_paused_run_rests_and_goes_on() {
        m_fake->endless = true;
        QVERIFY(m_training->start(m_setup));
        QTRY_VERIFY(m_fake->steps > 0);
        m_training->setPaused(true);
        QTRY_VERIFY(m_training->paused());
        QVERIFY(m_training->activeRun());
        const int rested = m_fake->steps;
        m_training->setPaused(false);
        QTRY_VERIFY(m_fake->steps > rested);
        QTRY_VERIFY(!m_training->paused());
    }

    void a_cancelled_run_keeps_its_curve() {
        m_fake->endless = true;
        QVERIFY(m_training->start(m_setup));
        QTRY_VERIFY(!m_training->runs().front().loss.empty());
        m_training->cancel(m_training->runs().front().id);
        QTRY_VERIFY(m_training->runs().front().status == TrainingRun::Status::cancelled);
        QVERIFY(!m_training->runs().front().loss.empty());
        QVERIFY(!m_training->activeRun());
        QCOMPARE(m_document->versions().size(), size_t(1));
        QTRY_COMPARE(m_project->store()->runs()->front().status, std::string("cancelled"));
    }

    void a_paused_run_can_be_cancelled() {
        m_fake->endless = true;
        QVERIFY(m_training->start(m_setup));
        QTRY_VERIFY(m_fake->steps > 0);
        m_training->setPaused(true);
        m_training->cancel(m_training->runs().front().id);
        QTRY_VERIFY(m_training->runs().front().status == TrainingRun::Status::cancelled);
    }

    void runs_queue_and_a_waiting_one_can_be_cancelled() {
        m_fake->gate.acquire();
        QVERIFY(m_training->start(m_setup));
        QVERIFY(m_training->start(m_setup));
        const int64_t second = m_training->runs()[1].id;
        m_training->cancel(second);
        QTRY_VERIFY(m_training->runs()[1].status == TrainingRun::Status::cancelled);
        m_fake->gate.release();
        QTRY_VERIFY(m_training->runs()[0].status == TrainingRun::Status::finished);
    }

    void divergence_is_told_with_layer_and_step() {
        m_fake->error = {ErrorCode::failed, "the loss diverged at step 17", "conv2",
                         "lower the learning rate"};
        QSignalSpy failed(m_training.get(), &Training::failed);
        QVERIFY(m_training->start(m_setup));
        QTRY_COMPARE(failed.count(), 1);
        const QString text = failed[0][0].value<Problem>().text;
        QVERIFY2(text.contains("conv2") && text.contains("17") && text.contains("lower"), qPrintable(text));
        QVERIFY(m_training->runs().front().status == TrainingRun::Status::failed);
        QVERIFY(!m_training->runs().front().loss.empty());
        QCOMPARE(m_document->versions().size(), size_t(1));
    }

    void what_cannot_start_says_why() {
        QSignalSpy failed(m_training.get(), &Training::failed);
        m_setup.data = "";
        QVERIFY(!m_training->start(m_setup));
        QCOMPARE(failed.count(), 1);
        m_setup.data = "nowhere";
        QVERIFY(m_training->start(m_setup));
        QTRY_COMPARE(failed.count(), 2);
        QVERIFY(failed[1][0].value<Problem>().text.contains("nowhere"));
        QVERIFY(!m_training->whyNot(TrainingMode::adapt).isEmpty());
        m_setup.options.learning_rate = -1;
        QVERIFY(!m_training->start(m_setup));
    }

    void a_meta_initialization_can_be_adapted() {
        m_setup = recommended_setup(TrainingMode::meta, m_document->model());
        m_setup.data = "demo:train";
        QVERIFY(m_training->start(m_setup));
        QTRY_VERIFY(m_document->version().id != 0);
        QCOMPARE(m_document->version().kind, QString("meta"));
        QVERIFY(m_training->whyNot(TrainingMode::adapt).isEmpty());
    }

    void the_best_run_is_found() {
        QVERIFY(!m_training->bestRun());
        for (const double top1 : {0.4, 0.8, 0.6}) {
            QSignalSpy finished(m_training.get(), &Training::finished);
            m_fake->top1 = top1;
            QVERIFY(m_training->start(m_setup));
            QTRY_COMPARE(finished.count(), 1);
        }
        QVERIFY(m_training->bestRun());
        QCOMPARE(m_training->bestRun()->id, m_training->runs()[1].id);
    }

    void a_project_brings_versions_and_runs_back() {
        QVERIFY(m_training->start(m_setup));
        QTRY_VERIFY(m_document->version().id != 0);
        QTRY_COMPARE(m_project->store()->runs()->front().status, std::string("finished"));
        auto bytes = m_project->store()->version_onnx(m_document->version().id);
        QVERIFY(bytes.has_value());
        const auto stored = m_project->store()->versions();
        const auto back = read_version(stored->front(), *bytes, m_document->versions().front().model);
        QVERIFY(back.has_value());
        QCOMPARE(back->label, m_document->version().label);
        QCOMPARE(back->model.hash, m_document->model().hash);
        QVERIFY(!read_version(stored->front(), bytes->substr(0, bytes->size() / 2), {}).has_value());
        // Opening anything else forgets this project's runs.
        test::open_tiny(*m_document);
        QCOMPARE(m_training->runs().size(), size_t(1)); // read from the same file again
        QVERIFY(m_training->runs().front().status == TrainingRun::Status::finished);
        QCOMPARE(m_training->runs().front().epochs.size(), size_t(3));
    }

    void closing_in_the_middle_is_safe() {
        m_fake->endless = true;
        QVERIFY(m_training->start(m_setup));
        QTRY_VERIFY(m_fake->steps > 0);
        m_training->setPaused(true);
    }

private:
    std::shared_ptr<test::FakeRun> m_fake;
    std::unique_ptr<Document> m_document;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<Training> m_training;
    TrainingSetup m_setup;
};

QTEST_GUILESS_MAIN(TestTraining)
#include "tst_training.moc"
