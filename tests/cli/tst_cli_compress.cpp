// Compression on the command line: what each method does to sizes, operations, energy and accuracy.

#include "tests/cli/cli_process.h"

#include <QFileInfo>

#include <cmath>

using namespace widthwise::test;

namespace {

QJsonObject run_json(const QStringList& arguments) {
    const CliRun run = run_cli(arguments + QStringList{"--json"});
    if (run.code != 0) qWarning("%s", run.err.constData());
    return run.json();
}

} // namespace

class TestCliCompress : public QObject {
    Q_OBJECT
private slots:
    void analysis() {
        const QJsonObject report = run_json({"compress", "demo"});
        QCOMPARE(report["steps"].toArray().size(), 1);
        const QJsonObject step = report["steps"][0].toObject();
        QVERIFY(step["method"].isNull() && step["energy_j"].isNull() && step["top1"].isNull());
        const QJsonObject size = step["size"].toObject();
        double dense = 0, weights = 0;
        for (const QJsonValue& layer : report["layers"].toArray()) {
            dense += layer["dense_bytes"].toDouble();
            weights += layer["weights"].toDouble();
            QVERIFY(layer["density"].toDouble() > 0.9);
            for (const char* key :
                 {"name", "nonzero", "distinct_values", "weight_bits", "sparse_bytes", "huffman_bytes"})
                QVERIFY2(layer.toObject().contains(key), key);
        }
        QVERIFY(dense > 4 * weights && size["dense_bytes"].toDouble() >= dense);
        const QJsonObject inspected = run_json({"inspect", "demo"});
        QCOMPARE(step["macs"], inspected["totals"]["macs"]);
        QCOMPARE(step["parameters"], inspected["totals"]["parameters"]);
        const CliRun text = run_cli({"compress", "demo"});
        QCOMPARE(text.code, 0);
        for (const char* words : {"as it came", "density", "> 256", "Huffman", "classifier"})
            QVERIFY2(text.out.contains(words), words);
    }

    /// Deep Compression's network arrives sparse and shared: 675,763 bytes are its authors' file.
    void whatIsSparseAlready() {
        const QString model = QString::fromStdString((data_dir() / "models/squeezenet.onnx").string());
        WIDTHWISE_NEED(data_dir() / "models/squeezenet.onnx");
        const QJsonObject report = run_json({"compress", model});
        const QJsonObject size = report["steps"][0]["size"].toObject();
        constexpr double file = 675763;
        QVERIFY(std::abs(size["sparse_bytes"].toDouble() / file - 1) < 0.02);
        QVERIFY(size["huffman_bytes"].toDouble() < size["sparse_bytes"].toDouble());
        double weights = 0, nonzero = 0;
        for (const QJsonValue& layer : report["layers"].toArray()) {
            QCOMPARE(layer["weight_bits"].toInt(), 8);
            QVERIFY(layer["distinct_values"].toInt() <= 256);
            if (!layer["name"].toString().contains("3x3")) continue;
            weights += layer["weights"].toDouble();
            nonzero += layer["nonzero"].toDouble();
        }
        QVERIFY(std::abs(nonzero / weights - 0.33) < 0.02);
    }

    void methodsInTurn() {
        const QString folder = fresh_folder("compress");
        const QString onnx = folder + "small.onnx", design = folder + "small.json";
        const QStringList command{"compress",    "demo",   "channels:0.2", "weights:0.5", "--bits",
                                  "w8a8",        "--data", "demo",         "--limit",     "200",
                                  "--calibrate", "64",     "--target",     "eyeriss"};
        const QJsonObject report = run_json(command + QStringList{"-o", onnx, "--save-design", design});
        const QJsonArray steps = report["steps"].toArray();
        QCOMPARE(steps.size(), 3);
        QCOMPARE(steps[1]["method"].toString(), "channels:0.2");
        QCOMPARE(steps[2]["method"].toString(), "weights:0.5");
        QVERIFY(report["activation_zeros_measured"].toBool());
        const auto of = [&](int step, const char* key) { return steps[step][key].toDouble(); };
        QVERIFY(of(1, "macs") < of(0, "macs") && of(2, "macs") == of(1, "macs"));
        QVERIFY(of(1, "parameters") < of(0, "parameters"));
        QVERIFY(of(1, "energy_j") < of(0, "energy_j") && of(1, "latency_s") < of(0, "latency_s"));
        QVERIFY(of(0, "top1") > 0.9 && of(1, "top1") < of(0, "top1"));
        QCOMPARE(of(0, "samples"), 200.0);
        QVERIFY(steps[2]["size"]["sparse_bytes"].toDouble() < steps[1]["size"]["sparse_bytes"].toDouble());
        bool removed = false;
        for (const QJsonValue& change : steps[1]["changes"].toArray())
            removed = removed || change["note"].toString().contains("channels removed");
        for (const QJsonValue& change : steps[1]["changes"].toArray())
            QVERIFY(change["relative_error"].isNull());
        QVERIFY(steps[2]["changes"][0]["relative_error"].isDouble());
        QVERIFY(removed);

        // The file is the network of the last step, with its design.
        const QJsonObject written = run_json({"inspect", onnx});
        QCOMPARE(written["totals"]["macs"], steps[2]["macs"]);
        const QJsonObject evaluated =
            run_json({"evaluate", onnx, "--data", "demo", "--limit", "200", "--calibrate", "64"});
        QCOMPARE(evaluated["top1"], steps[2]["top1"]);
        QCOMPARE(QFileInfo(onnx).size(), qint64(report["bytes"].toDouble()));
        const QJsonObject again = run_json(
            {"evaluate", onnx, "--data", "demo", "--limit", "200", "--calibrate", "64", "--design", design});
        QCOMPARE(again["top1"], steps[2]["top1"]);
        const CliRun text = run_cli(command);
        QCOMPARE(text.code, 0);
        for (const char* words : {"20 % of the channels removed", "50 % of the weights pruned", "energy",
                                  "top-1", "channels removed"})
            QVERIFY2(text.out.contains(words), words);
    }

    void layersByName() {
        const QJsonObject report =
            run_json({"compress", "demo", "layer-weights:0.5", "--layers", "block1/*"});
        const QJsonArray changes = report["steps"][1]["changes"].toArray();
        QVERIFY(changes.size() >= 2);
        for (const QJsonValue& change : changes) {
            QVERIFY(change["name"].toString().startsWith("block1/"));
            QCOMPARE(change["nonzero_after"].toInt(), change["weights_after"].toInt() / 2);
        }
    }

    void errors() {
        expect_error(run_cli({"compress", "demo", "half"}), 2, {"half", "weights:0.5"});
        expect_error(run_cli({"compress", "demo", "weights:1.5"}), 2, {"weights:1.5", "between 0 and 1"});
        expect_error(run_cli({"compress", "demo", "0.5", "--layers", "nothing"}), 2, {"nothing"});
        expect_error(run_cli({"compress", "demo", "channels:0.001"}), 3, {"no channel can be removed"});
        expect_error(run_cli({"compress", "demo", "--calibration", "demo"}), 2, {"--data"});
        expect_error(run_cli({"compress", "demo", "--target", "nothing"}), 3, {"nothing"});
        expect_error(run_cli({"compress", "nothing.onnx", "0.5"}), 3, {"nothing.onnx"});
        const QString folder = fresh_folder("compress");
        expect_error(run_cli({"compress", "demo", "channels:0.001", "-o", folder + "out.onnx"}), 3, {});
        QVERIFY(files_in(folder).isEmpty());
    }

    void costMeasuresZeros() {
        const QStringList command{"cost", "demo", "--bits", "w8a8", "--target", "eyeriss"};
        const QJsonObject plain = run_json(command);
        QVERIFY(plain.contains("zeros") && plain["zeros"].isNull());
        const QJsonObject cost = run_json(command + QStringList{"--data", "demo", "--data-images", "32"});
        QCOMPARE(cost["zeros"]["basis"].toString(), "measured");
        QCOMPARE(cost["zeros"]["samples"].toInt(), 32);
        const QJsonArray layers = cost["zeros"]["layers"].toArray();
        QVERIFY(layers.size() > 10);
        double most = 0;
        for (const QJsonValue& layer : layers) {
            for (const char* key : {"weights", "inputs", "outputs"}) {
                const double share = layer[key].toDouble(-1);
                QVERIFY(share >= 0 && share <= 1);
            }
            most = std::max(most, layer["inputs"].toDouble());
        }
        QVERIFY(most > 0.3); // behind ReLUs
        QVERIFY(cost["energy_j"].toDouble() < plain["energy_j"].toDouble());
        const CliRun text = run_cli(command + QStringList{"--data", "demo", "--data-images", "32"});
        QVERIFY(text.out.contains("zeros, mean of the layers"));
        expect_error(run_cli(command + QStringList{"--data", "demo", "--zeros", "z.csv"}), 2, {"--data"});
        expect_error(run_cli(command + QStringList{"--data-images", "32"}), 2, {"--data"});
    }
};

QTEST_GUILESS_MAIN(TestCliCompress)
#include "tst_cli_compress.moc"
