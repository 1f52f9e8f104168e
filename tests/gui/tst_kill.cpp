// kill -9 in the middle of ten queued evaluations: what was shown is in the file, and the file opens again.
// The test starts itself as the victim.

#include "core/store/project_file.h"
#include "tests/support/test_data.h"
#include "widgets/document/measurements.h"
#include "widgets/document/plan_edit.h"

#include <QCoreApplication>
#include <QProcess>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>

#include <cstdio>

using namespace widthwise;
using namespace widthwise::gui;

namespace {

constexpr int k_queued = 10;

/// Opens the demo, gives the project its name, queues ten designs and says each that is shown.
int be_the_victim(const QString& path) {
    Document document;
    Project project(document);
    Measurements measurements(document, project);
    measurements.setAutomatic(false);
    QObject::connect(&project, &Project::saved, qApp, [&] {
        std::vector<PrecisionPlan> plans;
        for (int i = 0; i < k_queued; ++i) plans.push_back(uniform_plan(8 - i % 5, 8 - i / 5));
        measurements.evaluate(plans);
    });
    QObject::connect(&document, &Document::designAdded, qApp, [] {
        std::puts("shown");
        std::fflush(stdout);
    });
    QObject::connect(&project, &Project::opened, qApp, [&] { project.saveAs(path); });
    project.openNetwork(QStringLiteral("demo"));
    return QCoreApplication::exec();
}

} // namespace

class TestKill : public QObject {
    Q_OBJECT
private slots:
    void what_was_shown_is_kept() {
        const auto path = test::scratch_dir() / "victim.widthwise";
        QProcess victim;
        victim.start(QCoreApplication::applicationFilePath(),
                     {QStringLiteral("--victim"), QString::fromStdString(path.string())});
        QVERIFY(victim.waitForStarted());
        size_t shown = 0;
        while (shown < 3) {
            QVERIFY(victim.waitForReadyRead(60000));
            while (victim.canReadLine()) shown += victim.readLine().trimmed() == "shown";
        }
        victim.kill(); // SIGKILL
        QVERIFY(victim.waitForFinished());
        QCOMPARE(victim.exitStatus(), QProcess::CrashExit);
        shown += static_cast<size_t>(victim.readAllStandardOutput().count("shown"));

        auto file = ProjectFile::open(path);
        QVERIFY2(file, file ? "" : file.error().to_line().c_str());
        const auto kept = (*file)->evaluations();
        QVERIFY(kept);
        QVERIFY2(kept->size() >= shown,
                 qPrintable(QStringLiteral("%1 shown, %2 kept").arg(shown).arg(kept->size())));
        QVERIFY(kept->size() < k_queued); // it really was in the middle
        file->reset();

        // The program opens it again, with every design in its place.
        Document document;
        Project project(document);
        QSignalSpy opened(&project, &Project::opened);
        project.openProject(QString::fromStdString(path.string()));
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 30000);
        QCOMPARE(document.designs().size(), kept->size());
    }
};

int main(int argc, char** argv) {
    QCoreApplication app(argc, argv);
    QStandardPaths::setTestModeEnabled(true);
    if (argc == 3 && QByteArray(argv[1]) == "--victim") return be_the_victim(QString::fromLocal8Bit(argv[2]));
    TestKill test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_kill.moc"
