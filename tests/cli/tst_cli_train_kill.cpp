// kill -9 on `train`, twice: with --resume it writes the same bytes as a run that nobody disturbed, on
// another number of threads.

#include "tests/cli/cli_process.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTest>

using namespace widthwise::test;

namespace {

constexpr int k_patience_ms = 120000;

QByteArray content(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QStringList command(const QString& output, const QStringList& more) {
    return QStringList{"train",
                       "demo",
                       "--data",
                       "demo:train",
                       "--limit",
                       "192",
                       "--validation-split",
                       "0.2",
                       "--calibrate",
                       "32",
                       "--qat",
                       "--bits",
                       "w3a4",
                       "--steps",
                       "30",
                       "--batch-size",
                       "32",
                       "--checkpoint-steps",
                       "1",
                       "-o",
                       output} +
           more;
}

/// Starts the program and kills it once its checkpoint has changed `times` times.
void kill_after(int times, const QStringList& arguments, const QString& checkpoint) {
    QProcess process;
    process.start(QStringLiteral(WIDTHWISE_CLI), arguments);
    QVERIFY(process.waitForStarted());
    QElapsedTimer patience;
    patience.start();
    QByteArray seen = content(checkpoint);
    for (int changes = 0; changes < times;) {
        QVERIFY2(patience.elapsed() < k_patience_ms, process.readAllStandardError().constData());
        QVERIFY2(!process.waitForFinished(1), process.readAllStandardError().constData());
        const QByteArray now = content(checkpoint);
        changes += !now.isEmpty() && now != seen;
        if (!now.isEmpty()) seen = now;
    }
    process.kill(); // SIGKILL
    QVERIFY(process.waitForFinished());
    QCOMPARE(process.exitStatus(), QProcess::CrashExit);
}

} // namespace

class TestCliTrainKill : public QObject {
    Q_OBJECT
private slots:
    void resumed_it_writes_the_same_bytes() {
        const QString folder = fresh_folder("train_kill");
        const QString undisturbed = folder + "undisturbed.onnx", disturbed = folder + "disturbed.onnx";
        const QString checkpoint = disturbed + ".checkpoint";
        const CliRun whole = run_cli(command(undisturbed, {"--threads", "1"}));
        QVERIFY2(whole.code == 0, whole.err.constData());

        kill_after(3, command(disturbed, {"--threads", "2"}), checkpoint);
        if (QTest::currentTestFailed()) return;
        QVERIFY(!QFile::exists(disturbed));
        kill_after(5, command(disturbed, {"--threads", "2", "--resume"}), checkpoint);
        if (QTest::currentTestFailed()) return;
        QVERIFY(!QFile::exists(disturbed));
        const CliRun last = run_cli(command(disturbed, {"--threads", "2", "--resume"}));
        QVERIFY2(last.code == 0, last.err.constData());

        const QByteArray expected = content(undisturbed);
        QVERIFY(expected.size() > 100000);
        QVERIFY(content(disturbed) == expected);
        QCOMPARE(files_in(folder),
                 QStringList({"disturbed.onnx", "undisturbed.onnx"})); // nothing left behind
    }
};

QTEST_GUILESS_MAIN(TestCliTrainKill)
#include "tst_cli_train_kill.moc"
