// Pictures of the window for people to look at; the test itself only sees that they are full of things.
#include "tests/gui/window_fixture.h"

#include "widgets/models/layer_table_model.h"
#include "widgets/theme.h"

#include <QComboBox>
#include <QDir>
#include <QHeaderView>
#include <QToolButton>

#include <set>

using namespace widthwise;
using namespace widthwise::gui;

class TestScreenshots : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() {
        test::use_own_settings();
        QDir().mkpath(WIDTHWISE_SCREENSHOTS);
    }

    void init() { QSettings().clear(); }

    void the_demo() {
        apply_theme(Theme::light);
        take("demo", "demo", {}, true);
    }

    void the_demo_in_the_dark() {
        apply_theme(Theme::dark);
        take("demo-dark", "demo", {}, true);
        apply_theme(Theme::light);
    }

    void resnet20() {
        const auto model = test::data_dir() / "models" / "resnet20.onnx";
        const auto card = test::data_dir() / "cifar10" / "test.json";
        WIDTHWISE_NEED(model);
        WIDTHWISE_NEED(card);
        take("resnet20", QString::fromStdString(model.string()), QString::fromStdString(card.string()),
             false);
    }

    void formats_of_many_layers() {
        MainWindow window;
        open(window, "demo");
        Document& document = window.document();
        const QStringList layers = weighted(document);
        const auto set = [&](const QStringList& some, Operand operand, FormatType type) {
            FormatChange change;
            change.type = type;
            document.applyPlan(with_format(document.plan(), document.graph(), some, operand, change), "type");
        };
        document.setBits(layers.mid(1, 2), Operand::weights, 4);
        set(layers.mid(3, 1), Operand::weights, FormatType::ternary);
        set(layers.mid(4, 1), Operand::weights, FormatType::power_of_two);
        set(layers.mid(5, 1), Operand::activations, FormatType::bfloat16);
        set(layers.mid(6, 1), Operand::weights, FormatType::float8_e4m3);
        document.setBits(layers.mid(7, 1), Operand::weights, 12);
        document.setBits(layers.mid(8, 1), Operand::weights, 1);
        document.setSelection(layers.mid(2, 4));
        test::child<QAction>(window, "actionFormats")->trigger();
        save("formats-mixed", window);
        document.setSelection(layers.mid(5, 1));
        save("formats-small", window, {1024, 700});
    }

    void passes_and_what_they_were_worth() {
        MainWindow window;
        open(window, "demo");
        Document& document = window.document();
        PrecisionPlan plan = uniform_plan(3, 8);
        window.measurements().evaluate({plan});
        plan = with_pass(with_pass(plan, Pass::equalize, true), Pass::bias_correction, true);
        document.applyPlan(plan, "passes");
        window.measurements().evaluateCurrent();
        QTRY_VERIFY_WITH_TIMEOUT(document.currentDesign() != nullptr, 200000);
        test::child<QAction>(window, "actionNetwork")->trigger();
        save("passes", window);
    }

    void diagnosed_layers_sorted_by_their_output() {
        MainWindow window;
        apply_theme(Theme::dark);
        open(window, "demo");
        Document& document = window.document();
        document.setBits(weighted(document).mid(2, 3), Operand::activations, 4);
        window.measurements().evaluateCurrent();
        window.diagnostics().run();
        QTRY_VERIFY_WITH_TIMEOUT(!window.measurements().lane().busy() && window.diagnostics().shown(),
                                 200000);
        for (const int column :
             {int(LayerTableModel::OutputCosine), int(LayerTableModel::InputClipped),
              int(LayerTableModel::AccumulatorNeeded), int(LayerTableModel::AccumulatorSeen),
              int(LayerTableModel::ExecutionColumn)})
            test::child<QAction>(window, qPrintable(QStringLiteral("column%1").arg(column)))
                ->setChecked(true);
        auto* header = test::child<QTableView>(window, "layerView")->horizontalHeader();
        emit header->sectionClicked(LayerTableModel::OutputSqnr);
        emit header->sectionClicked(LayerTableModel::OutputSqnr);
        document.setSelection(weighted(document).mid(2, 1));
        auto* role = test::child<QComboBox>(window, "histogramRole");
        role->setCurrentIndex(1);
        save("diagnostics", window);
        test::child<QToolButton>(window, "histogramError")->setChecked(true);
        test::child<QToolButton>(window, "histogramLinear")->setChecked(true);
        save("diagnostics-error", window, {1280, 800});
        apply_theme(Theme::light);
    }

    void a_network_that_was_quantized_elsewhere() {
        const auto model = test::data_dir() / "models" / "resnet20-qdq.onnx";
        const auto card = test::data_dir() / "cifar10" / "test.json";
        WIDTHWISE_NEED(model);
        WIDTHWISE_NEED(card);
        MainWindow window;
        open(window, QString::fromStdString(model.string()), QString::fromStdString(card.string()));
        QVERIFY(window.document().importedPlan());
        window.measurements().evaluateCurrent();
        QTRY_VERIFY_WITH_TIMEOUT(
            window.measurements().running().progress.done > 0 || window.document().currentDesign(), 200000);
        save("imported-running", window);
        QTRY_VERIFY_WITH_TIMEOUT(window.document().currentDesign() != nullptr, 200000);
        QCOMPARE(window.document().currentDesign()->label, std::string("as imported"));
        test::child<QAction>(window, "actionFormats")->trigger();
        save("imported", window);
    }

    void nothing_is_open() { save("empty", *std::make_unique<MainWindow>()); }

private:
    static void open(MainWindow& window, const QString& source, const QString& data = {}) {
        window.measurements().setAutomatic(false);
        window.resize(1440, 900);
        window.show();
        window.open(source, data);
        QTRY_VERIFY_WITH_TIMEOUT(window.document().hasNetwork(), 30000);
        QTRY_VERIFY(!window.document().selection().isEmpty());
    }

    static QStringList weighted(const Document& document) {
        QStringList layers;
        for (const Node& node : document.graph().nodes())
            if (takes_bits(document.graph(), node.name, Operand::weights))
                layers += QString::fromStdString(node.name);
        return layers;
    }

    /// A mixed design among uniform ones, a few layers selected.
    void take(const QString& name, const QString& source, const QString& data, bool uniform) {
        MainWindow window;
        open(window, source, data);
        Document& document = window.document();
        window.measurements().evaluateCurrent();
        if (uniform) window.measurements().evaluateUniformSet();
        QTRY_VERIFY_WITH_TIMEOUT(!window.measurements().lane().busy() && !document.designs().empty(), 200000);
        const QStringList layers = weighted(document);
        QVERIFY(layers.size() >= 8);
        const QStringList middle = layers.mid(4, layers.size() / 2);
        document.setBits(middle, Operand::weights, 4);
        document.setBits(middle, Operand::activations, 5);
        window.measurements().evaluateCurrent();
        QTRY_VERIFY_WITH_TIMEOUT(document.currentDesign() != nullptr, 200000);
        document.setSelection({middle.first()});
        QTRY_VERIFY(!window.measurements().lane().busy());
        save(name, window);
    }

    static void save(const QString& name, MainWindow& window, const QSize& size = {1440, 900}) {
        window.resize(size);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        // The histogram comes from a job of its own.
        if (!window.document().selection().isEmpty()) QTRY_VERIFY(window.analysis().histogram() != nullptr);
        // Charts lay themselves out in the event loop.
        for (int turn = 0; turn < 20; ++turn) {
            QApplication::processEvents();
            QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        }
        const QImage image = window.grab().toImage();
        QVERIFY(image.save(QStringLiteral(WIDTHWISE_SCREENSHOTS "/%1.png").arg(name)));
        std::set<QRgb> colours;
        for (int y = 0; y < image.height(); y += 7)
            for (int x = 0; x < image.width(); x += 7) colours.insert(image.pixel(x, y));
        QVERIFY2(colours.size() > 5, "the window is blank");
    }
};

QTEST_MAIN(TestScreenshots)
#include "tst_screenshots.moc"
