// Training, compression and versions in the real window, with a trainer that takes no time.
#include "tests/gui/window_fixture.h"

#include "tests/widgets/fake_training.h"
#include "widgets/dialogs/compress_dialog.h"
#include "widgets/models/training_runs_model.h"
#include "widgets/panels/training_form.h"
#include "widgets/panels/training_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSpinBox>
#include <QStandardItemModel>
#include <QTabWidget>
#include <QUndoStack>

using namespace widthwise;
using namespace widthwise::gui;

class TestWindowTraining : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() {
        test::use_own_settings();
        m_model = QString::fromStdString((test::scratch_dir() / "tiny.onnx").string());
        auto bytes = onnx::export_model(*test::tiny_model().graph);
        QVERIFY(bytes);
        test::write_file(m_model.toStdString(), *bytes);
    }

    void init() {
        QSettings().clear();
        open();
    }
    void cleanup() { m_window.reset(); }

    void an_empty_panel_teaches() {
        showTraining();
        QVERIFY(child<QWidget>("noTraining")->isVisible());
        QVERIFY(!child<QWidget>("lossChart")->isVisible());
        QVERIFY(child<QPushButton>("trainingStart")->isEnabled()); // the demo's images are at hand
        QVERIFY(!child<QPushButton>("trainingPause")->isEnabled());
        child<QLineEdit>("trainingData")->clear();
        QVERIFY(!child<QPushButton>("trainingStart")->isEnabled());
        QVERIFY(child<QLabel>("trainingWhyNot")->isVisible());
    }

    void a_run_is_started_watched_and_becomes_a_version() {
        showTraining();
        QVERIFY(!child<QComboBox>("versionCombo")->isVisible());
        child<QSpinBox>("trainingCount")->setValue(7);
        child<QPushButton>("trainingStart")->click();
        QVERIFY(child<QWidget>("lossChart")->isVisible());
        QTRY_VERIFY(document().version().id != 0);
        QVERIFY2(document().version().label.contains("7 epochs"), qPrintable(document().version().label));
        auto* versions = child<QComboBox>("versionCombo");
        QVERIFY(versions->isVisible());
        QCOMPARE(versions->currentText(), document().version().label);
        QTRY_VERIFY(child<QLabel>("bannerText")->text().contains("Trained"));
        emit versions->activated(0);
        QCOMPARE(document().version().id, int64_t(0));
        child<QAction>("actionUndo")->trigger();
        QVERIFY(document().version().id != 0);
        child<QAction>("actionUndo")->trigger();
        QCOMPARE(document().version().id, int64_t(0));
        QCOMPARE(versions->currentIndex(), 0);
        // From the table of runs, too.
        auto* runs = child<QTableView>("trainingRuns");
        emit runs->activated(runs->model()->index(0, 0));
        QVERIFY(document().version().id != 0);
        QVERIFY(!child<QPushButton>("trainingBest")->isEnabled());
        child<QAction>("actionOwnNetwork")->trigger();
        QCOMPARE(document().version().id, int64_t(0));
        child<QPushButton>("trainingBest")->click();
        QVERIFY(document().version().id != 0);
    }

    void evaluating_and_editing_go_on_while_it_trains() {
        m_fake->endless = true;
        showTraining();
        child<QPushButton>("trainingStart")->click();
        QTRY_VERIFY(m_fake->steps > 0);
        test::child<QAction>(*m_window, "actionEvaluate")->trigger();
        QTRY_COMPARE_WITH_TIMEOUT(document().designs().size(), size_t(1), 60000);
        document().setBits({"conv1"}, LayerOperand::weights, 4);
        QVERIFY(m_window->training().activeRun());
        // Esc stops measurements, not hours of training.
        child<QAction>("actionCancel")->trigger();
        QVERIFY(m_window->training().activeRun());
        QTRY_VERIFY2(child<QLabel>("trainingProgress")->text().contains("images/s"),
                     qPrintable(child<QLabel>("trainingProgress")->text()));
        auto* pause = child<QPushButton>("trainingPause");
        pause->click();
        QTRY_VERIFY(pause->text().contains("Res"));
        QTRY_COMPARE(child<QLabel>("activityTimeLeft")->text(), QString("paused"));
        pause->click();
        QTRY_VERIFY(pause->text().contains("Pa"));
        child<QPushButton>("trainingCancel")->click();
        QTRY_VERIFY(!m_window->training().activeRun());
        auto* runs = child<QTableView>("trainingRuns");
        QCOMPARE(runs->model()->index(0, TrainingRunsModel::Status).data().toString(), QString("cancelled"));
        QVERIFY(!training_curves_of(m_window->training()).runs.empty());
    }

    void closing_while_it_trains_is_safe() {
        const QString path = QString::fromStdString((test::scratch_dir() / "closed.widthwise").string());
        m_window->project().saveAs(path);
        QTRY_COMPARE(m_window->project().path(), path);
        m_fake->endless = true;
        showTraining();
        child<QPushButton>("trainingStart")->click();
        QTRY_VERIFY(m_fake->steps > 0);
        m_window->close();
        m_window.reset();
        m_fake->endless = false;
        open(path);
        QCOMPARE(m_window->training().runs().size(), size_t(1));
        QVERIFY(m_window->training().runs().front().status == TrainingRun::Status::cancelled);
    }

    void a_saved_project_opens_with_its_versions() {
        document().applyPlan(uniform_plan(4, 4), "w4a4");
        showTraining();
        setMode(TrainingMode::quantized);
        child<QPushButton>("trainingStart")->click();
        QTRY_VERIFY(document().version().id != 0);
        const int64_t made = document().version().id;
        const std::string hash = document().model().hash;
        child<QAction>("actionEvaluate")->trigger();
        QTRY_COMPARE_WITH_TIMEOUT(document().designs().size(), size_t(1), 60000);
        QCOMPARE(document().designs().front().version, made);
        const QString path = QString::fromStdString((test::scratch_dir() / "versions.widthwise").string());
        m_window->project().saveAs(path);
        QTRY_COMPARE(m_window->project().path(), path);
        m_window.reset();
        open(path);
        QCOMPARE(document().versions().size(), size_t(2));
        QCOMPARE(document().version().id, made);
        QCOMPARE(document().model().hash, hash);
        QCOMPARE(bits_of(document().plan(), "conv2", LayerOperand::weights), 4);
        QVERIFY(document().currentDesign());
        QCOMPARE(child<QComboBox>("versionCombo")->currentText(), document().version().label);
        QCOMPARE(m_window->training().runs().size(), size_t(1));
        QVERIFY(m_window->training().bestRun());
    }

    void a_diverged_run_stands_in_the_banner() {
        m_fake->error = {ErrorCode::failed, "the loss is not finite at step 12", "conv2",
                         "lower the learning rate"};
        showTraining();
        child<QPushButton>("trainingStart")->click();
        auto* text = child<QLabel>("bannerText");
        QTRY_VERIFY(text->isVisible());
        QVERIFY2(text->text().contains("conv2") && text->text().contains("step 12"),
                 qPrintable(text->text()));
        QVERIFY(child<QLabel>("trainingProgress")->text().contains("conv2"));
    }

    void one_that_ends_worse_says_so_and_changes_nothing() {
        m_fake->before = 0.75;
        showTraining();
        child<QPushButton>("trainingStart")->click();
        QTRY_COMPARE(document().versions().size(), size_t(2));
        auto* text = child<QLabel>("bannerText");
        QVERIFY2(text->text().contains("worse than before by 25.00 points"), qPrintable(text->text()));
        QCOMPARE(document().version().id, int64_t(0));
        // Green is for good news.
        auto* banner = child<QWidget>("banner");
        const QColor mark = banner->grab().toImage().pixelColor(1, banner->height() / 2);
        QVERIFY2(mark.red() > mark.green(), qPrintable(mark.name()));
    }

    void what_was_said_of_a_run_goes_with_the_next_one_and_with_its_version() {
        m_fake->error = {ErrorCode::failed, "the loss is not finite at step 12", "conv2", "lower the rate"};
        showTraining();
        auto* start = child<QPushButton>("trainingStart");
        auto* banner = child<QWidget>("banner");
        start->click();
        QTRY_VERIFY(banner->isVisible());
        QTRY_VERIFY(!m_window->training().activeRun());
        m_fake->error = {};
        m_fake->gate.acquire();
        start->click();
        QVERIFY(!banner->isVisible());
        m_fake->gate.release();
        QTRY_VERIFY(document().version().id != 0);
        QTRY_VERIFY(banner->isVisible());
        QVERIFY(child<QLabel>("bannerText")->text().contains("50.0"));
        child<QAction>("actionUndo")->trigger();
        QCOMPARE(document().version().id, int64_t(0));
        QVERIFY(!banner->isVisible());
    }

    void modes_that_cannot_be_say_why() {
        showTraining();
        auto* mode = child<QComboBox>("trainingMode");
        auto* items = qobject_cast<QStandardItemModel*>(mode->model());
        QStandardItem* adapt = items->item(mode->findData(int(TrainingMode::adapt)));
        QVERIFY(!adapt->isEnabled());
        QVERIFY(adapt->toolTip().contains("meta"));
        QVERIFY(items->item(mode->findData(int(TrainingMode::quantized)))->isEnabled());
        document().applyPlan(uniform_plan(k_float_bits, k_float_bits), "float");
        QVERIFY(!items->item(mode->findData(int(TrainingMode::quantized)))->isEnabled());
        // After meta-training there is something to adapt.
        setMode(TrainingMode::meta);
        child<QPushButton>("trainingStart")->click();
        QTRY_VERIFY(document().model().scales != nullptr);
        QVERIFY(items->item(mode->findData(int(TrainingMode::adapt)))->isEnabled());
    }

    void meta_training_asks_for_nothing_that_it_does_not_heed() {
        showTraining();
        child<QAbstractButton>("trainingMore")->click();
        const auto shown = [this](const char* name) { return child<QWidget>(name)->isVisible(); };
        for (const auto& [mode, asked] :
             {std::pair(TrainingMode::plain, true), std::pair(TrainingMode::meta, false),
              std::pair(TrainingMode::quantized, true)}) {
            setMode(mode);
            for (const char* name : {"trainingValidation", "trainingKeepBest", "trainingPatience"})
                QCOMPARE(shown(name), asked);
            QVERIFY(shown("trainingData") && shown("trainingSeed"));
        }
    }

    void options_are_remembered_where_they_were_started() {
        showTraining();
        child<QAbstractButton>("trainingMore")->click();
        QVERIFY(child<QWidget>("trainingSeed")->isVisible());
        child<QDoubleSpinBox>("trainingRate")->setValue(0.0321);
        child<QSpinBox>("trainingSeed")->setValue(99);
        child<QPushButton>("trainingStart")->click();
        QTRY_VERIFY(document().version().id != 0);
        m_window.reset();
        open();
        showTraining();
        QCOMPARE(child<QDoubleSpinBox>("trainingRate")->value(), 0.0321);
        QCOMPARE(child<QSpinBox>("trainingSeed")->value(), 99);
        QVERIFY(child<QWidget>("trainingSeed")->isVisible());
        child<QPushButton>("trainingReset")->click();
        QVERIFY(child<QDoubleSpinBox>("trainingRate")->value() != 0.0321);
    }

    void compressing_previews_applies_and_is_undone() {
        child<QAction>("actionCompress")->trigger();
        auto* apply = child<QPushButton>("compressApply");
        QTRY_VERIFY(apply->isEnabled());
        QCOMPARE(child<QLabel>("effect0_0")->text(), QString::fromUtf8("2.00\u00a0k"));
        QCOMPARE(child<QTableView>("compressLayers")->model()->rowCount(), 2);
        // What cannot be done says why, and cannot be applied.
        auto* method = child<QComboBox>("compressionMethod");
        method->setCurrentIndex(3);
        emit method->activated(3);
        QTRY_VERIFY(child<QLabel>("compressNote")->text().contains("no layer"));
        QVERIFY(!apply->isEnabled());
        method->setCurrentIndex(2);
        emit method->activated(2);
        // Only what is selected.
        test::select(*m_window, {"conv2"});
        child<QRadioButton>("compressSelected")->click();
        QTRY_COMPARE(child<QTableView>("compressLayers")->model()->rowCount(), 1);
        QTRY_VERIFY(apply->isEnabled());
        apply->click();
        QTRY_VERIFY(document().version().id != 0);
        QCOMPARE(document().version().kind, QString("compress"));
        QCOMPARE(document().undoStack()->count(), 1);
        child<QAction>("actionUndo")->trigger();
        QCOMPARE(document().version().id, int64_t(0));
    }

    void fine_tuning_after_pruning_keeps_the_zeros() {
        child<QAction>("actionCompress")->trigger();
        auto* train = child<QPushButton>("compressTrain");
        QTRY_VERIFY(train->isEnabled());
        train->click();
        QTRY_COMPARE(child<QTabWidget>("lowerTabs")->currentWidget(), child<TrainingPanel>("trainingPanel"));
        QVERIFY(document().version().id != 0);
        QVERIFY(child<TrainingForm>("trainingForm")->setup().options.preserve.zeros);
        child<QPushButton>("trainingStart")->click();
        const int64_t pruned = document().version().id;
        QTRY_VERIFY(document().version().id != pruned);
        // And so does what is trained from that.
        QVERIFY(child<TrainingForm>("trainingForm")->setup().options.preserve.zeros);
        child<QAction>("actionOwnNetwork")->trigger();
        QVERIFY(!child<TrainingForm>("trainingForm")->setup().options.preserve.zeros);
    }

    void counting_zeros_is_a_command() {
        child<QTabWidget>("lowerTabs")->setCurrentIndex(1);
        child<QComboBox>("hardwareView")->setCurrentIndex(4);
        child<QCheckBox>("optionZeros")->click();
        QTRY_VERIFY(document().measuredZeros());
        QTRY_VERIFY2(child<QLabel>("zerosNote")->text().contains("%"),
                     qPrintable(child<QLabel>("zerosNote")->text()));
        child<QAction>("actionUndo")->trigger();
        QVERIFY(!child<QCheckBox>("optionZeros")->isChecked());
    }

private:
    template <typename T> T* child(const char* name) { return test::child<T>(*m_window, name); }
    Document& document() { return m_window->document(); }

    void open(const QString& path = {}) {
        m_fake = std::make_shared<test::FakeRun>();
        m_window = std::make_unique<MainWindow>(test::fake_training(m_fake));
        m_window->measurements().setAutomatic(false);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
        if (path.isEmpty())
            m_window->open(m_model, QStringLiteral("demo"));
        else
            m_window->open(path);
        QTRY_VERIFY_WITH_TIMEOUT(document().hasNetwork(), 30000);
        QTRY_VERIFY(!document().selection().isEmpty());
    }
    void showTraining() {
        child<QAction>("actionTrain")->trigger();
        QVERIFY(child<TrainingPanel>("trainingPanel")->isVisible());
    }
    void setMode(TrainingMode mode) {
        auto* box = child<QComboBox>("trainingMode");
        box->setCurrentIndex(box->findData(static_cast<int>(mode)));
        emit box->activated(box->currentIndex());
    }

    QString m_model;
    std::shared_ptr<test::FakeRun> m_fake;
    std::unique_ptr<MainWindow> m_window;
};

QTEST_MAIN(TestWindowTraining)
#include "tst_window_training.moc"
