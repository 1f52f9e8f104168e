// Pictures of the window for people to look at; the test itself only sees that they are full of things.
#include "tests/gui/window_fixture.h"

#include "widgets/theme.h"

#include <QDir>

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

    void nothing_is_open() { save("empty", *std::make_unique<MainWindow>()); }

private:
    /// A mixed design among uniform ones, a few layers selected.
    void take(const QString& name, const QString& source, const QString& data, bool uniform) {
        MainWindow window;
        window.resize(1440, 900);
        window.show();
        window.open(source, data);
        QTRY_VERIFY_WITH_TIMEOUT(window.document().hasNetwork(), 30000);
        Document& document = window.document();
        window.measurements().evaluateCurrent();
        if (uniform) window.measurements().evaluateUniformSet();
        QTRY_VERIFY_WITH_TIMEOUT(!window.measurements().lane().busy() && !document.designs().empty(), 200000);
        QStringList weighted;
        for (const Node& node : document.graph().nodes())
            if (takes_bits(document.graph(), node.name, Operand::weights))
                weighted += QString::fromStdString(node.name);
        QVERIFY(weighted.size() >= 8);
        const QStringList middle = weighted.mid(4, weighted.size() / 2);
        document.setBits(middle, Operand::weights, 4);
        document.setBits(middle, Operand::activations, 5);
        window.measurements().evaluateCurrent();
        QTRY_VERIFY_WITH_TIMEOUT(document.currentDesign() != nullptr, 200000);
        document.setSelection({middle.first()});
        QTRY_VERIFY(!window.measurements().lane().busy());
        save(name, window);
    }

    static void save(const QString& name, MainWindow& window) {
        window.resize(1440, 900);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        // The histogram comes from a job of its own.
        if (!window.document().selection().isEmpty()) QTRY_VERIFY(window.analysis().histogram() != nullptr);
        // Charts lay themselves out in the event loop.
        for (int turn = 0; turn < 20; ++turn) QApplication::processEvents();
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
