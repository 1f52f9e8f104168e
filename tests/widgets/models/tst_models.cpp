#include "tests/widgets/tiny_network.h"
#include "widgets/models/design_table_model.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/number_text.h"
#include "widgets/precision/layer_filter.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::gui;

class TestModels : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void layers_keep_the_models_contract() {
        Document document;
        Project project(document);
        Measurements measurements(document, project);
        Diagnostics diagnostics(document, measurements);
        WeightAnalysis analysis(document);
        LayerTableModel model(document, analysis, diagnostics);
        LayerFilter filter;
        filter.setSourceModel(&model);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const QAbstractItemModelTester filter_tester(&filter,
                                                     QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(model.rowCount(), 0);
        test::open_tiny(document);
        QCOMPARE(model.rowCount(), 7);
        QCOMPARE(filter.rowCount(), 4); // conv1, conv2, pool, fc
        filter.setAllNodes(true);
        QCOMPARE(filter.rowCount(), 7);
        filter.setText("conv");
        QCOMPARE(filter.rowCount(), 2);
        document.setBits({"conv1"}, LayerOperand::weights, 3);
        test::open_tiny(document);
        QCOMPARE(model.rowCount(), 7);
    }

    void cells_say_what_the_network_is() {
        Document document;
        Project project(document);
        Measurements measurements(document, project);
        Diagnostics diagnostics(document, measurements);
        WeightAnalysis analysis(document);
        LayerTableModel model(document, analysis, diagnostics);
        test::open_tiny(document);
        const auto text = [&](int row, int column) { return model.index(row, column).data().toString(); };
        QCOMPARE(text(0, LayerTableModel::Name), QString("conv1"));
        QCOMPARE(text(0, LayerTableModel::Kind), QString("Conv"));
        QCOMPARE(text(0, LayerTableModel::Parameters), QString("216"));
        QCOMPARE(model.index(0, LayerTableModel::Macs).data(Qt::EditRole).toLongLong(),
                 3LL * 9 * 8 * 16 * 16);
        QCOMPARE(text(0, LayerTableModel::WeightBits), QString("8"));
        QCOMPARE(text(1, LayerTableModel::WeightBits), k_dash); // relu
        QVERIFY(!(model.index(1, LayerTableModel::WeightBits).flags() & Qt::ItemIsEditable));
        QVERIFY(model.index(0, LayerTableModel::WeightBits).flags() & Qt::ItemIsEditable);
        document.setBits({"conv1"}, LayerOperand::activations, k_float_bits);
        QCOMPARE(text(0, LayerTableModel::ActivationBits), QString("float"));
        FormatChange ternary;
        ternary.type = FormatType::ternary;
        document.applyPlan(
            with_format(document.plan(), document.graph(), {"conv1"}, LayerOperand::weights, ternary),
            "ternary");
        QCOMPARE(text(0, LayerTableModel::WeightBits), QString("tern"));
        QCOMPARE(model.index(0, LayerTableModel::WeightBits).data(Qt::EditRole).toInt(), 2);
        QVERIFY(
            model.index(0, LayerTableModel::WeightBits).data(Qt::ToolTipRole).toString().contains("levels"));
        QCOMPARE(model.rowOf("fc"), 6);
        QCOMPARE(model.rowOf("nobody"), -1);
        for (const int column : {int(LayerTableModel::Parameters), int(LayerTableModel::Energy),
                                 int(LayerTableModel::WeightBits)})
            QVERIFY(model.index(0, column).data(Qt::TextAlignmentRole).toInt() & Qt::AlignRight);
    }

    void sqnr_arrives_and_grows_by_six_decibels_a_bit() {
        Document document;
        Project project(document);
        Measurements measurements(document, project);
        Diagnostics diagnostics(document, measurements);
        WeightAnalysis analysis(document);
        LayerTableModel model(document, analysis, diagnostics);
        test::open_tiny(document);
        const QModelIndex cell = model.index(2, LayerTableModel::Sqnr);
        QTRY_VERIFY(cell.data(Qt::EditRole).isValid());
        const double at_8 = cell.data(Qt::EditRole).toDouble();
        document.setBits({"conv2"}, LayerOperand::weights, 4);
        QTRY_VERIFY(cell.data(Qt::EditRole).isValid());
        const double at_4 = cell.data(Qt::EditRole).toDouble();
        QVERIFY2(std::abs((at_8 - at_4) / 4 - 6.02) < 1.0, qPrintable(QString("%1 %2").arg(at_8).arg(at_4)));
        document.setBits({"conv2"}, LayerOperand::weights, k_float_bits);
        QCOMPARE(cell.data().toString(), k_dash);
    }

    void designs_keep_the_models_contract() {
        Document document;
        DesignTableModel model(document);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        test::open_tiny(document);
        Design design;
        design.id = 5;
        design.label = "w8a8";
        design.evaluation.plan = document.plan();
        design.evaluation.accuracy.top1 = 0.9148;
        design.evaluation.accuracy.delta_top1 = -0.002;
        document.addDesign(design);
        QCOMPARE(model.rowCount(), 1);
        QCOMPARE(model.index(0, DesignTableModel::Top1).data().toString(), QString("91.48"));
        QCOMPARE(model.index(0, DesignTableModel::Delta).data().toString(), QString::fromUtf8("\u22120.20"));
        QCOMPARE(model.index(0, DesignTableModel::Number).data(DesignTableModel::IdRole).toLongLong(), 5);
        QVERIFY(model.index(0, 0).data(DesignTableModel::CurrentRole).toBool());
        document.setBits({"fc"}, LayerOperand::weights, 2);
        QVERIFY(!model.index(0, 0).data(DesignTableModel::CurrentRole).toBool());
        test::open_tiny(document);
        QCOMPARE(model.rowCount(), 0);
    }

    void an_area_that_does_not_apply_is_a_dash_behind_all_others() {
        Document document;
        DesignTableModel model(document);
        test::open_tiny(document);
        // Only a GPU or an FPGA lacks it; here it is taken away.
        HardwareTarget gpu = *cost::load_target("v100");
        gpu.area_mm2.reset();
        document.setTarget(gpu);
        Design design;
        design.id = 1;
        design.evaluation.plan = document.plan();
        document.addDesign(design);
        QTRY_VERIFY(!document.costStale());
        QVERIFY(std::isnan(document.designs().front().cost.area_mm2));
        const QModelIndex cell = model.index(0, DesignTableModel::Area);
        QCOMPARE(cell.data().toString(), k_dash);
        QVERIFY(std::isinf(cell.data(DesignTableModel::SortRole).toDouble()));
        QVERIFY(model.index(0, DesignTableModel::Energy).data().toString() != k_dash);
    }

    void a_format_that_the_target_does_not_run_is_marked() {
        Document document;
        Project project(document);
        Measurements measurements(document, project);
        Diagnostics diagnostics(document, measurements);
        WeightAnalysis analysis(document);
        LayerTableModel model(document, analysis, diagnostics);
        test::open_tiny(document);
        HardwareTarget picky = *cost::load_target("tpu-v1");
        picky.supports.pairs = {{{"integer", 8}, {"integer", 8}}};
        document.setTarget(picky);
        document.setBits({"conv2"}, LayerOperand::weights, 4);
        QTRY_VERIFY(!document.costStale());
        const QModelIndex weights = model.index(2, LayerTableModel::WeightBits);
        QVERIFY(weights.data(LayerTableModel::FallbackRole).toBool());
        QVERIFY2(weights.data(Qt::ToolTipRole).toString().contains("w8a8"),
                 qPrintable(weights.data(Qt::ToolTipRole).toString()));
        QVERIFY(
            !model.index(2, LayerTableModel::ActivationBits).data(LayerTableModel::FallbackRole).toBool());
        QVERIFY(!model.index(6, LayerTableModel::WeightBits).data(LayerTableModel::FallbackRole).toBool());
    }

    void numbers_read_well_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("expected");
        const auto plain = [](QString text) { return text.replace(QChar(0xa0), ' '); };
        QTest::newRow("milli") << plain(engineering(0.00184, "J")) << "1.84 mJ";
        QTest::newRow("rounds up to the next prefix") << plain(engineering(0.0009996, "J")) << "1.00 mJ";
        QTest::newRow("micro") << plain(engineering(12.34e-6, "s")) << QString::fromUtf8("12.3 \u00b5s");
        QTest::newRow("zero") << plain(engineering(0, "J")) << "0.00 J";
        QTest::newRow("bytes") << plain(bytes_text(148200)) << "148 kB";
        QTest::newRow("few bytes") << plain(bytes_text(12)) << "12 B";
        QTest::newRow("count") << plain(count_text(41000000)) << "41.0 M";
        QTest::newRow("percent") << plain(percent(0.9151)) << "91.5 %";
        QTest::newRow("less") << plain(relative_change(0.59, 1)) << QString::fromUtf8("\u25bc 41 %");
        QTest::newRow("much more") << plain(relative_change(3.1, 1))
                                   << QString::fromUtf8("\u25b2 3.10 \u00d7");
        QTest::newRow("same") << relative_change(2, 2) << "=";
        QTest::newRow("minus") << signed_number(-1.26, 1) << QString::fromUtf8("\u22121.3");
        QTest::newRow("minus zero") << signed_number(-0.0001, 2) << "0.00";
        QTest::newRow("minutes") << plain(duration(125)) << "2 min 5 s";
    }
    void numbers_read_well() {
        QFETCH(QString, text);
        QFETCH(QString, expected);
        QCOMPARE(text, expected);
    }
};

QTEST_MAIN(TestModels)
#include "tst_models.moc"
