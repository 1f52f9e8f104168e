#include "tests/cli/cli_process.h"

#include <QDir>

#include <csignal>
#include <sys/resource.h>

namespace widthwise::test {
namespace {

constexpr int k_patience_ms = 240000; // under sanitizers on a busy machine

void prepare(QProcess& process, const QStringList& arguments, const CliSetup& setup) {
    process.setProgram(QStringLiteral(WIDTHWISE_CLI));
    process.setArguments(arguments);
    if (!setup.stdout_file.isEmpty()) process.setStandardOutputFile(setup.stdout_file);
    process.setEnvironment(QProcess::systemEnvironment() + setup.environment);
    const auto limit = setup.file_size_limit;
    process.setChildProcessModifier([limit] {
        // Only calls that are safe between fork and exec.
        if (!limit) return;
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit bytes{static_cast<rlim_t>(*limit), static_cast<rlim_t>(*limit)};
        ::setrlimit(RLIMIT_FSIZE, &bytes);
    });
}

CliRun finished(QProcess& process, QByteArray err_so_far = {}) {
    CliRun run;
    if (!process.waitForFinished(k_patience_ms)) {
        process.kill();
        process.waitForFinished();
        return run;
    }
    if (process.exitStatus() == QProcess::NormalExit) run.code = process.exitCode();
    run.out = process.readAllStandardOutput();
    run.err = err_so_far + process.readAllStandardError();
    return run;
}

} // namespace

QJsonObject CliRun::json() const {
    return QJsonDocument::fromJson(out).object();
}

QString CliRun::error_line() const {
    return QString::fromUtf8(err).trimmed().section('\n', -1);
}

CliRun run_cli(const QStringList& arguments, const CliSetup& setup) {
    QProcess process;
    prepare(process, arguments, setup);
    process.start();
    return finished(process);
}

CliRun interrupt_cli(const QStringList& arguments) {
    QProcess process;
    prepare(process, arguments, {});
    process.setReadChannel(QProcess::StandardError);
    process.start();
    if (!process.waitForStarted(k_patience_ms) || !process.waitForReadyRead(k_patience_ms)) return {};
    const QByteArray first_words = process.readAllStandardError();
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    return finished(process, first_words);
}

QString fresh_folder(const char* name) {
    QDir folder(QString::fromStdString((scratch_dir() / name).string()));
    folder.removeRecursively();
    folder.mkpath(".");
    return folder.path() + "/";
}

QStringList files_in(const QString& folder) {
    return QDir(folder).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot, QDir::Name);
}

void expect_error(const CliRun& run, int code, const QStringList& words) {
    const QString line = run.error_line();
    QVERIFY2(run.code == code,
             qPrintable(QStringLiteral("exit code %1, wanted %2: %3").arg(run.code).arg(code).arg(line)));
    QVERIFY2(line.startsWith("widthwise-cli: error: "), qPrintable(line));
    QCOMPARE(run.err.count("widthwise-cli: error:"), 1);
    for (const QString& word : words)
        QVERIFY2(line.contains(word), qPrintable(QStringLiteral("'%1' is not in: %2").arg(word, line)));
    QVERIFY2(run.out.isEmpty(), run.out.left(200).constData());
}

} // namespace widthwise::test
