// The hardware in the real window: one selection everywhere, built-in networks, targets that cannot be read.
#include "tests/gui/window_fixture.h"

#include "widgets/charts/roofline.h"
#include "widgets/charts/stacked_bars.h"
#include "widgets/dialogs/target_dialog.h"
#include "widgets/panels/target_combo.h"
#include "widgets/precision/layer_view.h"

#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QTabWidget>

using namespace widthwise;
using namespace widthwise::gui;

class TestWindowHardware : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { test::use_own_settings(); }
    void init() {
        QSettings().clear();
        m_window = std::make_unique<MainWindow>();
        m_window->measurements().setAutomatic(false);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
        m_window->open("zoo:lenet5");
        QTRY_VERIFY_WITH_TIMEOUT(m_window->document().hasNetwork(), 30000);
        QTRY_VERIFY(!m_window->document().selection().isEmpty());
        QTRY_VERIFY(!m_window->document().costStale());
    }
    void cleanup() { m_window.reset(); }

    void a_layer_picked_in_a_chart_is_picked_in_the_table() {
        showHardware(0);
        auto* bars = test::child<StackedBarsView>(*m_window, "energyPerLayer");
        const QString layer = bars->bars().bars.at(1).label;
        QTRY_VERIFY(bars->isVisible() && bars->positionOf(layer).x() > 0);
        clickAt(*bars, bars->positionOf(layer));
        auto* table = test::child<LayerView>(*m_window, "layerView");
        QCOMPARE(m_window->document().selection(), QStringList{layer});
        QTest::keyClick(bars, Qt::Key_Left);
        QCOMPARE(m_window->document().selection(), QStringList{bars->bars().bars.front().label});
        QCOMPARE(table->selectedLayers(), m_window->document().selection());
        showHardware(2);
        auto* roofline = test::child<RooflineView>(*m_window, "roofline");
        const QString point = roofline->roofline().points.back().label;
        QTRY_VERIFY(roofline->isVisible() && roofline->positionOf(point).x() > 0);
        clickAt(*roofline, roofline->positionOf(point));
        QCOMPARE(table->selectedLayers(), QStringList{point});
    }

    void a_built_in_network_says_that_it_is_untrained() {
        QVERIFY(m_window->document().whyNotMeasurable().contains("not trained"));
        QVERIFY(test::child<QLabel>(*m_window, "figureEnergyValue")->text().contains("J"));
    }

    void every_preset_shows_figures_for_it() {
        auto* combo = test::child<TargetCombo>(*m_window, "targetCombo");
        showHardware(0);
        for (const std::string& name : cost::preset_names()) {
            combo->choose(QString::fromStdString(name));
            QTRY_VERIFY_WITH_TIMEOUT(!m_window->document().costStale(), 60000);
            const auto& problem = m_window->document().costProblem();
            QVERIFY2(!problem, problem ? problem->to_line().c_str() : "");
            QVERIFY2(test::child<QLabel>(*m_window, "figureEnergyValue")->text().contains("J"), name.c_str());
            QVERIFY2(!test::child<QLabel>(*m_window, "figureAreaValue")->text().contains("nan"),
                     name.c_str());
        }
        QCOMPARE(QSettings().value("target").toString(), QString::fromStdString(cost::preset_names().back()));
    }

    void a_bad_target_file_stands_in_the_banner_until_a_good_one_comes() {
        const auto path = test::scratch_dir() / "bad-target.json";
        test::write_file(path, "{\"format\": \"widthwise-target/1\", \"name\": \"bad\", \"clock\": 3}");
        auto* combo = test::child<TargetCombo>(*m_window, "targetCombo");
        combo->choose(QString::fromStdString(path.string()));
        const QString text = test::child<QLabel>(*m_window, "bannerText")->text();
        QVERIFY2(text.contains("clock") && text.contains("bad-target.json"), qPrintable(text));
        auto* banner = test::child<QWidget>(*m_window, "banner");
        QVERIFY(banner->isVisible());
        combo->choose("eyeriss");
        QVERIFY(!banner->isVisible());
    }

    void a_design_that_does_not_fit_stands_in_the_banner_until_it_does() {
        auto* banner = test::child<QWidget>(*m_window, "banner");
        Document& document = m_window->document();
        HardwareTarget small = *cost::load_target("pynq-z1");
        small.fpga->luts = 500;
        document.setTarget(small);
        QTRY_VERIFY(!document.costStale());
        QVERIFY(document.costProblem());
        QVERIFY(banner->isVisible());
        QVERIFY(test::child<QLabel>(*m_window, "bannerText")->text().contains("LUT"));
        QVERIFY(test::child<QLabel>(*m_window, "figureEnergyChange")->text().contains("cannot"));
        showHardware(0);
        QVERIFY(test::child<QLabel>(*m_window, "hardwareProblem")->isVisible());
        document.setTarget(*cost::load_target("pynq-z1"));
        QTRY_VERIFY(!document.costStale());
        QVERIFY(!banner->isVisible());
        QVERIFY(!test::child<QLabel>(*m_window, "hardwareProblem")->isVisible());
    }

    void targets_are_compared_in_a_dialog_of_which_there_is_one() {
        QAction* compare = test::child<QAction>(*m_window, "actionCompareTargets");
        compare->trigger();
        compare->trigger();
        QCOMPARE(m_window->findChildren<TargetDialog*>().size(), 1);
        // Closing the window with the dialog open, and its work under way, is safe.
        m_window->close();
        m_window.reset();
    }

private:
    void showHardware(int view) {
        test::child<QTabWidget>(*m_window, "lowerTabs")->setCurrentIndex(1);
        test::child<QComboBox>(*m_window, "hardwareView")->setCurrentIndex(view);
    }
    /// Children take mouse events themselves.
    static void clickAt(QWidget& view, const QPoint& at) {
        QWidget* hit = view.childAt(at);
        QVERIFY(hit);
        QTest::mouseClick(hit, Qt::LeftButton, {}, hit->mapFrom(&view, at));
    }
    std::unique_ptr<MainWindow> m_window;
};

QTEST_MAIN(TestWindowHardware)
#include "tst_window_hardware.moc"
