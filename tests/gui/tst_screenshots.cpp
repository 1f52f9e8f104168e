// Pictures of the window for people to look at; the test itself only sees that they are full of things.
#include "tests/gui/window_fixture.h"

#include "tests/widgets/fake_training.h"
#include "widgets/dialogs/target_dialog.h"
#include "widgets/models/layer_table_model.h"
#include "widgets/models/zoo_table_model.h"
#include "widgets/theme.h"

#include <QComboBox>
#include <QDir>
#include <QHeaderView>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QTabWidget>
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
        const auto set = [&](const QStringList& some, LayerOperand operand, FormatType type) {
            FormatChange change;
            change.type = type;
            document.applyPlan(with_format(document.plan(), document.graph(), some, operand, change), "type");
        };
        document.setBits(layers.mid(1, 2), LayerOperand::weights, 4);
        set(layers.mid(3, 1), LayerOperand::weights, FormatType::ternary);
        set(layers.mid(4, 1), LayerOperand::weights, FormatType::power_of_two);
        set(layers.mid(5, 1), LayerOperand::activations, FormatType::bfloat16);
        set(layers.mid(6, 1), LayerOperand::weights, FormatType::float8_e4m3);
        document.setBits(layers.mid(7, 1), LayerOperand::weights, 12);
        document.setBits(layers.mid(8, 1), LayerOperand::weights, 1);
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
        document.setBits(weighted(document).mid(2, 3), LayerOperand::activations, 4);
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

    void the_hardware_data() {
        QTest::addColumn<QString>("target");
        QTest::addColumn<bool>("dark");
        for (const std::string& name : cost::preset_names())
            QTest::newRow(name.c_str()) << QString::fromStdString(name) << false;
        QTest::newRow("eyeriss in the dark") << QStringLiteral("eyeriss") << true;
    }
    void the_hardware() {
        QFETCH(QString, target);
        QFETCH(bool, dark);
        apply_theme(dark ? Theme::dark : Theme::light);
        MainWindow window;
        open(window, "demo");
        Document& document = window.document();
        document.setTarget(*cost::load_target(target.toStdString()));
        QTRY_VERIFY_WITH_TIMEOUT(!document.costStale(), 60000);
        document.setSelection({weighted(document).at(3)});
        test::child<QTabWidget>(window, "lowerTabs")->setCurrentIndex(1);
        auto* view = test::child<QComboBox>(window, "hardwareView");
        const QString name = QStringLiteral("hardware-") + target + (dark ? "-dark" : "");
        const bool all = dark || target == QLatin1String("eyeriss") || target == QLatin1String("tpu-v1");
        const QStringList names{"energy", "latency", "roofline", "area", "options"};
        for (int i = 0; i < view->count(); ++i) {
            if (!all && i != 0 && i != 2) continue;
            view->setCurrentIndex(i);
            save(name + '-' + names.at(i), window);
        }
        if (!dark && target == QLatin1String("eyeriss")) {
            view->setCurrentIndex(0);
            save(name + "-small", window, {1024, 700});
        }
        apply_theme(Theme::light);
    }

    void a_large_built_in_network() {
        apply_theme(Theme::light);
        MainWindow window;
        open(window, "zoo:resnet50");
        Document& document = window.document();
        QTRY_VERIFY_WITH_TIMEOUT(!document.costStale(), 120000);
        document.setSelection({weighted(document).at(20)});
        test::child<QTabWidget>(window, "lowerTabs")->setCurrentIndex(1);
        auto* view = test::child<QComboBox>(window, "hardwareView");
        for (int i = 0; i < 3; ++i) {
            view->setCurrentIndex(i);
            save(QStringLiteral("resnet50-%1").arg(i), window);
        }
    }

    void dialogs_data() {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }
    void dialogs() {
        QFETCH(bool, dark);
        apply_theme(dark ? Theme::dark : Theme::light);
        const QString suffix = dark ? "-dark" : "";
        MainWindow window;
        open(window, "demo");
        test::child<QAction>(window, "actionCompareTargets")->trigger();
        auto* targets = test::child<TargetDialog>(window, "targetDialog");
        QTRY_VERIFY_WITH_TIMEOUT(!targets->comparison().busy(), 120000);
        save("compare-targets" + suffix, *targets);
        test::child<QAction>(window, "actionZoo")->trigger();
        auto* zoo = test::child<QDialog>(window, "zooDialog");
        auto* table = zoo->findChild<QTableView*>("zooTable");
        auto* sorted = qobject_cast<QSortFilterProxyModel*>(table->model());
        auto* model = qobject_cast<ZooTableModel*>(sorted->sourceModel());
        QTRY_VERIFY_WITH_TIMEOUT(!model->lane().busy(), 120000);
        table->selectRow(3);
        save("zoo" + suffix, *zoo);
        apply_theme(Theme::light);
    }

    void training_data() { dialogs_data(); }
    void training() {
        QFETCH(bool, dark);
        apply_theme(dark ? Theme::dark : Theme::light);
        const QString suffix = dark ? "-dark" : "";
        auto fake = std::make_shared<test::FakeRun>();
        MainWindow window(test::fake_training(fake));
        open(window, "demo");
        Document& document = window.document();
        test::child<QAction>(window, "actionTrain")->trigger();
        save("training-empty" + suffix, window);
        fake->steps_per_epoch = 80;
        for (const auto& [top1, bits] : {std::pair(0.95, 8), std::pair(0.9, 4), std::pair(0.93, 3)}) {
            document.applyPlan(uniform_plan(bits, bits), "bits");
            fake->top1 = top1;
            TrainingSetup setup = recommended_setup(TrainingMode::quantized, document.model());
            setup.data = "demo:train";
            QSignalSpy finished(&window.training(), &Training::finished);
            QVERIFY(window.training().start(setup));
            QTRY_COMPARE(finished.count(), 1);
        }
        save("training" + suffix, window);
        test::child<QAbstractButton>(window, "trainingMore")->click();
        test::child<QSplitter>(window, "rows")->setSizes({200, 700});
        save("training-more" + suffix, window, {1280, 1000});
        test::child<QAction>(window, "actionCompress")->trigger();
        auto* compress = test::child<QDialog>(window, "compressDialog");
        QTRY_VERIFY(compress->findChild<QPushButton*>("compressApply")->isEnabled());
        save("compress" + suffix, *compress);
        apply_theme(Theme::light);
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
            if (takes_bits(document.graph(), node.name, LayerOperand::weights))
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
        document.setBits(middle, LayerOperand::weights, 4);
        document.setBits(middle, LayerOperand::activations, 5);
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
        grab(name, window);
    }
    static void save(const QString& name, QDialog& dialog) {
        QVERIFY(QTest::qWaitForWindowExposed(&dialog));
        for (int turn = 0; turn < 20; ++turn) QApplication::processEvents();
        grab(name, dialog);
    }
    static void grab(const QString& name, QWidget& window) {
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
