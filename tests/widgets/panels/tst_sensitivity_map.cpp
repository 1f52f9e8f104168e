// The heat map: what it shows, where clicks and keys lead, and that applying a width can be undone.

#include "tests/widgets/tiny_network.h"
#include "widgets/charts/heat_map.h"
#include "widgets/panels/sensitivity_panel.h"
#include "widgets/precision/equalizer.h"

#include <QAccessible>
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>
#include <QUndoStack>

using namespace widthwise;
using namespace widthwise::gui;

namespace {

SensitivityEntry entry(int bits, double top1, double loss, double kl, double sqnr,
                       std::optional<double> hessian) {
    return {bits, 64, top1, {top1 - 0.91, top1 - 0.89}, sqnr, kl, loss, hessian};
}

/// Of the tiny network: "conv1" suffers at 2 bits, "fc" does not; the pool has activations only.
Sensitivity example() {
    Sensitivity all;
    all.baseline_top1 = 0.9;
    all.baseline_loss_nat = 0.3;
    all.samples = 64;
    all.evaluations = 10;
    for (const char* name : {"conv1", "conv2", "pool", "fc"}) {
        LayerSensitivity& layer = all.layers.emplace_back();
        layer.layer = name;
        const bool bad = layer.layer == "conv1";
        if (layer.layer != "pool")
            layer.weights = {
                entry(2, bad ? 0.2 : 0.85, bad ? 2.3 : 0.4, bad ? 1.5 : 0.05, 5, bad ? 3.0 : 0.01),
                entry(8, 0.9, 0.3, 1e-6, 40, 1e-5)};
        layer.activations = {entry(2, 0.6, 1.0, 0.5, 3, std::nullopt),
                             entry(8, 0.9, 0.3, 1e-6, INFINITY, std::nullopt)};
    }
    return all;
}

double luminance(const QColor& colour) {
    return 0.2126 * colour.redF() + 0.7152 * colour.greenF() + 0.0722 * colour.blueF();
}

} // namespace

class TestSensitivityMap : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void cells_carry_value_unit_and_heat() {
        const flow::Model model = test::tiny_model();
        const SensitivityMap map =
            sensitivity_map(example(), SensitivityMetric::accuracy, *model.graph, uniform_plan(8, 2));
        QCOMPARE(map.content.rows, QStringList({"conv1", "conv2", "pool", "fc"}));
        QCOMPARE(map.columns.size(), size_t(4));
        QVERIFY(map.columns[0].operand == LayerOperand::weights && map.columns[0].bits == 2);
        QVERIFY(map.columns[3].operand == LayerOperand::activations && map.columns[3].bits == 8);
        const auto& conv1 = map.content.cells[0];
        QCOMPARE(conv1[0].text, QStringLiteral("70.0"));
        QVERIFY2(conv1[0].tip.contains("conv1") && conv1[0].tip.contains("points"), qPrintable(conv1[0].tip));
        QCOMPARE(conv1[0].heat, std::optional(1.0)); // the worst of all
        QCOMPARE(conv1[1].text, QStringLiteral("0"));
        QCOMPARE(conv1[1].heat, std::optional(0.0));
        QVERIFY(!conv1[0].current && conv1[1].current && conv1[2].current && !conv1[3].current);
        QVERIFY(!map.content.cells[2][0].heat); // a pool has no weights
        QVERIFY(map.content.legend.contains("points"));
        QVERIFY(*map.content.cells[3][0].heat > 0.2 && *map.content.cells[3][0].heat < 0.9);
    }

    void every_metric_runs_from_harmless_to_worst() {
        const flow::Model model = test::tiny_model();
        for (const SensitivityMetric metric :
             {SensitivityMetric::accuracy, SensitivityMetric::loss, SensitivityMetric::kl,
              SensitivityMetric::sqnr, SensitivityMetric::hessian}) {
            QVERIFY(has_metric(example(), metric));
            const SensitivityMap map = sensitivity_map(example(), metric, *model.graph, uniform_plan(8, 8));
            const auto& conv1 = map.content.cells[0];
            QVERIFY(*conv1[0].heat > *conv1[1].heat + 0.3);
            for (const auto& row : map.content.cells)
                for (const HeatCell& cell : row) QVERIFY(!cell.heat || (*cell.heat >= 0 && *cell.heat <= 1));
            QVERIFY(map.content.ticks.size() >= 3);
            // Second-order estimates are of weights only.
            QCOMPARE(map.content.groups.size(), metric == SensitivityMetric::hessian ? size_t(1) : size_t(2));
        }
        Sensitivity plain = example(); // no labels, no traces
        plain.baseline_loss_nat.reset();
        for (LayerSensitivity& layer : plain.layers)
            for (auto* entries : {&layer.weights, &layer.activations})
                for (SensitivityEntry& e : *entries) e.loss_nat = e.hessian_nat = std::nullopt;
        QVERIFY(!has_metric(plain, SensitivityMetric::accuracy));
        QVERIFY(!has_metric(plain, SensitivityMetric::loss));
        QVERIFY(!has_metric(plain, SensitivityMetric::hessian));
        QVERIFY(has_metric(plain, SensitivityMetric::sqnr));
    }

    void colours_read_without_colour_in_light_and_dark() {
        for (const bool dark : {false, true}) {
            QPalette palette;
            palette.setColor(QPalette::Base, dark ? QColor(30, 30, 30) : QColor(255, 255, 255));
            palette.setColor(QPalette::Window, palette.color(QPalette::Base));
            palette.setColor(QPalette::WindowText, dark ? Qt::white : Qt::black);
            palette.setColor(QPalette::Text, dark ? Qt::white : Qt::black);
            double before = luminance(HeatMap::colourOf(0, palette));
            for (int step = 1; step <= 20; ++step) {
                const double here = luminance(HeatMap::colourOf(step / 20.0, palette));
                QVERIFY(dark ? here > before : here < before);
                before = here;
            }
            QCOMPARE(HeatMap::colourOf(-1, palette), HeatMap::colourOf(0, palette));
            QCOMPARE(HeatMap::colourOf(7, palette), HeatMap::colourOf(1, palette));
        }
    }

    void clicks_and_keys() {
        const flow::Model model = test::tiny_model();
        HeatMap map;
        map.resize(600, 400);
        map.setContent(
            sensitivity_map(example(), SensitivityMetric::kl, *model.graph, uniform_plan(8, 8)).content);
        map.show();
        QVERIFY(QTest::qWaitForWindowExposed(&map));
        QSignalSpy chosen(&map, &HeatMap::chosen), applied(&map, &HeatMap::applied);
        QTest::mouseClick(map.viewport(), Qt::LeftButton, {}, map.positionOf(3, 2));
        QCOMPARE(chosen.takeFirst(), QVariantList({3, 2}));
        QCOMPARE(map.cursor(), QPoint(2, 3));
        QVERIFY(applied.isEmpty());
        QTest::keyClick(&map, Qt::Key_Up);
        QTest::keyClick(&map, Qt::Key_Left);
        QCOMPARE(map.cursor(), QPoint(1, 2));
        QVERIFY(map.accessibleDescription().contains("pool"));
        for (int i = 0; i < 9; ++i) QTest::keyClick(&map, Qt::Key_Left);
        QCOMPARE(map.cursor(), QPoint(0, 2));
        QTest::keyClick(&map, Qt::Key_Home);
        QTest::keyClick(&map, Qt::Key_Return);
        QCOMPARE(applied.takeFirst(), QVariantList({0, 0}));
        QTest::mouseDClick(map.viewport(), Qt::LeftButton, {}, map.positionOf(1, 3));
        QCOMPARE(applied.takeFirst(), QVariantList({1, 3}));
        chosen.clear();
        QTest::mouseClick(map.viewport(), Qt::LeftButton, {}, QPoint(2, 2)); // the head
        QVERIFY(chosen.isEmpty());
    }

    void bars_glow_where_widths_do_harm() {
        Document document;
        Equalizer equalizer(document);
        test::open_tiny(document);
        equalizer.resize(600, 200);
        const auto glowing = [&] {
            const QImage image = equalizer.grab().toImage();
            const QRgb hot = HeatMap::colourOf(1, equalizer.palette()).rgb();
            int count = 0;
            for (int y = 0; y < image.height(); ++y)
                for (int x = 0; x < image.width(); ++x) count += image.pixel(x, y) == hot;
            return count;
        };
        QCOMPARE(glowing(), 0);
        equalizer.setHeat({{{"conv1", LayerOperand::weights}, {{2, 1.0}, {8, 0.0}}}});
        const int one = glowing();
        QVERIFY2(one > 20, qPrintable(QString::number(one)));
        equalizer.setHeat({{{"conv1", LayerOperand::weights}, {{2, 1.0}, {4, 1.0}, {8, 0.0}}}});
        QVERIFY(std::abs(glowing() - 2 * one) <= one / 4); // twice as high
        equalizer.setHeat({});
        QCOMPARE(glowing(), 0);
        const flow::Model model = test::tiny_model();
        const LayerHeat heat = layer_heat(
            sensitivity_map(example(), SensitivityMetric::accuracy, *model.graph, uniform_plan(8, 8)));
        QCOMPARE(heat.size(), size_t(7)); // a pool has no weights
        QCOMPARE(heat.at({"conv1", LayerOperand::weights}).at(2), 1.0);
    }

    void long_networks_scroll() {
        HeatMapContent content;
        content.groups = {{"W", {"2"}}};
        for (int i = 0; i < 200; ++i) {
            content.rows << QStringLiteral("layer %1").arg(i);
            content.cells.push_back({{0.5, "x", "tip", false}});
        }
        HeatMap map;
        map.resize(300, 300);
        map.setContent(content);
        map.show();
        QVERIFY(QTest::qWaitForWindowExposed(&map));
        QVERIFY(map.verticalScrollBar()->maximum() > 1000);
        map.setSelected({"layer 150"});
        const QPoint place = map.positionOf(150, 0);
        QVERIFY(map.viewport()->rect().contains(place));
        QSignalSpy chosen(&map, &HeatMap::chosen);
        QTest::mouseClick(map.viewport(), Qt::LeftButton, {}, place);
        QCOMPARE(chosen.takeFirst(), QVariantList({150, 0}));
        map.setContent({}); // nothing left: no crash
        QTest::keyClick(&map, Qt::Key_Down);
        map.grab();
    }

    void measured_stored_applied_and_undone() {
        Document document;
        Project project(document);
        SensitivityStudy study(document, project);
        SensitivityPanel panel(document, study);
        QSignalSpy heated(&panel, &SensitivityPanel::heatChanged);
        QVERIFY(panel.findChild<QLabel*>("sensitivityHint")->text().contains("network"));
        QVERIFY(!panel.findChild<QPushButton*>("sensitivityMeasure")->isEnabled());
        project.openNetwork("zoo:demo"); // for its project file: a faster network takes its place
        QTRY_VERIFY_WITH_TIMEOUT(document.hasNetwork(), 20000);
        test::open_tiny(document);
        QSignalSpy failed(&study, &SensitivityStudy::failed);
        study.measure();
        QCOMPARE(failed.takeFirst()[0].value<Problem>().remedy, Problem::Remedy::open_data);
        document.setData(test::tiny_data(), nullptr);
        QVERIFY(panel.findChild<QPushButton*>("sensitivityMeasure")->isEnabled());
        panel.findChild<QPushButton*>("sensitivityMeasure")->click();
        QVERIFY(study.running());
        QTRY_VERIFY_WITH_TIMEOUT(study.shown() && !study.running(), 30000);
        QVERIFY(failed.isEmpty());
        QVERIFY(!study.stale());
        QVERIFY(!heated.isEmpty() && !heated.last()[0].value<LayerHeat>().empty());
        QCOMPARE(study.shown()->layers.size(), size_t(4));
        QVERIFY(study.shown()->layers[0].weight_trace);
        const auto rows =
            project.store()->exclusively([](ProjectFile& file) { return file.sensitivities(); });
        QCOMPARE(rows->size(), size_t(1));

        // A click selects, a double click applies: one command.
        panel.map().resize(600, 300);
        emit panel.map().chosen(1, 0);
        QCOMPARE(document.selection(), QStringList({"conv2"}));
        emit panel.map().applied(1, 0);
        QCOMPARE(bits_of(document.plan(), "conv2", LayerOperand::weights), 2);
        QCOMPARE(document.undoStack()->count(), 1);
        QVERIFY(panel.map().content().cells[1][0].current);
        document.undoStack()->undo();
        QCOMPARE(bits_of(document.plan(), "conv2", LayerOperand::weights), 8);
        QVERIFY(!panel.map().content().cells[1][0].current);

        // Other data: what was measured is stale; back again it is not.
        const DatasetPtr data = document.data();
        document.setData(test::tiny_data(65), nullptr);
        QVERIFY(study.shown() && study.stale());
        QVERIFY(heated.last()[0].value<LayerHeat>().empty());
        QVERIFY(panel.map().content().stale);
        document.setData(data, nullptr);
        QVERIFY(study.shown() && !study.stale());

        // Another study, as after opening the project again, finds it in the file.
        SensitivityStudy again(document, project);
        QVERIFY(again.shown() && !again.stale());
        QCOMPARE(again.shown()->layers[0].weights[0].top1, study.shown()->layers[0].weights[0].top1);
    }

    void cancelling_leaves_nothing_behind() {
        Document document;
        Project project(document);
        SensitivityStudy study(document, project);
        project.openNetwork("zoo:demo");
        QTRY_VERIFY_WITH_TIMEOUT(document.hasNetwork(), 20000);
        test::open_tiny(document, test::tiny_data(2000));
        QSignalSpy failed(&study, &SensitivityStudy::failed);
        study.measure();
        study.cancel();
        QTRY_VERIFY_WITH_TIMEOUT(!study.running(), 20000);
        QVERIFY(!study.shown());
        QVERIFY(failed.isEmpty());
        study.measure(); // and closing while it runs is safe
    }
};

QTEST_MAIN(TestSensitivityMap)
#include "tst_sensitivity_map.moc"
