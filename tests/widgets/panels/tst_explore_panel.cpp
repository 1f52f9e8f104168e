// The form of a search, its limits, and the panel around it.
#include "tests/widgets/fake_exploration.h"
#include "widgets/charts/design_space_view.h"
#include "widgets/panels/explore_form.h"
#include "widgets/panels/explore_panel.h"
#include "widgets/panels/limits_editor.h"

#include <QAbstractButton>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSpinBox>
#include <QStandardPaths>
#include <QTableView>
#include <QTableWidget>
#include <QTest>
#include <QToolButton>
#include <QUndoStack>

using namespace widthwise;
using namespace widthwise::gui;
using explore::Metric;

class TestExplorePanel : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        QCoreApplication::setOrganizationName(QStringLiteral("widthwise-test"));
        QCoreApplication::setApplicationName(QStringLiteral("tst-explore-panel"));
    }

    void init() {
        QSettings().clear();
        m_fake = std::make_shared<test::FakeSearch>();
        m_document = std::make_unique<Document>();
        m_project = std::make_unique<Project>(*m_document);
        m_exploration =
            std::make_unique<Exploration>(*m_document, *m_project, test::fake_exploration(m_fake));
        m_project->openNetwork("zoo:demo");
        QTRY_VERIFY_WITH_TIMEOUT(m_document->hasNetwork(), 20000);
        test::open_tiny(*m_document, test::tiny_data());
        m_panel = std::make_unique<ExplorePanel>(*m_document, *m_exploration);
        m_panel->resize(1300, 500);
        m_panel->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
    }
    void cleanup() {
        m_panel.reset();
        m_exploration.reset();
        m_project.reset();
        m_document.reset();
    }

    void the_defaults_are_those_that_people_want() {
        const ExplorationSetup setup = m_panel->form().setup();
        QCOMPARE(setup.algorithm, explore::algorithms().front().name);
        QCOMPARE(setup.budget, int64_t(400));
        QCOMPARE(setup.space.weight_widths, flow::SpaceOptions().weight_widths);
        QVERIFY(setup.goals == explore::Goals());
        QVERIFY(setup.space.hardware.empty());
        QVERIFY(m_panel->form().whyNot().isEmpty());
        QVERIFY(child<QWidget>("noExploration")->isVisible());
        QVERIFY(child<QPushButton>("exploreStart")->isEnabled());
        QVERIFY(!child<QPushButton>("explorePause")->isEnabled());
    }

    void fields_are_what_is_asked_for() {
        choose("exploreAlgorithm", 1);
        QCOMPARE(m_panel->form().setup().algorithm, explore::algorithms()[1].name);
        QCOMPARE(child<QLabel>("exploreNote")->text().toStdString(), explore::algorithms()[1].summary);
        child<QSpinBox>("exploreBudget")->setValue(33);
        child<QLineEdit>("exploreWeights")->setText("2 4");
        child<QAbstractButton>("exploreMore")->click();
        child<QSpinBox>("exploreSeed")->setValue(9);
        child<QAbstractButton>("exploreTie")->click();
        child<QLineEdit>("exploreFrozen")->setText("conv1, fc");
        child<QLineEdit>("exploreWeightFormats")->setText("ternary");
        const ExplorationSetup setup = m_panel->form().setup();
        QCOMPARE(setup.budget, int64_t(33));
        QCOMPARE(setup.seed, uint64_t(9));
        QCOMPARE(setup.space.weight_widths, (std::vector<int>{2, 4}));
        QVERIFY(setup.space.tie_operands);
        QCOMPARE(setup.space.frozen, (std::vector<std::string>{"conv1", "fc"}));
        QCOMPARE(setup.space.weight_formats, (std::vector<std::string>{"ternary"}));
        child<QLineEdit>("exploreWeights")->setText("two");
        QVERIFY(!child<QPushButton>("exploreStart")->isEnabled());
        QVERIFY(child<QLabel>("exploreWhyNot")->text().contains("two"));
        child<QPushButton>("exploreReset")->click();
        QVERIFY(child<QPushButton>("exploreStart")->isEnabled());
        QVERIFY(m_panel->form().setup().space.frozen.empty());
    }

    void limits_come_in_the_units_that_people_use() {
        auto* limits = child<LimitsEditor>("exploreLimits");
        trigger("exploreLimitsAdd_energy");
        auto* value = child<QDoubleSpinBox>("exploreLimits_energy");
        auto* unit = child<QComboBox>("exploreLimits_energyUnit");
        QCOMPARE(unit->currentText(), QString("mJ"));
        value->setValue(1.5);
        QCOMPARE(limits->constraints().front().limit, 1.5e-3);
        unit->setCurrentIndex(unit->findText(QString::fromUtf8("\u00b5J")));
        emit unit->activated(unit->currentIndex());
        QCOMPARE(limits->constraints().front().limit, 1.5e-6);
        trigger("exploreLimitsAdd_drop");
        child<QDoubleSpinBox>("exploreLimits_drop")->setValue(2);
        const auto constraints = m_panel->form().setup().goals.constraints;
        QCOMPARE(constraints.size(), size_t(2));
        QCOMPARE(constraints[1].limit, 0.02);
        // What stands there already is not offered again.
        QVERIFY(!m_panel->findChild<QAction*>("exploreLimitsAdd_drop"));
        child<QToolButton>("exploreLimits_energyRemove")->click();
        QCOMPARE(m_panel->form().setup().goals.constraints.size(), size_t(1));
        child<QDoubleSpinBox>("exploreLimits_drop")->setValue(0);
        QVERIFY(child<QLabel>("exploreWhyNot")->text().contains("drop"));
        // This target is no FPGA.
        QVERIFY(!m_panel->findChild<QAction*>("exploreLimitsAdd_luts"));
    }

    void limits_read_back_in_their_natural_unit() {
        LimitsEditor editor("limits");
        editor.setMetrics({Metric::energy, Metric::size, Metric::throughput});
        editor.setConstraints({{Metric::energy, 2.5e-6}, {Metric::size, 123456}, {Metric::throughput, 30}});
        QCOMPARE(editor.findChild<QDoubleSpinBox*>("limits_energy")->value(), 2.5);
        QCOMPARE(editor.findChild<QDoubleSpinBox*>("limits_size")->value(), 123.456);
        QCOMPARE(editor.findChild<QDoubleSpinBox*>("limits_throughput")->value(), 30.0);
        // Of another target: limits that it has no figures for go.
        editor.setMetrics({Metric::size});
        QCOMPARE(editor.constraints().size(), size_t(1));
    }

    void a_scenario_sets_the_goals() {
        QTRY_VERIFY(m_document->baselineCost());
        choose("exploreScenario", 0);
        const auto goals = explore::scenario_goals(explore::scenarios()[0].name,
                                                   explore::figures_of(*m_document->baselineCost()));
        QVERIFY(goals.has_value());
        const auto set = m_panel->form().setup().goals;
        QCOMPARE(set.objectives, goals->objectives);
        QVERIFY(!set.constraints.empty());
        choose("exploreScenario", -1);
        QVERIFY(m_panel->form().setup().goals == explore::Goals());
    }

    void objectives_are_chosen_from_what_the_target_has() {
        trigger("exploreObjective_latency");
        QTRY_COMPARE(m_panel->form().setup().goals.objectives,
                     (std::vector<Metric>{Metric::drop, Metric::energy, Metric::latency}));
        trigger("exploreObjective_latency");
        trigger("exploreObjective_energy");
        QTRY_VERIFY(!child<QPushButton>("exploreStart")->isEnabled());
    }

    void hardware_is_searched_where_it_is_checked() {
        auto* hardware = child<QTableWidget>("exploreHardware");
        QVERIFY(hardware->rowCount() > 3);
        hardware->item(1, 0)->setCheckState(Qt::Checked);
        hardware->item(1, 1)->setText("3, 5");
        const auto setup = m_panel->form().setup();
        QCOMPARE(setup.space.hardware.size(), size_t(1));
        QCOMPARE(setup.space.hardware[0].key, hardware->item(1, 0)->text().toStdString());
        QCOMPARE(setup.space.hardware[0].values, (std::vector<std::string>{"3", "5"}));
    }

    void what_was_started_comes_up_again() {
        child<QSpinBox>("exploreBudget")->setValue(12);
        child<QPushButton>("exploreStart")->click();
        QTRY_VERIFY(m_exploration->runs().size() == 1 && !m_exploration->activeRun());
        ExploreForm again(*m_document, *m_exploration);
        QCOMPARE(again.setup().budget, int64_t(12));
    }

    void a_search_is_started_watched_and_decided() {
        child<QSpinBox>("exploreBudget")->setValue(20);
        child<QPushButton>("exploreStart")->click();
        QTRY_VERIFY(m_exploration->runs().size() == 1 && !m_exploration->activeRun());
        QVERIFY(child<QWidget>("exploreSpace")->isVisible());
        QVERIFY(child<QLabel>("exploreProgress")->text().contains("20 of 20"));
        QVERIFY2(child<QLabel>("exploreCounts")->text().contains("is above the limit"),
                 qPrintable(child<QLabel>("exploreCounts")->text()));
        auto* front = child<QTableView>("exploreFront");
        const int rows = front->model()->rowCount();
        QVERIFY(rows > 3);
        // Its explanation comes with the selection.
        front->selectRow(1);
        auto* moves = child<QTableView>("exploreMoves");
        QTRY_VERIFY(moves->model()->rowCount() > 0);
        QVERIFY(child<QLabel>("exploreMovesNote")->text().contains("w8a8"));
        child<QPushButton>("exploreUse")->click();
        QCOMPARE(m_document->undoStack()->count(), 1);
        m_document->undoStack()->undo();
        // What if: nothing is run.
        const int done = m_fake->done;
        trigger("exploreWhatIfAdd_energy");
        auto* unit = child<QComboBox>("exploreWhatIf_energyUnit");
        unit->setCurrentIndex(unit->findText(QString::fromUtf8("\u00b5J")));
        child<QDoubleSpinBox>("exploreWhatIf_energy")->setValue(120);
        emit unit->activated(unit->currentIndex());
        QVERIFY(front->model()->rowCount() < rows && front->model()->rowCount() > 0);
        child<QDoubleSpinBox>("exploreWhatIf_energy")->setValue(0.001);
        QCOMPARE(front->model()->rowCount(), 0);
        QVERIFY(child<QLabel>("exploreFrontNote")->text().contains("limits"));
        QCOMPARE(m_fake->done.load(), done);
        // A point of the chart leads to its row.
        auto* space = child<DesignSpaceView>("exploreSpace");
        emit space->designShown(-((m_exploration->runs()[0].id << 32) + 2 + 1));
        QCOMPARE(child<QTableView>("exploreCandidates")->selectionModel()->currentIndex().row(), 2);
        emit space->designChosen(-((m_exploration->runs()[0].id << 32) + 2 + 1));
        QCOMPARE(m_document->undoStack()->index(), 1);
    }

    void pausing_cancelling_and_resuming_are_buttons() {
        m_fake->gate.acquire();
        child<QSpinBox>("exploreBudget")->setValue(20);
        child<QPushButton>("exploreStart")->click();
        auto* pause = child<QPushButton>("explorePause");
        QTRY_VERIFY(pause->isEnabled());
        QCOMPARE(child<QPushButton>("exploreStart")->text(), QString("&Queue"));
        pause->click();
        QVERIFY(pause->text().contains("Res"));
        m_fake->gate.release();
        QTRY_VERIFY(!m_exploration->runs().front().outcomes.empty());
        QVERIFY(child<QLabel>("exploreProgress")->text().contains("paused"));
        QVERIFY(!child<QPushButton>("exploreResume")->isEnabled());
        child<QPushButton>("exploreCancel")->click();
        auto* resume = child<QPushButton>("exploreResume");
        QTRY_VERIFY(resume->isEnabled());
        QVERIFY(!pause->isChecked());
        resume->click();
        QTRY_VERIFY(m_exploration->runs().front().status == ExplorationRun::Status::finished);
        QVERIFY(!resume->isEnabled());
        child<QPushButton>("exploreRemove")->click();
        QVERIFY(m_exploration->runs().empty());
        QVERIFY(child<QWidget>("noExploration")->isVisible());
    }

private:
    template <typename T> T* child(const char* name) {
        T* found = m_panel->findChild<T*>(name);
        if (!found) qFatal("no %s", name);
        return found;
    }
    void choose(const char* name, int value) {
        auto* box = child<QComboBox>(name);
        box->setCurrentIndex(box->findData(value));
        emit box->activated(box->currentIndex());
    }
    void trigger(const char* name) { child<QAction>(name)->trigger(); }

    std::shared_ptr<test::FakeSearch> m_fake;
    std::unique_ptr<Document> m_document;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<Exploration> m_exploration;
    std::unique_ptr<ExplorePanel> m_panel;
};

QTEST_MAIN(TestExplorePanel)
#include "tst_explore_panel.moc"
