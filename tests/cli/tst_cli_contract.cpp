// What scripts rely on: keys, numbers that agree with each other, and the same result however the work is
// spread.

#include "tests/cli/cli_process.h"

using namespace widthwise::test;

namespace {

const QStringList k_small{"evaluate", "demo", "--data", "demo", "--limit", "64", "--json"};

void expect_keys(const QJsonObject& object, const QStringList& keys) {
    for (const QString& key : keys) QVERIFY2(object.contains(key), qPrintable("missing key: " + key));
}

QJsonObject run_json(const QStringList& arguments) {
    const CliRun run = run_cli(arguments);
    if (run.code != 0) qWarning("%s", run.err.constData());
    return run.json();
}

QByteArray predictions(const QStringList& more) {
    const QString file = fresh_folder("predictions") + "p.csv";
    const CliRun run = run_cli(k_small + more + QStringList{"--predictions", file});
    if (run.code != 0) qWarning("%s", run.err.constData());
    return QByteArray::fromStdString(read_file(file.toStdString()));
}

} // namespace

class TestCliContract : public QObject {
    Q_OBJECT
private slots:
    void inspect();
    void inspectTopology();
    void evaluate();
    void evaluateFloat();
    void predictionsAndLogits();
    void savedDesignRepeatsItself();
    void threadsDoNotMatter();
    void calibrationSource();
    void cost();
    void targetIsAFileToChange();
    void zooIsAFileToInspect();
    void train();
    void projectAndReport();
    void helpAndVersion();
};

void TestCliContract::inspect() {
    const QJsonObject document = run_json({"inspect", "demo", "--json"});
    expect_keys(document, {"name", "opset", "inputs", "outputs", "layers", "totals", "unsupported"});
    QCOMPARE(document["unsupported"].toArray().size(), 0);
    expect_keys(document["inputs"][0].toObject(), {"name", "shape", "type"});
    QCOMPARE(document["inputs"][0]["type"].toString(), "float32");
    QCOMPARE(document["inputs"][0]["shape"].toArray(), (QJsonArray{1, 3, 32, 32}));
    const QJsonArray layers = document["layers"].toArray();
    qint64 parameters = 0, macs = 0;
    int weighted = 0;
    for (const QJsonValue& layer : layers) {
        expect_keys(layer.toObject(),
                    {"name", "op", "input_shapes", "output_shape", "parameters", "macs", "quantizable"});
        parameters += layer["parameters"].toInteger();
        macs += layer["macs"].toInteger();
        weighted += layer["macs"].toInteger() > 0 && layer["quantizable"].toBool();
    }
    QCOMPARE(document["totals"]["parameters"].toInteger(), parameters);
    QCOMPARE(document["totals"]["macs"].toInteger(), macs);
    QCOMPARE(document["totals"]["layers"].toInteger(), layers.size());
    QVERIFY(weighted >= 12);
}

void TestCliContract::inspectTopology() {
    const QString file = fresh_folder("topology") + "two.csv";
    write_file(file.toStdString(),
               "Layer,IFMAP Height,IFMAP Width,Filter Height,Filter Width,Channels,Num Filter,Strides,\n"
               "Conv1,34,34,3,3,16,32,1,\nFC,1,1,1,1,512,10,1,\n");
    const QJsonObject document = run_json({"inspect", file, "--json"});
    QCOMPARE(document["layers"].toArray().size(), 2);
    QCOMPARE(document["layers"][0]["macs"].toInteger(), 32LL * 32 * 3 * 3 * 16 * 32);
    QCOMPARE(document["totals"]["macs"].toInteger(), 32LL * 32 * 3 * 3 * 16 * 32 + 512 * 10);
    const QJsonObject cost = run_json({"cost", file, "--target", "tpu-v1", "--bits", "w8a8", "--json"});
    QCOMPARE(cost["layers"][0]["macs"].toInteger(), 32LL * 32 * 3 * 3 * 16 * 32);
}

void TestCliContract::evaluate() {
    const QJsonObject document = run_json(k_small + QStringList{"--bits", "w4a5"});
    expect_keys(document, {"samples", "top1", "top1_ci95", "top5", "float_top1", "agreement", "delta_top1",
                           "delta_ci95", "seconds", "images_per_second", "layers", "calibration"});
    QCOMPARE(document["samples"].toInt(), 64);
    const double top1 = document["top1"].toDouble();
    QVERIFY(top1 >= 0 && top1 <= 1);
    QVERIFY(document["top1_ci95"][0].toDouble() <= top1 && top1 <= document["top1_ci95"][1].toDouble());
    QVERIFY(std::abs(document["delta_top1"].toDouble() - (top1 - document["float_top1"].toDouble())) < 1e-9);
    QVERIFY(document["images_per_second"].toDouble() > 0);
    QCOMPARE(document["calibration"]["samples"].toInt(), 256);
    int int8_layers = 0;
    for (const QJsonValue& layer : document["layers"].toArray()) {
        expect_keys(layer.toObject(), {"name", "weight_format", "activation_format", "weight_sqnr_db",
                                       "activation_sqnr_db", "execution", "accumulator_bits"});
        int8_layers += layer["execution"].toString() == "int8" && layer["weight_sqnr_db"].isDouble();
    }
    QVERIFY(int8_layers >= 12);
}

void TestCliContract::evaluateFloat() {
    const QJsonObject document = run_json(k_small);
    QCOMPARE(document["agreement"].toDouble(), 1.0);
    QCOMPARE(document["delta_top1"].toDouble(), 0.0);
    QCOMPARE(document["calibration"]["samples"].toInt(), 0);
    for (const QJsonValue& layer : document["layers"].toArray())
        QCOMPARE(layer["execution"].toString(), "float");
}

void TestCliContract::predictionsAndLogits() {
    const QString folder = fresh_folder("logits");
    const CliRun run =
        run_cli(k_small + QStringList{"--predictions", folder + "p.csv", "--logits", folder + "l.npy"});
    QCOMPARE(run.code, 0);
    QCOMPARE(files_in(folder), (QStringList{"l.npy", "p.csv"}));
    const QList<QByteArray> lines =
        QByteArray::fromStdString(read_file((folder + "p.csv").toStdString())).trimmed().split('\n');
    QCOMPARE(lines.size(), 65);
    QCOMPARE(lines[0], "index,label,prediction");
    int right = 0;
    for (int i = 1; i < lines.size(); ++i) {
        const QList<QByteArray> cells = lines[i].split(',');
        QCOMPARE(cells.size(), 3);
        QCOMPARE(cells[0].toInt(), i - 1);
        right += cells[1] == cells[2];
    }
    QCOMPARE(run.json()["top1"].toDouble(), right / 64.0);
    const QByteArray npy = QByteArray::fromStdString(read_file((folder + "l.npy").toStdString()));
    QVERIFY(npy.startsWith("\x93NUMPY\x01"));
    const int header = 10 + static_cast<unsigned char>(npy[8]) + 256 * static_cast<unsigned char>(npy[9]);
    QCOMPARE(header % 64, 0);
    QVERIFY(npy.contains("'descr': '<f4'") && npy.contains("'shape': (64, "));
    QCOMPARE((npy.size() - header) % (64 * 4), 0);
    const auto classes = static_cast<int>((npy.size() - header) / (64 * 4));
    std::vector<float> first(static_cast<size_t>(classes));
    std::memcpy(first.data(), npy.constData() + header, first.size() * sizeof(float));
    const auto best = std::max_element(first.begin(), first.end()) - first.begin();
    QCOMPARE(lines[1].split(',')[2].toInt(), static_cast<int>(best));
}

void TestCliContract::savedDesignRepeatsItself() {
    const QString design = fresh_folder("design") + "d.json";
    const QByteArray first = predictions({"--bits", "w3a4", "--save-design", design});
    QVERIFY(first.size() > 64);
    const QJsonObject document =
        QJsonDocument::fromJson(QByteArray::fromStdString(read_file(design.toStdString()))).object();
    QCOMPARE(document["format"].toString(), "widthwise-design/1");
    QCOMPARE(predictions({"--design", design}), first);
    const QJsonObject again = run_json(k_small + QStringList{"--design", design});
    QCOMPARE(again["calibration"]["samples"].toInt(), 0);
}

void TestCliContract::threadsDoNotMatter() {
    const QByteArray one = predictions({"--bits", "w3a3", "--threads", "1"});
    QVERIFY(one.size() > 64);
    QCOMPARE(predictions({"--bits", "w3a3", "--threads", "3"}), one);
}

void TestCliContract::calibrationSource() {
    const QJsonObject own = run_json(k_small + QStringList{"--bits", "w8a8", "--calibrate", "10"});
    QCOMPARE(own["calibration"]["data"].toString(), "demo");
    QCOMPARE(own["calibration"]["samples"].toInt(), 10);
    const QJsonObject other =
        run_json(k_small + QStringList{"--bits", "w8a8", "--calibrate", "10", "--calibration", "demo:train"});
    QCOMPARE(other["calibration"]["data"].toString(), "demo:train");
}

void TestCliContract::cost() {
    const QJsonObject document =
        run_json({"cost", "demo", "--target", "eyeriss", "--bits", "w4a8", "--json"});
    expect_keys(document,
                {"target", "batch", "latency_s", "throughput_ips", "energy_j", "power_w", "area_mm2", "area",
                 "weight_bytes", "model_bytes", "bops", "dram_bytes", "utilization", "layers"});
    double latency = 0, bops = 0;
    for (const QJsonValue& layer : document["layers"].toArray()) {
        expect_keys(layer.toObject(), {"name", "macs", "weight_bits", "activation_bits", "compute_cycles",
                                       "cycles", "latency_s", "energy_j", "energy", "dram_bytes",
                                       "buffer_bytes", "utilization", "bound", "mapping"});
        expect_keys(layer["energy"].toObject(), {"compute", "registers", "noc", "buffer", "dram"});
        QVERIFY(layer["cycles"].toInteger() >= layer["compute_cycles"].toInteger());
        latency += layer["latency_s"].toDouble();
        bops +=
            layer["macs"].toDouble() * layer["weight_bits"].toDouble() * layer["activation_bits"].toDouble();
    }
    QVERIFY(std::abs(latency - document["latency_s"].toDouble()) <= 1e-9 * latency);
    QCOMPARE(document["bops"].toDouble(), bops);
    const QJsonObject narrower =
        run_json({"cost", "demo", "--target", "eyeriss", "--bits", "w2a8", "--json"});
    QCOMPARE(narrower["weight_bytes"].toDouble() * 2, document["weight_bytes"].toDouble());
    QVERIFY(narrower["energy_j"].toDouble() < document["energy_j"].toDouble());
}

void TestCliContract::targetIsAFileToChange() {
    const QJsonArray targets = run_json({"targets", "--json"})["targets"].toArray();
    QStringList names;
    for (const QJsonValue& target : targets) names << target["name"].toString();
    QVERIFY(names.contains("eyeriss") && names.contains("tpu-v1"));
    for (const QJsonValue& target : targets)
        for (const char* key : {"rows", "cols", "dataflow", "mac_style", "weight_bits", "activation_bits"})
            QCOMPARE(target[key].isNull(), target["kind"].toString() != "spatial");
    const CliRun one = run_cli({"targets", "eyeriss"});
    QCOMPARE(one.code, 0);
    const QString file = fresh_folder("target") + "my.json";
    write_file(file.toStdString(), one.out.toStdString());
    const QStringList cost{"cost", "demo", "--bits", "w8a8", "--json", "--target"};
    const QJsonObject preset = run_json(cost + QStringList{"eyeriss"});
    QVERIFY(preset["energy_j"].toDouble() > 0);
    QCOMPARE(run_json(cost + QStringList{file})["energy_j"], preset["energy_j"]);
}

void TestCliContract::zooIsAFileToInspect() {
    const QJsonArray networks = run_json({"zoo", "--json"})["networks"].toArray();
    QStringList names;
    for (const QJsonValue& network : networks) names << network["name"].toString();
    QVERIFY(names.contains("demo"));
    const QString file = fresh_folder("zoo") + "demo.onnx";
    QCOMPARE(run_json({"zoo", "demo", "-o", file, "--json"})["path"].toString(), file);
    QCOMPARE(run_json({"inspect", file, "--json"})["totals"],
             run_json({"inspect", "zoo:demo", "--json"})["totals"]);
}

void TestCliContract::train() {
    const QString folder = fresh_folder("train");
    // The test images, for they are fewer.
    const QJsonObject document =
        run_json({"train", "zoo:demo", "--data", "demo", "--validation", "demo", "--epochs", "1", "--seed",
                  "3", "-o", folder + "t.onnx", "--json"});
    const QJsonArray epochs = document["epochs"].toArray();
    QCOMPARE(epochs.size(), 1);
    expect_keys(epochs[0].toObject(), {"loss", "train_top1", "validation_top1", "seconds"});
    QVERIFY(epochs[0]["loss"].toDouble() > 0);
    expect_keys(document, {"float_top1", "quantized_top1"});
    QCOMPARE(files_in(folder), QStringList{"t.onnx"});
    const QJsonObject trained = run_json({"evaluate", folder + "t.onnx", "--data", "demo", "--json"});
    QVERIFY(std::abs(trained["top1"].toDouble() - document["float_top1"].toDouble()) < 0.01);
}

void TestCliContract::projectAndReport() {
    const QString folder = fresh_folder("project");
    const QString project = folder + "p.widthwise";
    for (const char* bits : {"w8a8", "w4a4", "w2a4"})
        QCOMPARE(
            run_cli(k_small + QStringList{"--bits", bits, "--project", project, "--target", "tpu-v1"}).code,
            0);
    const QJsonObject all = run_json({"report", project, "-o", folder + "r.json", "--json"});
    QCOMPARE(all["designs"].toInt(), 3);
    QCOMPARE(all["path"].toString(), folder + "r.json");
    QCOMPARE(all["bytes"].toInteger(), QFileInfo(folder + "r.json").size());
    const CliRun two = run_cli({"report", project, "--design", "1", "--design", "3", "-o", folder + "r.csv"});
    QCOMPARE(two.code, 0);
    const QByteArray csv = QByteArray::fromStdString(read_file((folder + "r.csv").toStdString()));
    QCOMPARE(csv.trimmed().count('\n'), 2);
    QVERIFY(csv.contains("w8a8") && csv.contains("w2a4") && !csv.contains("w4a4"));
    QCOMPARE(run_cli({"report", project, "-o", folder + "r.html"}).code, 0);
    const QByteArray html = QByteArray::fromStdString(read_file((folder + "r.html").toStdString()));
    QVERIFY(html.contains("w2a4") && html.contains("tpu-v1"));
#if WIDTHWISE_HAS_GUI
    QVERIFY2(html.contains("<svg"), "the report has no picture");
#endif
    expect_error(run_cli({"report", project, "--design", "9", "-o", folder + "x.csv"}), 3, {"9", "1, 2, 3"});
    expect_error(run_cli({"report", project, "-o", folder + "x.doc"}), 2, {".html"});
    QVERIFY(!QFileInfo::exists(folder + "x.csv") && !QFileInfo::exists(folder + "x.doc"));
}

void TestCliContract::helpAndVersion() {
    for (const char* command : {"inspect", "evaluate", "sensitivity", "cost", "calibrate", "export",
                                "formats", "targets", "zoo", "train", "report", "demo", "manual"}) {
        const CliRun run = run_cli({command, "--help"});
        QCOMPARE(run.code, 0);
        QVERIFY2(run.out.size() > 100, command);
    }
    QVERIFY(run_cli({"--help"}).out.contains("130"));
    QCOMPARE(run_cli({"--version"}).code, 0);
    QVERIFY(run_cli({"manual"}).out.startsWith("# Widthwise"));
}

QTEST_GUILESS_MAIN(TestCliContract)
#include "tst_cli_contract.moc"
