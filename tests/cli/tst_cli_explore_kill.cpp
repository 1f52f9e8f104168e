// kill -9 on `explore` at ten random moments, one of them while its front is measured: no design that was
// concluded is lost, and with --resume it ends with the same front as a search that nobody disturbed, on
// another number of threads.

#include "tests/cli/cli_process.h"
#include "tests/cli/project_rows.h"

#include <QElapsedTimer>
#include <QRandomGenerator>
#include <QTest>

using namespace widthwise::test;

namespace {

constexpr int k_patience_ms = 240000; // under sanitizers on a busy machine
constexpr int k_kills = 10;

QStringList command(const QString& project, const QStringList& more) {
    return QStringList{"explore",
                       "demo",
                       "--data",
                       "demo",
                       "--target",
                       "bitfusion",
                       "--project",
                       project,
                       "--limit",
                       "160",
                       "--budget",
                       "48",
                       "--seed",
                       "7",
                       "--calibrate",
                       "32",
                       "--sensitivity-images",
                       "32",
                       "--weight-widths",
                       "2,4,8",
                       "--activation-widths",
                       "4,8"} +
           more;
}

/// Without what differs between two sittings: times, and ids that depend on what else is in the project.
QJsonArray front_of(const CliRun& run) {
    QJsonArray front = run.json()["front"].toArray();
    for (QJsonValueRef design : front) {
        QJsonObject bare = design.toObject();
        bare.remove("design_id");
        design = bare;
    }
    return front;
}

/// Starts the program and kills it `ms` after the project holds `wanted` rows of designs; gives what it held
/// of the search just before that. `killed`: it had not ended by itself.
QStringList kill_after(qsizetype wanted, int ms, const QStringList& arguments, const QString& project,
                       bool& killed) {
    QProcess process;
    process.start(QStringLiteral(WIDTHWISE_CLI), arguments);
    QElapsedTimer patience, extra;
    patience.start();
    QStringList seen;
    killed = true;
    while (patience.elapsed() < k_patience_ms) {
        if (process.waitForFinished(1)) { // it was faster than the dice
            killed = false;
            break;
        }
        seen = candidate_rows(project);
        if (project_rows(project, "SELECT stage FROM candidate").size() < wanted) continue;
        if (!extra.isValid()) extra.start();
        if (extra.elapsed() >= ms) break;
    }
    process.kill(); // SIGKILL
    process.waitForFinished();
    return seen;
}

} // namespace

class TestCliExploreKill : public QObject {
    Q_OBJECT
private slots:
    void nothing_is_lost_and_the_front_is_the_same() {
        const QString folder = fresh_folder("explore_kill");
        const QString calm = folder + "calm.widthwise", project = folder + "killed.widthwise";
        const CliRun whole = run_cli(command(calm, {"--threads", "1", "--json"}));
        QVERIFY2(whole.code == 0, whole.err.constData());
        const QStringList expected = candidate_rows(calm);
        QVERIFY(expected.size() >= 48);
        QVERIFY(front_of(whole).size() >= 2);

        const quint32 seed = QRandomGenerator::global()->generate();
        QRandomGenerator dice(seed);
        qInfo("seed of the moments: %u", seed);
        qsizetype kept = 0;
        int kills = 0;
        for (int round = 0; round < k_kills; ++round) {
            // The first one as soon as the program runs, the last one while the front is measured.
            qsizetype wanted = kept + dice.bounded(6);
            if (round == 0) wanted = 0;
            if (round == k_kills - 1) wanted = expected.size() + 2;
            QStringList arguments = command(project, {"--threads", "2"});
            if (round > 0) arguments += "--resume";
            bool killed = false;
            const QStringList seen = kill_after(wanted, dice.bounded(40), arguments, project, killed);
            const QStringList now = candidate_rows(project);
            QVERIFY2(now.size() >= seen.size(), "a design that was concluded is gone");
            QCOMPARE(now.first(seen.size()), seen);
            QCOMPARE(now, expected.first(now.size()));
            QVERIFY(now.size() >= kept);
            kept = now.size();
            kills += killed;
        }
        QVERIFY2(kills >= k_kills - 2, "the program ended before it was killed");

        const CliRun resumed = run_cli(command(project, {"--threads", "2", "--json", "--resume"}));
        QVERIFY2(resumed.code == 0, resumed.err.constData());
        QCOMPARE(project_rows(project, "SELECT status FROM exploration"), QStringList{"finished"});
        // No design of the front twice, though the program died between them.
        QCOMPARE(project_rows(project, "SELECT id FROM evaluation").size(), front_of(whole).size());
        QCOMPARE(candidate_rows(project), expected);
        QCOMPARE(front_of(resumed), front_of(whole));
        QCOMPARE(resumed.json()["hypervolume"], whole.json()["hypervolume"]);
        QCOMPARE(resumed.json()["search_hypervolume"], whole.json()["search_hypervolume"]);
        QCOMPARE(resumed.json()["evaluations"], whole.json()["evaluations"]);
    }
};

QTEST_GUILESS_MAIN(TestCliExploreKill)
#include "tst_cli_explore_kill.moc"
