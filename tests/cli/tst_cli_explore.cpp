// `explore` as scripts run it: the contract's keys, goals that cannot be kept, the hardware among the
// variables, resuming, Ctrl-C.
#include "tests/cli/cli_process.h"
#include "tests/cli/project_rows.h"

#include <QDir>
#include <QTest>

#include <cmath>

using namespace widthwise::test;

namespace {

/// Few images and widths, so that a search takes a second; what `more` gives stands in place of these.
QStringList explore(const QString& project, const QStringList& more = {}) {
    QStringList arguments{"explore", "demo", "--project", project};
    for (const auto& [option, value] :
         std::vector<std::pair<QString, QString>>{{"--data", "demo"},
                                                  {"--target", "bitfusion"},
                                                  {"--budget", "12"},
                                                  {"--limit", "128"},
                                                  {"--calibrate", "32"},
                                                  {"--sensitivity-images", "32"},
                                                  {"--weight-widths", "2,4,8"},
                                                  {"--activation-widths", "4,8"},
                                                  {"--seed", "3"}})
        if (!more.contains(option)) arguments << option << value;
    return arguments + more;
}

QJsonObject run_json(const QStringList& arguments) {
    const CliRun run = run_cli(arguments + QStringList{"--json"});
    if (run.code != 0 || run.json().isEmpty())
        QTest::qFail(qPrintable(arguments.join(' ') + ": " + run.err.right(400)), __FILE__, __LINE__);
    return run.json();
}

bool is_share(const QJsonValue& value) {
    return value.isDouble() && value.toDouble() >= 0 && value.toDouble() <= 1;
}

QStringList statuses(const QString& project) {
    return project_rows(project, "SELECT status FROM exploration ORDER BY id");
}

} // namespace

class TestCliExplore : public QObject {
    Q_OBJECT
private slots:
    void three_layers_with_four_widths_have_the_exhaustive_front() {
        QStringList space{"--weight-widths", "2,3,4,8", "--activation-widths", "8", "--budget", "64"};
        for (const char* frozen : {"stem/*", "block1/*", "block2/a/*", "block2/shortcut/*", "block2/add",
                                   "dw1/depthwise", "dw2/*", "dw3/*", "pool", "classifier"})
            space << "--freeze" << frozen;
        const QString folder = fresh_folder("exhaustive");
        const auto front = [&](const QString& algorithm) {
            const QJsonObject document = run_json(
                explore(folder + algorithm + ".widthwise", space + QStringList{"--algorithm", algorithm}));
            QStringList designs;
            for (const QJsonValue& value : document["front"].toArray())
                designs << value["label"].toString() + " " +
                               QString::number(value["top1"].toDouble(), 'g', 17) + " " +
                               QString::number(value["report_top1"].toDouble(), 'g', 17) + " " +
                               QString::number(value["energy_j"].toDouble(), 'g', 17);
            return designs;
        };
        const QStringList whole = front("exhaustive");
        QVERIFY(whole.size() > 3);
        QCOMPARE(front("surrogate"), whole);
        QCOMPARE(front("nsga2"), whole);
    }

    void a_network_may_run_otherwise_than_the_target_does() {
        const QString folder = fresh_folder("execution");
        const auto baseline = [&](const QString& name, const QStringList& more) {
            const QJsonObject document =
                run_json(explore(folder + name, more + QStringList{"--budget", "2"}));
            return document["baseline"].toObject()["energy_j"].toDouble();
        };
        const double plain = baseline("plain.widthwise", {}),
                     kept = baseline("kept.widthwise", {"--keep-feature-maps"});
        QVERIFY(kept > 0 && kept < plain);
    }

    void the_contracts_keys() {
        const QString project = fresh_folder("keys") + "p.widthwise";
        const QJsonObject document = run_json(explore(project, {"--name", "first"}));
        QCOMPARE(document["evaluations"].toInt(), 12);
        QCOMPARE(document["measured"].toInt() + document["screened"].toInt(), 12);
        QVERIFY(document["rejected"].toInt() >= 0);
        QVERIFY(document["seconds"].toDouble() > 0);
        QCOMPARE(document["algorithm"].toString(), "surrogate");
        QCOMPARE(document["exploration"].toInt(), 1);
        QVERIFY(document["baseline"]["energy_j"].toDouble() > 0);
        for (const char* key : {"hypervolume", "search_hypervolume", "float_top1", "report_float_top1"})
            QVERIFY2(is_share(document[key]), key);
        QCOMPARE(document["search_images"].toInt(), 128);
        QCOMPARE(document["report_images"].toInt(), 600); // 30 % of 2,000

        const QJsonArray front = document["front"].toArray();
        QVERIFY(front.size() >= 2);
        double energy = 0, top1 = 0;
        for (const QJsonValue& value : front) {
            const QJsonObject design = value.toObject();
            QVERIFY(design["design_id"].toInt() > 0);
            QVERIFY(is_share(design["top1"]) && is_share(design["report_top1"]));
            QVERIFY(design["energy_j"].toDouble() > energy); // a front: dearer and better
            QVERIFY(design["top1"].toDouble() > top1);
            energy = design["energy_j"].toDouble();
            top1 = design["top1"].toDouble();
            for (const char* key : {"latency_s", "area_mm2", "model_bytes", "power_w", "throughput_ips"})
                QVERIFY2(design[key].toDouble() > 0, key);
            QVERIFY(!design["label"].toString().isEmpty());
            QVERIFY(design["knee"].isBool());
            QVERIFY(design["luts"].isNull()); // does not apply
            const QJsonArray interval = design["report_delta_ci95"].toArray();
            const double delta = design["report_top1"].toDouble() - document["report_float_top1"].toDouble();
            QVERIFY(interval[0].toDouble() <= delta + 1e-9 && delta <= interval[1].toDouble() + 1e-9);
            const QJsonValue within = design["within_one_point"];
            if (interval[0].toDouble() >= -0.01)
                QCOMPARE(within, QJsonValue(true));
            else
                QCOMPARE(within, interval[1].toDouble() < -0.01 ? QJsonValue(false) : QJsonValue());
        }
        const QJsonArray course = document["course"].toArray();
        QVERIFY(!course.isEmpty());
        double hypervolume = 0;
        for (const QJsonValue& point : course) {
            QVERIFY(point["hypervolume"].toDouble() >= hypervolume);
            hypervolume = point["hypervolume"].toDouble();
        }
        QCOMPARE(hypervolume, document["search_hypervolume"].toDouble());
        QVERIFY(document["nothing_feasible"].isNull());

        // The front's designs are the project's.
        QCOMPARE(project_rows(project, "SELECT label, status FROM exploration"),
                 QStringList{"first|finished"});
        QCOMPARE(project_rows(project, "SELECT id FROM evaluation").size(), front.size());
        const QString report = QFileInfo(project).path() + "/r.json";
        QCOMPARE(run_cli({"report", project, "-o", report}).code, 0);
        for (const QJsonValue& design : front)
            QVERIFY(project_rows(project, "SELECT id FROM evaluation")
                        .contains(QString::number(design["design_id"].toInt())));
    }

    void hypervolume_is_the_contracts() {
        const QJsonObject document =
            run_json(explore(fresh_folder("volume") + "p.widthwise", {"--algorithm", "greedy"}));
        // Worked out again by sweeping along the energy.
        const double reference = document["baseline"]["energy_j"].toDouble();
        std::vector<std::pair<double, double>> points;
        for (const QJsonValue& design : document["front"].toArray())
            points.emplace_back(
                design["energy_j"].toDouble() / reference,
                (document["report_float_top1"].toDouble() - design["report_top1"].toDouble()) / 0.2);
        std::sort(points.begin(), points.end());
        double volume = 0, lowest = 1;
        for (const auto& [energy, drop] : points)
            if (energy < 1 && drop < lowest) {
                volume += (1 - energy) * (lowest - std::max(drop, 0.0));
                lowest = drop;
            }
        // A design better than float counts as equal to it.
        QVERIFY2(
            std::abs(volume - document["hypervolume"].toDouble()) < 1e-9,
            qPrintable(QString::number(volume) + " " + QString::number(document["hypervolume"].toDouble())));
    }

    void goals_that_cannot_be_kept_are_told_at_once() {
        const QString folder = fresh_folder("infeasible"), project = folder + "p.widthwise";
        expect_error(run_cli(explore(project, {"--max-energy-j", "1e-12", "--max-size-bytes", "30000"})), 3,
                     {"energy"});
        expect_error(run_cli(explore(project, {"--max-energy-j", "1", "--max-size-bytes", "1000"})), 3,
                     {"size"});
        expect_error(run_cli(explore(project, {"--min-throughput-ips", "1e12"})), 3, {"throughput"});
        expect_error(run_cli(explore(project, {"--max-drop", "-0.5"})), 3, {"drop"});
        QVERIFY(project_rows(project, "SELECT number FROM candidate").isEmpty());
        // None is left in the project: it would only be in the way.
        QVERIFY(statuses(project).isEmpty());
    }

    void limits_are_kept() {
        const QJsonObject document = run_json(
            explore(fresh_folder("limits") + "p.widthwise",
                    {"--max-size-bytes", "70000", "--max-drop", "0.15", "--objective", "latency,size"}));
        QVERIFY(document["front"].toArray().size() >= 1);
        for (const QJsonValue& design : document["front"].toArray()) {
            QVERIFY(design["model_bytes"].toDouble() <= 70000);
            QVERIFY(document["float_top1"].toDouble() - design["top1"].toDouble() <= 0.15 + 1e-9);
        }
    }

    void the_hardware_is_searched_too() {
        const QString project = fresh_folder("hardware") + "p.widthwise";
        const QJsonObject document = run_json(
            explore(project, {"--objective", "energy", "--objective", "area", "--vary", "array.rows=8,16",
                              "--vary", "memory.buffer.bytes=65536,131072", "--tie", "--freeze", "stem/*"}));
        const QJsonArray front = document["front"].toArray();
        QVERIFY(front.size() >= 2);
        for (const QJsonValue& design : front) {
            const int rows = design["hardware"]["array.rows"].toInt();
            QVERIFY(rows == 8 || rows == 16);
            QVERIFY(design["label"].toString().contains("array.rows=" + QString::number(rows)));
            const int bytes = design["hardware"]["memory.buffer.bytes"].toInt();
            QVERIFY(bytes == 65536 || bytes == 131072);
        }
    }

    void designs_are_written_as_files() {
        const QString folder = fresh_folder("files"), designs = folder + "designs";
        const QJsonObject document =
            run_json(explore(folder + "p.widthwise",
                             {"--save-designs", designs, "--vary", "array.rows=8,16", "--limit", "64"}));
        QStringList expected;
        for (const QJsonValue& design : document["front"].toArray()) {
            const QString id = QString::number(design["design_id"].toInt());
            expected << "design-" + id + ".json"
                     << "target-" + id + ".json";
            const QJsonObject cost =
                run_json({"cost", "demo", "--design", designs + "/design-" + id + ".json", "--target",
                          designs + "/target-" + id + ".json"});
            QCOMPARE(cost["energy_j"].toDouble(), design["energy_j"].toDouble());
            QCOMPARE(cost["latency_s"].toDouble(), design["latency_s"].toDouble());
        }
        expected.sort();
        QCOMPARE(files_in(designs), expected);
    }

    void report_data_are_measured_on() {
        const QJsonObject document =
            run_json(explore(fresh_folder("report_data") + "p.widthwise",
                             {"--data", "demo:train", "--report-data", "demo", "--budget", "3"}));
        QCOMPARE(document["report_images"].toInt(), 2000);
        QCOMPARE(document["report_float_top1"].toDouble(), 0.979);
    }

    void a_finished_search_is_printed_again() {
        const QString project = fresh_folder("finished") + "p.widthwise";
        const QJsonObject first = run_json(explore(project));
        const CliRun again = run_cli(explore(project, {"--resume", "--json"}));
        QCOMPARE(again.code, 0);
        QCOMPARE(again.json(), first);
        QCOMPARE(statuses(project), QStringList{"finished"});
        QCOMPARE(project_rows(project, "SELECT id FROM evaluation").size(), first["front"].toArray().size());
        QVERIFY(run_cli(explore(project, {"--resume"})).out.contains("hypervolume"));
    }

    void another_request_is_not_resumed() {
        const QString project = fresh_folder("other") + "p.widthwise";
        const CliRun none = run_cli(explore(project, {"--resume", "--budget", "2", "--name", "small"}));
        QVERIFY2(none.code == 0, none.err.constData());
        QVERIFY(none.err.contains("no search")); // a note: it starts
        expect_error(run_cli(explore(project, {"--resume", "--budget", "3"})), 2, {"budget", "2", "3"});
        expect_error(run_cli(explore(project, {"--resume", "--budget", "2", "--seed", "4"})), 2, {"seed"});
        expect_error(run_cli(explore(project, {"--resume", "--budget", "2", "--max-energy-j", "1"})), 2,
                     {"goals"});
        expect_error(run_cli(explore(project, {"--resume", "--budget", "2", "--target", "eyeriss"})), 2,
                     {"target"});
        // Without --resume it is a second one.
        QCOMPARE(run_json(explore(project, {"--budget", "2"}))["exploration"].toInt(), 2);
        QCOMPARE(statuses(project), QStringList({"finished", "finished"}));
    }

    void ctrl_c_keeps_what_is_finished() {
        const QString project = fresh_folder("interrupt") + "p.widthwise";
        const QStringList arguments = explore(project, {"--budget", "60"});
        const CliRun run = interrupt_cli(arguments);
        QCOMPARE(run.code, 130);
        QVERIFY(run.out.isEmpty());
        QVERIFY(run.err.contains("--resume"));
        const QStringList kept = candidate_rows(project);
        QCOMPARE(statuses(project), QStringList{"cancelled"});
        const QJsonObject resumed = run_json(arguments + QStringList{"--resume"});
        QCOMPARE(resumed["evaluations"].toInt(), 60);
        QCOMPARE(candidate_rows(project).first(kept.size()), kept);
        QCOMPARE(statuses(project), QStringList{"finished"});
    }

    void completed_designs_count_once() {
        const QString project = fresh_folder("completed") + "p.widthwise";
        const QJsonObject document =
            run_json(explore(project, {"--limit", "0"})); // enough images to wait for
        QVERIFY(!project_rows(project, "SELECT number FROM candidate WHERE verdict = 'completed'").isEmpty());
        QCOMPARE(document["evaluations"].toInt(), 12);
        const QJsonObject listed = run_json({"searches", project})["searches"].toArray()[0].toObject();
        QCOMPARE(listed["evaluations"].toInt(), 12);
    }

    void searches_are_listed_and_removed() {
        const QString project = fresh_folder("list") + "p.widthwise";
        QCOMPARE(run_cli(explore(project, {"--budget", "2", "--name", "one"})).code, 0);
        QCOMPARE(run_cli(explore(project, {"--budget", "3", "--name", "two", "--algorithm", "random"})).code,
                 0);
        const QJsonArray searches = run_json({"searches", project})["searches"].toArray();
        QCOMPARE(searches.size(), 2);
        QCOMPARE(searches[0]["label"].toString(), "one");
        QCOMPARE(searches[1]["algorithm"].toString(), "random");
        QCOMPARE(searches[1]["evaluations"].toInt(), 3);
        QCOMPARE(searches[1]["status"].toString(), "finished");
        QVERIFY(is_share(searches[1]["hypervolume"]));
        QVERIFY(run_cli({"searches", project}).out.contains("two"));
        QCOMPARE(run_cli({"searches", project, "--remove", "1"}).code, 0);
        QCOMPARE(run_json({"searches", project})["searches"].toArray().size(), 1);
        expect_error(run_cli({"searches", project, "--remove", "1"}), 3, {"1"});
        expect_error(run_cli({"searches", project + "x"}), 3, {"no such project"});
    }

    void wrong_usage_is_told() {
        const QString project = fresh_folder("usage") + "p.widthwise";
        const auto refused = [&](const QStringList& more, const QStringList& words) {
            expect_error(run_cli(explore(project, more)), 2, words);
        };
        refused({"--algorithm", "surogate"}, {"surogate", "surrogate"});
        refused({"--objective", "enrgy"}, {"enrgy", "energy"});
        refused({"--objective", "drop"}, {"objective"});
        refused({"--objective", "luts"}, {"luts"});
        refused({"--scenario", "mars"}, {"mars", "always-on-sensor"});
        refused({"--vary", "aray.rows=3"}, {"aray.rows", "array.rows"});
        refused({"--vary", "array.rows=0"}, {"array.rows"});
        refused({"--vary", "array.rows=8,,16"}, {"array.rows"});
        refused({"--freeze", "nothing*"}, {"nothing*"});
        refused({"--max-energy-j", "-1"}, {"energy"});
        refused({"--budget", "0"}, {"budget"});
        refused({"--weight-widths", "17"}, {"17"});
        expect_error(run_cli({"explore", "demo", "--data", "demo", "--target", "bitfusion"}), 2,
                     {"--project"});
        expect_error(run_cli(explore(project, {"--target", "nowhere"})), 3, {"nowhere"});
        // Everything frozen: nothing is left to choose.
        expect_error(run_cli(explore(project, {"--freeze", "*"})), 3, {"nothing"});
        QVERIFY(statuses(project).isEmpty());
    }

    void a_project_of_another_network_is_refused() {
        const QString project = fresh_folder("network") + "p.widthwise";
        QCOMPARE(run_cli(explore(project, {"--budget", "1"})).code, 0);
        QStringList other = explore(project, {"--budget", "1"});
        other[1] = "zoo:demo";
        expect_error(run_cli(other), 3, {"another network"});
    }
};

QTEST_GUILESS_MAIN(TestCliExplore)
#include "tst_cli_explore.moc"
