// The hardware charts: what they take from a cost breakdown, and what a click on them chooses.
#include "tests/widgets/tiny_network.h"
#include "widgets/charts/axis_scale.h"
#include "widgets/hardware_values.h"
#include "widgets/number_text.h"
#include "widgets/panels/area_bars.h"
#include "widgets/panels/hardware_panel.h"
#include "widgets/panels/model_options.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>
#include <QToolButton>
#include <QUndoStack>

#include <cmath>

using namespace widthwise;
using namespace widthwise::gui;

namespace {

LayerCost layer(const char* name, int64_t macs, double latency_s, double dram_bytes) {
    LayerCost cost;
    cost.layer = name;
    cost.macs = macs;
    cost.weight_bits = cost.activation_bits = cost.run_weight_bits = cost.run_activation_bits = 8;
    cost.latency_s = latency_s;
    cost.compute_cycles = 60;
    cost.cycles = 100;
    cost.energy.compute_j = 1e-6;
    cost.energy.dram_j = 3e-6;
    cost.dram_bytes = dram_bytes;
    cost.utilization = 0.5;
    cost.bound = Bound::memory;
    cost.limited_by = "DRAM";
    return cost;
}

CostBreakdown two_layers() {
    CostBreakdown cost;
    cost.target = "chip";
    cost.peak_macs_per_s = 2e9;
    cost.dram_peak_bytes_per_s = 1e8;
    cost.area = {{"buffer", 3.0}, {"MAC units", 1.0}};
    cost.area_mm2 = 4;
    cost.layers = {layer("a", 1'000'000, 1e-3, 1000), layer("free", 0, 0, 0), layer("b", 2'000'000, 2e-3, 0)};
    cost.layers[1].energy = {};
    return cost;
}

} // namespace

class TestHardwareCharts : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void bars_are_of_layers_that_cost_and_their_parts_make_the_whole() {
        const CostBreakdown cost = two_layers();
        const StackedBars energy = energy_bars(cost);
        QCOMPARE(energy.bars.size(), size_t(2));
        QCOMPARE(energy.bars[1].label, QString("b"));
        QCOMPARE(energy.bars[0].parts.size(), energy.series.size());
        QCOMPARE(energy.bars[0].total(), cost.layers[0].energy.total_j());
        const StackedBars latency = latency_bars(cost, HardwareTarget());
        QCOMPARE(latency.series.size(), size_t(2));
        QVERIFY2(latency.series[1].name.contains("DRAM"), qPrintable(latency.series[1].name));
        QCOMPARE(latency.bars[0].parts[0], 0.6e-3);
        QCOMPARE(latency.bars[0].total(), 1e-3);
    }

    void a_launch_hides_the_computing_and_memories_keep_their_colours() {
        CostBreakdown cost = two_layers();
        HardwareTarget target;
        target.memory = {{.name = "HBM"}, {.name = "L2"}};
        cost.layers[0].limited_by = "L2";
        cost.layers[1] = layer("launched", 10, 5e-6, 0);
        cost.layers[1].limited_by = "launch";
        cost.layers[1].compute_cycles = cost.layers[1].cycles;
        cost.layers[2].limited_by = "HBM";
        const StackedBars latency = latency_bars(cost, target), energy = energy_bars(cost);
        QCOMPARE(latency.series.size(), size_t(4));
        QCOMPARE(latency.bars[1].parts, (std::vector<double>{0, 0, 5e-6, 0}));
        QCOMPARE(latency.series[0].colour, energy.series[0].colour);
        QCOMPARE(latency.series[1].colour, energy.series[3].colour); // buffer
        QCOMPARE(latency.series[3].colour, energy.series[4].colour); // DRAM
    }

    void points_lie_below_their_roof() {
        HardwareTarget target;
        const Roofline roofline = roofline_of(two_layers(), target);
        QCOMPARE(roofline.points.size(), size_t(2));
        QCOMPARE(*roofline.points[0].intensity, 1000.0);
        QVERIFY(!roofline.points[1].intensity); // nothing crosses to DRAM
        QCOMPARE(roofline.points[0].achieved, 1e9);
        QCOMPARE(roofline.roofs.size(), size_t(1)); // both layers run at the peak's formats
        QCOMPARE(roofline.roofs[0].macs_per_s, 2e9);
        for (const RooflinePoint& point : roofline.points)
            QVERIFY(point.achieved <= roofline.roofs[0].macs_per_s);
    }

    void narrower_formats_with_another_peak_have_a_roof_of_their_own() {
        CostBreakdown cost = two_layers();
        cost.layers[0].run_weight_bits = cost.layers[0].run_activation_bits = 4;
        cost.layers[0].utilization = 0.125;
        const Roofline roofline = roofline_of(cost, HardwareTarget());
        QCOMPARE(roofline.roofs.size(), size_t(2));
        QCOMPARE(roofline.roofs[1].name, QString("w4a4"));
        QCOMPARE(roofline.roofs[1].macs_per_s, 8e9);
    }

    void decades_hold_the_values() {
        const Decades range = decades_of(0.03, 2.5e4);
        QCOMPARE(range.lo, -2);
        QCOMPARE(range.hi, 5);
        const Decades one = decades_of(10, 10);
        QVERIFY(one.hi > one.lo);
        const Decades nonsense = decades_of(0, std::nan(""));
        QVERIFY(nonsense.hi > nonsense.lo);
    }

    void a_click_and_the_arrow_keys_choose_a_bar() {
        StackedBarsView view;
        view.resize(600, 240);
        view.show(energy_bars(two_layers()));
        static_cast<QWidget&>(view).show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QSignalSpy chosen(&view, &StackedBarsView::chosen);
        QTRY_VERIFY(view.positionOf("b").x() > view.positionOf("a").x());
        clickAt(view, view.positionOf("b"));
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen.takeFirst().first().toString(), QString("b"));
        view.setSelected({"b"});
        QTest::keyClick(&view, Qt::Key_Left);
        QCOMPARE(chosen.takeFirst().first().toString(), QString("a"));
    }

    void a_click_and_the_arrow_keys_choose_a_point() {
        RooflineView view;
        view.resize(600, 260);
        view.show(roofline_of(two_layers(), HardwareTarget()));
        static_cast<QWidget&>(view).show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QSignalSpy chosen(&view, &RooflineView::chosen);
        QTRY_VERIFY(view.positionOf("a").x() > 0 && view.positionOf("b").x() > view.positionOf("a").x());
        clickAt(view, view.positionOf("a"));
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen.takeFirst().first().toString(), QString("a"));
        view.setSelected({"a"});
        QTest::keyClick(&view, Qt::Key_Right);
        QCOMPARE(chosen.takeFirst().first().toString(), QString("b"));
    }

    void area_is_by_component_or_a_share_of_the_device() {
        AreaBars bars;
        bars.show(two_layers());
        QCOMPARE(bars.lines().size(), size_t(2));
        QCOMPARE(bars.lines().front().name, QString("buffer"));
        QCOMPARE(bars.lines().front().share, 0.75);
        CostBreakdown fpga = two_layers();
        fpga.area.clear();
        fpga.area_mm2 = std::nan("");
        fpga.resources = FpgaResources{1500, 10, 0, 0};
        fpga.available = FpgaResources{1000, 100, 40, 0};
        bars.show(fpga);
        QCOMPARE(bars.lines().size(), size_t(3)); // no URAM on either side
        QVERIFY(bars.lines()[0].too_much);
        QVERIFY(!bars.lines()[1].too_much);
        fpga.resources.reset();
        bars.show(fpga);
        QVERIFY(bars.lines().empty());
    }

    void the_panel_follows_the_selection_and_sets_it() {
        Document document;
        ZeroCounts zeros(document, {});
        HardwarePanel panel(document, zeros);
        panel.resize(1000, 300);
        panel.show();
        QVERIFY(QTest::qWaitForWindowExposed(&panel));
        test::open_tiny(document);
        QTRY_VERIFY(!document.costStale());
        auto* energy = panel.findChild<StackedBarsView*>("energyPerLayer");
        QVERIFY(energy->isVisible());
        QTRY_VERIFY(energy->positionOf("conv2").x() > 0);
        clickAt(*energy, energy->positionOf("conv2"));
        QCOMPARE(document.selection(), QStringList{"conv2"});
        QVERIFY(panel.findChild<QLabel*>("mappingTitle")->text().contains("conv2"));
        panel.showView(HardwarePanel::RooflineChart);
        auto* roofline = panel.findChild<RooflineView*>("roofline");
        QVERIFY(roofline->isVisible());
        QTRY_VERIFY(roofline->positionOf("fc").x() > 0);
        clickAt(*roofline, roofline->positionOf("fc"));
        QCOMPARE(document.selection(), QStringList{"fc"});
    }

    void a_layer_with_loops_shows_them_and_one_without_says_so() {
        Document document;
        ZeroCounts zeros(document, {});
        HardwarePanel panel(document, zeros);
        test::open_tiny(document);
        document.setTarget(*cost::load_target("eyeriss"));
        QTRY_VERIFY(!document.costStale());
        QVERIFY2(document.cost(), document.costProblem() ? document.costProblem()->to_line().c_str() : "");
        document.setSelection({"conv2"});
        auto* loops = panel.findChild<QPlainTextEdit*>("loopNest");
        const bool mapped = document.cost()->layers[2].nest != nullptr;
        QCOMPARE(!loops->toPlainText().isEmpty(), mapped);
        QVERIFY(loops->isReadOnly());
        document.setSelection({"relu1"});
        QVERIFY(!panel.findChild<QLabel*>("mappingNothing")->text().isEmpty());
        QVERIFY(panel.findChild<QToolButton*>("mappingCopy")->isHidden());
    }

    void options_are_set_by_a_click_and_tell_what_they_give() {
        Document document;
        ZeroCounts zeros(document, {});
        ModelOptions options(document, zeros);
        test::open_tiny(document);
        HardwareTarget tpu = *cost::load_target("tpu-v1");
        tpu.keeps_feature_maps = false;
        document.setTarget(tpu);
        QTRY_VERIFY(!document.costStale());
        QSignalSpy gains(&options, &ModelOptions::gainsShown);
        options.show();
        QVERIFY(QTest::qWaitForWindowExposed(&options));
        QTRY_VERIFY_WITH_TIMEOUT(gains.count() > 0, 20000);
        auto* keep = options.findChild<QCheckBox*>("optionKeep");
        auto* off_chip = options.findChild<QLabel*>("optionKeepGain3");
        QVERIFY(!keep->isChecked());
        QVERIFY2(off_chip->text().contains('%'), qPrintable(off_chip->text()));
        const QString promised = off_chip->text();
        const double before = document.cost()->dram_bytes;
        keep->click();
        QTRY_VERIFY(!document.costStale());
        QCOMPARE(document.modelOptions().keep_feature_maps, std::optional(true));
        const double saved = (document.cost()->dram_bytes - before) / before;
        QVERIFY2(promised.startsWith(signed_number(saved * 100, 1)), qPrintable(promised));
        document.undoStack()->undo();
        QVERIFY(!keep->isChecked());
        // What mappings are chosen for belongs to the target, and is a command too.
        auto* objective = options.findChild<QComboBox*>("objective");
        objective->setCurrentIndex(1);
        emit objective->activated(1);
        QCOMPARE(document.target().objective, Objective::energy);
        document.undoStack()->undo();
        QCOMPARE(document.target().objective, tpu.objective);
    }

private:
    /// Children take mouse events themselves.
    static void clickAt(QWidget& view, const QPoint& at) {
        QWidget* child = view.childAt(at);
        QVERIFY(child);
        QTest::mouseClick(child, Qt::LeftButton, {}, child->mapFrom(&view, at));
    }
};

QTEST_MAIN(TestHardwareCharts)
#include "tst_hardware_charts.moc"
