// Costs on the command line: several targets, zeros, given mappings, loop nests, a target fitted to a chip.

#include "tests/cli/cli_process.h"

#include <cmath>

using namespace widthwise::test;

namespace {

QJsonObject run_json(const QStringList& arguments) {
    const CliRun run = run_cli(arguments + QStringList{"--json"});
    if (run.code != 0) qWarning("%s", run.err.constData());
    return run.json();
}

QString text_file(const char* name, const QString& text) {
    const QString path = fresh_folder("cost") + name;
    write_file(path.toStdString(), text.toStdString());
    return path;
}

QString matrix_layer(const QJsonObject& cost) {
    for (const QJsonValue& layer : cost["layers"].toArray())
        if (layer["nest"].isObject()) return layer["name"].toString();
    return {};
}

} // namespace

class TestCliCost : public QObject {
    Q_OBJECT
private slots:
    void text() {
        const CliRun run = run_cli({"cost", "demo", "--target", "eyeriss", "--bits", "w8a8", "--gains"});
        QCOMPARE(run.code, 0);
        for (const char* words : {"Energy per MAC", "Peak activation memory", "External bandwidth",
                                  "known as", "energy by", "area by", "rest of the chip (not modelled)",
                                  "on-chip network", "keep feature maps", "ratios on one target"})
            QVERIFY2(run.out.contains(words), words);
        for (const QByteArray& line : run.out.split('\n'))
            if (line.startsWith("conv")) QVERIFY2(QString::fromUtf8(line).size() <= 120, line.constData());
    }

    void oneDesignOnSeveralTargets() {
        const QStringList command{"cost",    "demo",     "--bits", "w8a8",     "--target",
                                  "eyeriss", "--target", "tpu-v1", "--target", "asic-45nm"};
        const QJsonArray targets = run_json(command)["targets"].toArray();
        QCOMPARE(targets.size(), 3);
        QCOMPARE(targets[1]["target"].toString(), "tpu-v1");
        const QJsonObject alone = run_json({"cost", "demo", "--bits", "w8a8", "--target", "tpu-v1"});
        QCOMPARE(targets[1]["energy_j"], alone["energy_j"]);
        QCOMPARE(targets[1]["layers"], alone["layers"]);
        const CliRun table = run_cli(command);
        QCOMPARE(table.code, 0);
        QCOMPARE(table.out.trimmed().count('\n'), 3);
        for (const char* name : {"eyeriss", "tpu-v1", "asic-45nm", "images/s", "J/MAC"})
            QVERIFY2(table.out.contains(name), name);
    }

    /// A target that cannot run the design says so beside the others; alone it is an error.
    void aTargetThatCannotRunIt() {
        const QString small = text_file("small.json",
                                        R"({"format": "widthwise-target/1", "name": "tiny", "kind": "spatial",
            "mac": {"weight_bits": 4, "activation_bits": 4}, "supports": {"formats": ["w4a4"]}})");
        const CliRun alone = run_cli({"cost", "demo", "--bits", "w16a16", "--target", small});
        expect_error(alone, 3, {"tiny"});
        const QJsonArray both = run_json({"cost", "demo", "--bits", "w16a16", "--target", small, "--target",
                                          "asic-45nm"})["targets"]
                                    .toArray();
        QCOMPARE(both.size(), 2);
        QVERIFY(both[0]["error"].toString().contains("16"));
        QVERIFY(both[1]["energy_j"].toDouble() > 0);
    }

    void objectiveAndNests() {
        const QStringList command{"cost", "demo", "--bits", "w8a8", "--target", "eyeriss"};
        const QJsonObject fast = run_json(command + QStringList{"--objective", "latency"});
        const QJsonObject frugal = run_json(command + QStringList{"--objective", "energy"});
        QVERIFY(fast["latency_s"].toDouble() <= frugal["latency_s"].toDouble() * 1.0001);
        QVERIFY(frugal["energy_j"].toDouble() > 0);
        expect_error(run_cli(command + QStringList{"--objective", "speed"}), 2, {"speed", "energy_delay"});
        const QString layer = matrix_layer(fast);
        QVERIFY2(!layer.isEmpty(), "no loop nest");
        const CliRun nest = run_cli(command + QStringList{"--nest", layer});
        QCOMPARE(nest.code, 0);
        QVERIFY(nest.out.contains(layer.toUtf8()) && nest.out.contains("for ") && nest.out.contains("DRAM"));
        expect_error(run_cli(command + QStringList{"--nest", "nothing-like-it"}), 2, {"nothing-like-it"});
    }

    /// A mapping that was printed is taken back and costs the same.
    void givenMappings() {
        const QStringList command{"cost", "demo", "--bits", "w8a8", "--target", "eyeriss"};
        const QJsonObject cost = run_json(command);
        const QString layer = matrix_layer(cost);
        QVERIFY(!layer.isEmpty());
        QJsonObject found;
        for (const QJsonValue& l : cost["layers"].toArray())
            if (l["name"] == layer) found = l.toObject();
        const QJsonObject nest = found["nest"].toObject();
        const QString file = text_file("mapping.json", QString::fromUtf8(QJsonDocument(nest).toJson()));
        const QJsonObject again = run_json(command + QStringList{"--mapping", layer + "=" + file});
        for (const QJsonValue& l : again["layers"].toArray())
            if (l["name"] == layer) QCOMPARE(l["energy_j"].toDouble(), found["energy_j"].toDouble());
        QVERIFY(again["energy_j"].toDouble() > 0);
        expect_error(run_cli(command + QStringList{"--mapping", "nonsense"}), 2, {"LAYER=FILE.json"});
        expect_error(run_cli(command + QStringList{"--mapping", "nolayer=" + file}), 2, {"nolayer"});
        expect_error(run_cli(command + QStringList{"--mapping", layer + "=" + text_file("bad.json", "{")}), 3,
                     {"bad.json"});
        const QString partial = text_file(
            "partial.json", R"({"levels": [{"level": "DRAM", "temporal": [["K", 1]], "x": [], "y": []}]})");
        expect_error(run_cli(command + QStringList{"--mapping", layer + "=" + partial}), 3, {layer});
    }

    void zeros() {
        const QStringList command{"cost", "demo", "--bits", "w16a16", "--target", "eyeriss"};
        const QJsonObject dense = run_json(command);
        const QString layer = matrix_layer(dense);
        const QJsonObject sparse = run_json(
            command + QStringList{"--zeros", text_file("z.csv", "layer,inputs\n" + layer + ",0.9\n")});
        QVERIFY(sparse["energy_j"].toDouble() < dense["energy_j"].toDouble());
        const auto wrong = [&](const QString& text, const QStringList& words) {
            expect_error(run_cli(command + QStringList{"--zeros", text_file("z.csv", text)}), 3, words);
        };
        wrong("layer,inputs\n" + layer + ",1.5\n", {"z.csv", "line 2", "inputs", "1.5"});
        wrong("layer,inputs\nnone,0.5\n", {"line 2", "none"});
        wrong("layer,share\n" + layer + ",0.5\n", {"share"});
        wrong("layer,inputs\n" + layer + ",0.5\n" + layer + ",0.5\n", {"line 3", "twice"});
    }

    void optionsHaveGains() {
        const QJsonArray gains = run_json({"cost", "demo", "--bits", "w8a8", "--target", "eyeriss",
                                           "--keep-feature-maps"})["options"]
                                     .toArray();
        QVERIFY(gains.size() >= 1);
        bool taken = false;
        for (const QJsonValue& gain : gains) taken = taken || gain["taken"].toBool();
        QVERIFY(taken);
        QCOMPARE(
            run_json({"cost", "demo", "--bits", "w8a8", "--target", "eyeriss"})["options"].toArray().size(),
            0);
    }

    /// Where every layer has its own unit there is nothing to choose, keep or fuse.
    void optionsThatChangeNothingAreNamed() {
        const QStringList command{"cost", "demo", "--bits", "w4a4", "--target", "alveo-u280"};
        const CliRun plain = run_cli(command);
        QCOMPARE(plain.code, 0);
        QVERIFY(!plain.err.contains("no effect"));
        const QStringList idle{"--objective", "energy", "--keep-feature-maps", "--fuse", "--json"};
        const CliRun noted = run_cli(command + idle);
        QCOMPARE(noted.code, 0);
        QVERIFY2(
            noted.err.contains("--objective, --keep-feature-maps, --fuse: no effect on target 'alveo-u280'"),
            noted.err.constData());
        QVERIFY(!noted.json().isEmpty());
        const CliRun array =
            run_cli(QStringList{"cost", "demo", "--bits", "w8a8", "--target", "tpu-v1"} + idle);
        QVERIFY(!array.err.contains("no effect"));
    }

    void targetsSayWhatTheyAre() {
        const QJsonArray targets = run_json({"targets"})["targets"].toArray();
        QVERIFY(targets.size() >= 3);
        for (const QJsonValue& target : targets) {
            for (const char* key : {"name", "kind", "node_nm", "clock_hz", "peak_macs_per_s", "supports",
                                    "sizing", "confidence", "mac_style"})
                QVERIFY2(target.toObject().contains(key), key);
            if (target["kind"] == "spatial" && target["mac_style"] == "bit_parallel") {
                QCOMPARE(target["peak_macs_per_s"].toDouble(), target["rows"].toDouble() *
                                                                   target["cols"].toDouble() *
                                                                   target["clock_hz"].toDouble());
            }
        }
        const CliRun table = run_cli({"targets"});
        QVERIFY(table.out.contains("eyeriss") && table.out.contains("65 nm"));
        QVERIFY(table.out.contains("62.5 T (float16)")); // v100: its fastest units, listed second
    }

    /// Measurements made by the model of one chip calibrate the file of another; the result costs as
    /// measured.
    void ownChip() {
        const QString folder = fresh_folder("chip");
        QJsonObject chip = QJsonDocument::fromJson(run_cli({"targets", "tpu-v1"}).out).object();
        QJsonArray memory = chip["memory"].toArray();
        QJsonObject dram = memory[0].toObject();
        for (const char* key : {"bandwidth_bytes_per_s", "bytes_per_cycle"}) dram.remove(key);
        dram["bandwidth_bytes_per_s"] = 5e9;
        memory[0] = dram;
        chip["memory"] = memory;
        write_file((folder + "chip.json").toStdString(), QJsonDocument(chip).toJson().toStdString());
        const QStringList command{"cost", "zoo:resnet18@size=64", "--bits", "w8a8", "--target"};
        const QJsonObject truth = run_json(command + QStringList{folder + "chip.json"});
        QByteArray csv = "layer,latency_s\n";
        for (const QJsonValue& layer : truth["layers"].toArray())
            if (layer["macs"].toDouble() > 0)
                csv += layer["name"].toString().toUtf8() + "," +
                       QByteArray::number(layer["latency_s"].toDouble(), 'g', 17) + "\n";
        write_file((folder + "measured.csv").toStdString(), csv.toStdString());
        const QStringList calibrate{"calibrate", "tpu-v1",     "zoo:resnet18@size=64", "--bits",
                                    "w8a8",      "--measured", folder + "measured.csv"};
        const QJsonObject fit =
            run_json(calibrate + QStringList{"-o", folder + "mine.json", "--name", "mine"});
        QCOMPARE(fit["target"].toString(), "mine");
        QVERIFY(fit["energy"].isNull());
        QVERIFY2(fit["latency"]["worst"].toDouble() < 0.02,
                 qPrintable(QString::number(fit["latency"]["worst"].toDouble())));
        QVERIFY(fit["latency"]["mean_before"].toDouble() > 0.05);
        QVERIFY(fit["latency"]["layers"].toArray().size() > 10);
        bool bandwidth = false;
        for (const QJsonValue& constant : fit["constants"].toArray())
            bandwidth =
                bandwidth || (constant["key"] == "memory[0].bytes_per_cycle" && constant["fitted"].toBool());
        QVERIFY(bandwidth);
        const QJsonObject mine = run_json(command + QStringList{folder + "mine.json"});
        QVERIFY(std::abs(mine["latency_s"].toDouble() / truth["latency_s"].toDouble() - 1) < 0.02);
        QCOMPARE(mine["confidence"]["latency"]["basis"].toString(), "fitted");
        const CliRun table = run_cli(calibrate);
        QCOMPARE(table.code, 0);
        for (const char* words : {"measured", "from the others", "memory[0].bytes_per_cycle", "-o FILE.json"})
            QVERIFY2(table.out.contains(words), words);
    }

    void energyTable() {
        const QString folder = fresh_folder("table");
        const QString yaml = text_file("ert.yaml", "ERT_summary:\n  version: '0.4'\n  table_summary:\n"
                                                   "    - name: top.glb[1..1]\n      actions:\n"
                                                   "        - name: read\n          energy: 6.4\n"
                                                   "        - name: write\n          energy: 3.2\n"
                                                   "    - name: top.mac[1..168]\n      actions:\n"
                                                   "        - name: compute\n          energy: 0.5\n");
        const QStringList calibrate{"calibrate", "eyeriss", "--energy-table", yaml};
        const QJsonObject fit =
            run_json(calibrate + QStringList{"--component", "glb=GLB:64", "-o", folder + "mine.json"});
        QCOMPARE(fit["table"].toArray().size(), 3);
        const QJsonObject mine = QJsonDocument::fromJson(QByteArray::fromStdString(
                                                             read_file((folder + "mine.json").toStdString())))
                                     .object();
        QCOMPARE(mine["mac_pj"].toDouble(), 0.5);
        QCOMPARE(mine["name"].toString(), "mine"); // of the file, no longer eyeriss
        bool found = false;
        for (const QJsonValue& level : mine["memory"].toArray())
            if (level["name"] == "GLB") {
                found = true;
                QCOMPARE(level["read_energy_pj_per_bit"].toDouble(), 0.1);
                QCOMPARE(level["write_energy_pj_per_bit"].toDouble(), 0.05);
            }
        QVERIFY(found);
        expect_error(run_cli(calibrate + QStringList{"--component", "glb"}), 2, {"NAME=LEVEL:BITS"});
        expect_error(run_cli(calibrate + QStringList{"--component", "l2=GLB:64"}), 3, {"l2", "glb"});
        expect_error(run_cli(calibrate + QStringList{"--component", "glb=L2:64"}), 3, {"L2", "GLB"});
    }

    void calibrationErrors() {
        const QString csv = text_file("m.csv", "layer,latency_s\nno-such-layer,1e-3\n");
        expect_error(run_cli({"calibrate", "eyeriss"}), 2, {"--measured"});
        expect_error(run_cli({"calibrate", "eyeriss", "demo"}), 2, {"--measured"});
        expect_error(run_cli({"calibrate", "eyeriss", "--measured", csv}), 2, {"MODEL"});
        expect_error(run_cli({"calibrate", "eyeriss", "demo", "--bits", "w8a8", "--measured", csv}), 3,
                     {"m.csv", "line 2", "column layer", "no-such-layer"});
        expect_error(run_cli({"calibrate", "nothing", "demo", "--measured", csv}), 3, {"nothing"});
        const QString folder = fresh_folder("kept");
        write_file((folder + "old.json").toStdString(), "old");
        QCOMPARE(run_cli({"calibrate", "eyeriss", "demo", "--measured", csv, "-o", folder + "old.json"}).code,
                 3);
        QCOMPARE(read_file((folder + "old.json").toStdString()), std::string("old"));
        QCOMPARE(files_in(folder), QStringList{"old.json"});
    }
};

QTEST_GUILESS_MAIN(TestCliCost)
#include "tst_cli_cost.moc"
