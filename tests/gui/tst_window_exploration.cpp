// Searching in the real window, for real: the demo network, few designs, few images.
#include "tests/gui/window_fixture.h"
#include "widgets/charts/design_space_view.h"
#include "widgets/models/exploration_runs_model.h"
#include "widgets/panels/explore_form.h"
#include "widgets/panels/explore_panel.h"

#include <QAbstractButton>
#include <QAbstractScrollArea>
#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTabWidget>
#include <QUndoStack>

using namespace widthwise;
using namespace widthwise::gui;
using Status = ExplorationRun::Status;

class TestWindowExploration : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { test::use_own_settings(); }

    void init() {
        QSettings().clear();
        open(QStringLiteral("demo"));
    }
    void cleanup() { m_window.reset(); }

    void a_search_grows_a_front_whose_designs_are_applied() {
        setUp(24);
        child<QPushButton>("exploreStart")->click();
        QVERIFY(child<QWidget>("exploreSpace")->isVisible());
        QTRY_VERIFY_WITH_TIMEOUT(run().front.size() > 1, 120000);
        QTRY_VERIFY_WITH_TIMEOUT(run().status == Status::finished, 240000);
        QVERIFY2(run().problem.isEmpty(), qPrintable(run().problem));
        QVERIFY(run().evaluations() >= 20);
        QVERIFY(!run().report.empty());
        // The front is measured again: its designs are ordinary ones of the document.
        QTRY_VERIFY(document().designs().size() >= run().report.size());
        QTRY_VERIFY(child<QLabel>("bannerText")->text().contains("on the front"));

        // In the design space, a double click takes a dot's bits over; undo returns.
        child<QTabWidget>("lowerTabs")->setCurrentIndex(0);
        auto* space = child<DesignSpaceView>("designSpace");
        const flow::FrontDesign& design = run().report.front();
        QTRY_VERIFY(space->positionOf(design.design_id) != QPoint(-1, -1));
        QApplication::processEvents();
        const PrecisionPlan before = document().plan();
        auto* viewport = space->findChild<QAbstractScrollArea*>("designSpaceChart")->viewport();
        const QPoint at = viewport->mapFrom(space, space->positionOf(design.design_id));
        QTest::mouseClick(viewport, Qt::LeftButton, {}, at);
        QCOMPARE(document().plan(), before);
        QTest::mouseDClick(viewport, Qt::LeftButton, {}, at);
        QVERIFY(document().plan() != before);
        QVERIFY(document().currentDesign());
        child<QAction>("actionUndo")->trigger();
        QCOMPARE(document().plan(), before);
        // What was not measured has an estimate now.
        document().setBits({document().selection().first()}, LayerOperand::weights, 5);
        QVERIFY(!document().currentDesign());
        QTRY_VERIFY_WITH_TIMEOUT(child<QLabel>("figureAccuracyValue")->text().contains(QChar(0x2248)), 20000);
    }

    void a_broken_off_search_goes_on_in_the_next_window() {
        const QString path = QString::fromStdString((test::scratch_dir() / "searched.widthwise").string());
        m_window->project().saveAs(path);
        QTRY_COMPARE(m_window->project().path(), path);
        setUp(40);
        child<QPushButton>("exploreStart")->click();
        QTRY_VERIFY_WITH_TIMEOUT(run().outcomes.size() >= 3, 120000);
        m_window->exploration().setPaused(true);
        QTRY_VERIFY(run().status == Status::paused);
        const size_t known = run().outcomes.size();
        m_window->close();
        m_window.reset();
        open(path);
        QTRY_VERIFY(child<QLabel>("bannerText")->text().contains("broken off"));
        QVERIFY(run().status == Status::interrupted);
        QTRY_VERIFY(run().outcomes.size() >= known);
        child<QPushButton>("bannerRemedy")->click();
        QTRY_VERIFY_WITH_TIMEOUT(run().outcomes.size() > known, 120000);
        // Cancelled it can be resumed as well, from its menu.
        child<QAction>("actionExploreCancel")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(run().status == Status::cancelled, 60000);
        const size_t more = run().outcomes.size();
        child<QAction>("actionExploreResume")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(run().status == Status::finished, 240000);
        QVERIFY(run().outcomes.size() >= more);
        QVERIFY(run().evaluations() >= 36);
    }

    void limits_that_nothing_keeps_stand_in_the_banner() {
        setUp(5);
        child<QAction>("exploreLimitsAdd_energy")->trigger();
        child<QDoubleSpinBox>("exploreLimits_energy")->setValue(0.001);
        auto* unit = child<QComboBox>("exploreLimits_energyUnit");
        unit->setCurrentIndex(0); // nJ
        emit unit->activated(0);
        child<QPushButton>("exploreStart")->click();
        QTRY_VERIFY_WITH_TIMEOUT(run().status == Status::failed, 60000);
        auto* banner = child<QLabel>("bannerText");
        QTRY_VERIFY2(banner->isVisible() && banner->text().contains("energy"), qPrintable(banner->text()));
    }

private:
    template <typename T> T* child(const char* name) { return test::child<T>(*m_window, name); }
    Document& document() { return m_window->document(); }
    const ExplorationRun& run() { return m_window->exploration().runs().front(); }

    void open(const QString& what) {
        m_window = std::make_unique<MainWindow>();
        m_window->measurements().setAutomatic(false);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
        m_window->open(what);
        QTRY_VERIFY_WITH_TIMEOUT(document().hasNetwork(), 30000);
        QTRY_VERIFY(!document().selection().isEmpty());
    }
    void setUp(int budget) {
        child<QAction>("actionExplore")->trigger();
        QVERIFY(child<ExplorePanel>("explorePanel")->isVisible());
        child<QSpinBox>("exploreBudget")->setValue(budget);
        child<QSpinBox>("exploreLimit")->setValue(256);
        QCOMPARE(child<QLineEdit>("exploreData")->text(), QString("demo:train"));
    }

    std::unique_ptr<MainWindow> m_window;
};

QTEST_MAIN(TestWindowExploration)
#include "tst_window_exploration.moc"
