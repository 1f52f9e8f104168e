#include "tests/gui/window_fixture.h"

#include "core/onnx/export.h"
#include "tests/widgets/tiny_network.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/precision/equalizer.h"

#include <QComboBox>
#include <QFileInfo>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>
#include <QSpinBox>
#include <QTabWidget>
#include <QUndoStack>

using namespace widthwise;
using namespace widthwise::gui;

class TestWindow : public QObject {
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
        m_window = std::make_unique<MainWindow>();
        m_window->measurements().setAutomatic(false);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    }
    void cleanup() { m_window.reset(); }

    void an_empty_window_teaches() {
        QVERIFY(test::child<QWidget>(*m_window, "noNetwork")->isVisible());
        QVERIFY(!test::child<QWidget>(*m_window, "figures")->isVisible());
    }

    void opening_a_network_fills_the_table_and_the_figures() {
        openTiny("demo");
        auto* view = test::child<QTableView>(*m_window, "layerView");
        QCOMPARE(view->model()->rowCount(), 4);
        QVERIFY(m_window->windowTitle().startsWith("tiny"));
        QVERIFY(test::child<QLabel>(*m_window, "figureEnergyValue")->text().contains("J"));
        QVERIFY(test::child<QLabel>(*m_window, "figureEnergyValue")->font().italic());
        QCOMPARE(m_window->document().selection(), QStringList{"conv1"});
    }

    void typing_a_number_sets_every_selected_row_as_one_command() {
        openTiny();
        test::select(*m_window, {"conv1", "conv2"});
        auto* view = test::child<QTableView>(*m_window, "layerView");
        view->setFocus();
        QTest::keyClick(view, Qt::Key_4);
        QCOMPARE(bits_of(m_window->document().plan(), "conv1", LayerOperand::weights), 4);
        QCOMPARE(bits_of(m_window->document().plan(), "conv2", LayerOperand::weights), 4);
        QCOMPARE(bits_of(m_window->document().plan(), "conv1", LayerOperand::activations), 8);
        QCOMPARE(m_window->document().undoStack()->count(), 1);
        QVERIFY(m_window->isWindowModified());
        QTest::keyClick(view, Qt::Key_F);
        QCOMPARE(bits_of(m_window->document().plan(), "conv2", LayerOperand::weights), k_float_bits);
        QTest::keyClick(view, Qt::Key_Minus);
        QTest::keyClick(view, Qt::Key_Minus);
        QCOMPARE(bits_of(m_window->document().plan(), "conv2", LayerOperand::weights), 15);
        QCOMPARE(m_window->document().undoStack()->count(), 3);
        test::child<QAction>(*m_window, "actionUndo")->trigger();
        test::child<QAction>(*m_window, "actionUndo")->trigger();
        test::child<QAction>(*m_window, "actionUndo")->trigger();
        QVERIFY(!m_window->isWindowModified());
    }

    void the_cell_editor_steps_for_the_whole_selection() {
        openTiny();
        test::select(*m_window, {"conv1", "conv2", "fc"});
        auto* view = test::child<QTableView>(*m_window, "layerView");
        view->setFocus();
        QTest::keyClick(view, Qt::Key_Return);
        auto* editor = view->findChild<QSpinBox*>("bitsEditor");
        QVERIFY(editor);
        for (int i = 0; i < 3; ++i) QTest::keyClick(editor, Qt::Key_Down);
        QTest::keyClick(editor, Qt::Key_Return);
        for (const char* layer : {"conv1", "conv2", "fc"})
            QCOMPARE(bits_of(m_window->document().plan(), layer, LayerOperand::weights), 5);
        QCOMPARE(m_window->document().undoStack()->count(), 1);
    }

    void spin_boxes_act_on_the_selection_and_follow_it() {
        openTiny();
        test::select(*m_window, {"conv2", "fc"});
        auto* spin = test::child<QSpinBox>(*m_window, "activationBits");
        spin->setValue(6);
        spin->setValue(5);
        QCOMPARE(bits_of(m_window->document().plan(), "fc", LayerOperand::activations), 5);
        QCOMPARE(m_window->document().undoStack()->count(), 1);
        test::select(*m_window, {"conv1"});
        QCOMPARE(spin->value(), 8);
        test::select(*m_window, {"pool"});
        QVERIFY(!test::child<QSpinBox>(*m_window, "weightBits")->isEnabled());
        QVERIFY(spin->isEnabled());
    }

    void dragging_across_bars_is_one_command() {
        openTiny();
        auto* bars = test::child<Equalizer>(*m_window, "equalizer");
        const auto at = [&](const char* layer, int bits) {
            return bars->positionOf(layer, LayerOperand::weights, bits);
        };
        QTest::mousePress(bars, Qt::LeftButton, {}, at("conv1", 6));
        QTest::mouseMove(bars, at("conv1", 4));
        QTest::mouseMove(bars, at("fc", 4)); // a quick hand jumps over conv2
        QTest::mouseRelease(bars, Qt::LeftButton, {}, at("fc", 4));
        for (const char* layer : {"conv1", "conv2", "fc"}) {
            QCOMPARE(bits_of(m_window->document().plan(), layer, LayerOperand::weights), 4);
            QCOMPARE(bits_of(m_window->document().plan(), layer, LayerOperand::activations), 8);
        }
        QCOMPARE(m_window->document().undoStack()->count(), 1);
        QCOMPARE(m_window->document().selection(), QStringList{"conv1"});
        QTest::keyClick(bars, Qt::Key_Right);
        QCOMPARE(m_window->document().selection(), QStringList{"conv2"});
        QTest::keyClick(bars, Qt::Key_Up, Qt::ShiftModifier);
        QCOMPARE(bits_of(m_window->document().plan(), "conv2", LayerOperand::activations), 9);
    }

    void formats_are_reached_by_key_and_button() {
        openTiny();
        test::select(*m_window, {"conv2", "fc"});
        test::child<QAction>(*m_window, "actionFormats")->trigger();
        auto* tabs = test::child<QTabWidget>(*m_window, "inspectorTabs");
        QCOMPARE(tabs->currentIndex(), 1);
        auto* type = test::child<QComboBox>(*m_window, "weightType");
        QTRY_VERIFY(type->hasFocus());
        test::child<QAction>(*m_window, "actionNetwork")->trigger();
        QCOMPARE(tabs->currentIndex(), 2);
        tabs->setCurrentIndex(0);
        QTest::mouseClick(test::child<QWidget>(*m_window, "editFormats"), Qt::LeftButton);
        QCOMPARE(tabs->currentIndex(), 1);
    }

    void columns_are_hidden_and_remembered() {
        openTiny();
        auto* view = test::child<QTableView>(*m_window, "layerView");
        QVERIFY(!view->isColumnHidden(LayerTableModel::Macs));
        QVERIFY(view->isColumnHidden(LayerTableModel::OutputKl));
        const auto action = [&](int column) {
            return test::child<QAction>(*m_window, qPrintable(QStringLiteral("column%1").arg(column)));
        };
        action(LayerTableModel::Macs)->trigger();
        action(LayerTableModel::OutputKl)->trigger();
        QVERIFY(view->isColumnHidden(LayerTableModel::Macs));
        m_window = std::make_unique<MainWindow>();
        view = test::child<QTableView>(*m_window, "layerView");
        QVERIFY(view->isColumnHidden(LayerTableModel::Macs));
        QVERIFY(!view->isColumnHidden(LayerTableModel::OutputKl));
    }

    void diagnostics_fill_columns_and_histograms() {
        openTiny(testImages());
        test::child<QAction>(*m_window, "actionDiagnose")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(m_window->diagnostics().shown() != nullptr, 60000);
        auto* role = test::child<QComboBox>(*m_window, "histogramRole");
        auto* chart = test::child<QWidget>(*m_window, "histogramChart");
        for (int i = 0; i < role->count(); ++i) {
            role->setCurrentIndex(i);
            QVERIFY(chart->isVisible());
        }
        test::select(*m_window, {"pool"});
        role->setCurrentIndex(0);
        QVERIFY(!chart->isVisible());
    }

    void an_exported_network_opens_again() {
        openTiny(testImages());
        const QString path = QString::fromStdString((test::scratch_dir() / "exported.onnx").string());
        m_window->measurements().exportNetwork(path, flow::Evaluator::ExportForm::qdq);
        auto* text = test::child<QLabel>(*m_window, "bannerText");
        QTRY_VERIFY_WITH_TIMEOUT(text->isVisible(), 30000);
        QVERIFY2(text->text().contains("exported.onnx"), qPrintable(text->text()));
        m_window->open(path);
        QTRY_VERIFY_WITH_TIMEOUT(m_window->document().model().source == path.toStdString(), 30000);
        QVERIFY(m_window->document().importedPlan());
        QCOMPARE(m_window->document().labelOf(m_window->document().plan()), QString("as imported"));
    }

    void an_export_that_cannot_be_stands_in_the_banner() {
        openTiny(testImages());
        m_window->document().setBits({"conv1"}, LayerOperand::weights, 12);
        const QString path = QString::fromStdString((test::scratch_dir() / "twelve.onnx").string());
        m_window->measurements().exportNetwork(path, flow::Evaluator::ExportForm::qdq);
        auto* text = test::child<QLabel>(*m_window, "bannerText");
        QTRY_VERIFY_WITH_TIMEOUT(text->isVisible(), 30000);
        QVERIFY2(text->text().contains("conv1"), qPrintable(text->text()));
        QVERIFY(!QFileInfo::exists(path));
    }

    void the_filter_finds_layers() {
        openTiny();
        test::child<QLineEdit>(*m_window, "layerFilter")->setText("conv");
        QCOMPARE(test::child<QTableView>(*m_window, "layerView")->model()->rowCount(), 2);
    }

    void measuring_fills_chart_and_table_and_a_row_is_applied_on_enter() {
        openTiny(testImages());
        test::child<QAction>(*m_window, "actionEvaluate")->trigger();
        QTRY_COMPARE_WITH_TIMEOUT(m_window->document().designs().size(), size_t(1), 60000);
        auto* value = test::child<QLabel>(*m_window, "figureAccuracyValue");
        QTRY_VERIFY(value->text().contains('%'));
        QVERIFY(!value->font().italic());
        m_window->document().setBits({"conv1"}, LayerOperand::weights, 3);
        QVERIFY(value->text().contains('%')); // stale, but there
        auto* table = test::child<QTableView>(*m_window, "designTable");
        QCOMPARE(table->model()->rowCount(), 1);
        emit table->activated(table->model()->index(0, 0));
        QCOMPARE(bits_of(m_window->document().plan(), "conv1", LayerOperand::weights), 8);
        QCOMPARE(m_window->document().undoStack()->count(), 2);
        m_window->document().undoStack()->undo();
        QCOMPARE(bits_of(m_window->document().plan(), "conv1", LayerOperand::weights), 3);
    }

    void a_saved_project_opens_with_everything_in_it() {
        openTiny(testImages());
        m_window->document().setBits({"conv2"}, LayerOperand::weights, 5);
        test::child<QAction>(*m_window, "actionEvaluate")->trigger();
        QTRY_COMPARE_WITH_TIMEOUT(m_window->document().designs().size(), size_t(1), 60000);
        const QString path = QString::fromStdString((test::scratch_dir() / "saved.widthwise").string());
        m_window->project().saveAs(path);
        QTRY_VERIFY(!m_window->isWindowModified());
        QCOMPARE(m_window->project().path(), path);
        QVERIFY(m_window->windowTitle().startsWith("saved.widthwise"));
        const double top1 = m_window->document().designs().front().evaluation.accuracy.top1;
        m_window.reset();
        init();
        m_window->open(path);
        QTRY_VERIFY_WITH_TIMEOUT(m_window->document().hasNetwork(), 20000);
        QCOMPARE(m_window->document().designs().size(), size_t(1));
        QCOMPARE(m_window->document().designs().front().evaluation.accuracy.top1, top1);
        QCOMPARE(bits_of(m_window->document().plan(), "conv2", LayerOperand::weights), 5);
        QVERIFY(m_window->document().currentDesign());
        QVERIFY(m_window->document().data());
    }

    void bad_input_stands_in_the_banner_and_leaves_the_document_alone_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("empty network") << "empty.onnx" << QByteArray();
        QTest::newRow("random network") << "random.onnx" << QByteArray(2000, '\x9d');
        QTest::newRow("no project") << "text.widthwise"
                                    << QByteArray("this is not a database, but long enough to look like one");
        QTest::newRow("bad card") << "card.json"
                                  << QByteArray("{\"format\": \"idx\", \"images\": \"nowhere\"}");
    }
    void bad_input_stands_in_the_banner_and_leaves_the_document_alone() {
        QFETCH(QString, name);
        QFETCH(QByteArray, bytes);
        openTiny();
        const auto path = test::scratch_dir() / name.toStdString();
        test::write_file(path, bytes.toStdString());
        m_window->open(QString::fromStdString(path.string()));
        auto* banner = test::child<QWidget>(*m_window, "banner");
        QTRY_VERIFY_WITH_TIMEOUT(banner->isVisible(), 20000);
        const QString text = test::child<QLabel>(*m_window, "bannerText")->text();
        QVERIFY2(text.contains(name) || text.contains("nowhere"), qPrintable(text));
        QVERIFY(!text.contains('\n'));
        QCOMPARE(m_window->document().graph().nodes().size(), size_t(7));
        QTest::mouseClick(test::child<QWidget>(*m_window, "bannerClose"), Qt::LeftButton);
        QVERIFY(!banner->isVisible());
    }

    void a_missing_file_is_named() {
        m_window->open("/nowhere/at/all.onnx");
        QTRY_VERIFY(test::child<QLabel>(*m_window, "bannerText")->text().contains("/nowhere/at/all.onnx"));
    }

    void dropping_a_network_opens_it() {
        QMimeData mime;
        mime.setUrls({QUrl::fromLocalFile(m_model)});
        QDragEnterEvent enter({10, 10}, Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_window.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent drop(QPointF(10, 10), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_window.get(), &drop);
        QTRY_VERIFY_WITH_TIMEOUT(m_window->document().hasNetwork(), 20000);
    }

    void closing_while_measuring_is_safe_and_keeps_edits() {
        openTiny(testImages());
        m_window->document().setBits({"conv1"}, LayerOperand::weights, 2);
        const QString path = QString::fromStdString((test::scratch_dir() / "closed.widthwise").string());
        m_window->project().saveAs(path);
        QTRY_COMPARE(m_window->project().path(), path);
        m_window->document().setBits({"conv1"}, LayerOperand::weights, 3);
        test::child<QAction>(*m_window, "actionEvaluateSet")->trigger();
        QTRY_VERIFY(m_window->measurements().lane().busy());
        m_window->close();
        m_window.reset();
        init();
        m_window->open(path);
        QTRY_VERIFY_WITH_TIMEOUT(m_window->document().hasNetwork(), 20000);
        QCOMPARE(bits_of(m_window->document().plan(), "conv1", LayerOperand::weights), 3);
    }

private:
    static QString testImages() { return QStringLiteral("demo"); }

    void openTiny(const QString& data = {}) {
        m_window->open(m_model, data);
        QTRY_VERIFY_WITH_TIMEOUT(m_window->document().hasNetwork(), 30000);
        QTRY_VERIFY(!m_window->document().selection().isEmpty());
        if (!data.isEmpty())
            QVERIFY2(m_window->document().data(),
                     qPrintable(test::child<QLabel>(*m_window, "bannerText")->text()));
    }

    QString m_model;
    std::unique_ptr<MainWindow> m_window;
};

QTEST_MAIN(TestWindow)
#include "tst_window.moc"
