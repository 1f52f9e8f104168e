// Every option and command that shapes quantization: what is asked for is what runs, and what is written
// comes back.

#include "tests/cli/cli_process.h"

using namespace widthwise::test;

namespace {

const QStringList k_small{"evaluate", "demo", "--data", "demo", "--limit", "64", "--json"};

QJsonObject run_json(const QStringList& arguments) {
    const CliRun run = run_cli(arguments);
    if (run.code != 0) qWarning("%s", run.err.constData());
    return run.json();
}

QByteArray predictions(const QStringList& evaluate) {
    const QString file = fresh_folder("predictions") + "p.csv";
    const CliRun run = run_cli(evaluate + QStringList{"--predictions", file});
    if (run.code != 0) qWarning("%s", run.err.constData());
    return QByteArray::fromStdString(read_file(file.toStdString()));
}

QJsonObject json_file(const QString& file) {
    return QJsonDocument::fromJson(QByteArray::fromStdString(read_file(file.toStdString()))).object();
}

/// 8-bit RGB, no filter.
std::string png(uint32_t width, uint32_t height, const QByteArray& pixels) {
    const auto big_endian = [](uint32_t n) {
        std::string bytes;
        for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(n >> shift & 255U);
        return bytes;
    };
    const auto chunk = [&](const std::string& tagged) {
        uint32_t crc = 0xffffffffU;
        for (const char c : tagged) {
            crc ^= static_cast<uint8_t>(c);
            for (int k = 0; k < 8; ++k) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
        }
        return big_endian(static_cast<uint32_t>(tagged.size() - 4)) + tagged + big_endian(~crc);
    };
    QByteArray rows;
    for (uint32_t y = 0; y < height; ++y) rows += '\0' + pixels.mid(y * width * 3, width * 3);
    const std::string zlib = qCompress(rows).mid(4).toStdString(); // behind Qt's own four bytes
    return "\x89PNG\r\n\x1a\n" +
           chunk("IHDR" + big_endian(width) + big_endian(height) + std::string("\x08\x02\0\0\0", 5)) +
           chunk("IDAT" + zlib) + chunk("IEND");
}

} // namespace

class TestCliQuantization : public QObject {
    Q_OBJECT
private slots:
    void everyFormatRuns_data();
    void everyFormatRuns();
    void accumulators();
    void requantization_data();
    void requantization();
    void passesReportThemselves();
    void rangesReachTheDesign();
    void diagnostics();
    void earlyStopAnswers();
    void memoryAndSeedDoNotChangeTheResult();
    void withoutLabelsAgreementCounts();
    void sensitivity();
    void sensitivityByTraces();
    void exportsComeBack_data();
    void exportsComeBack();
    void exportRefusesWhatTheFormatCannotHold();
    void formats();
    void wrongOptions_data();
    void wrongOptions();
    void wrongDesigns_data();
    void wrongDesigns();
};

void TestCliQuantization::everyFormatRuns_data() {
    QTest::addColumn<QString>("bits");
    QTest::addColumn<QString>("weights");
    QTest::addColumn<QString>("activations");
    QTest::addColumn<QString>("execution");
    const auto row = [](const char* bits, const char* w, const char* a, const char* execution) {
        QTest::newRow(bits) << bits << w << a << execution;
    };
    row("w1a1", "binary per channel", "binary", "int8");
    row("wternary a4", "ternary per channel", "uint4", "int8");
    row("w12a9", "int12 per channel", "uint9", "simulated");
    row("wlog4a8", "log4 per channel", "uint8", "int8");
    row("wcb4 a8", "codebook4", "uint8", "simulated");
    row("bf16", "bfloat16", "bfloat16", "simulated");
    row("fp16", "float16", "float16", "simulated");
    row("we4m3 ae5m2", "float8_e4m3 per channel", "float8_e5m2", "simulated");
    row("wfixed8 adfixed8", "fixed8.4", "dynamic fixed8", "int8");
}

void TestCliQuantization::everyFormatRuns() {
    QFETCH(QString, bits);
    QFETCH(QString, weights);
    QFETCH(QString, activations);
    QFETCH(QString, execution);
    const QString design = fresh_folder("formats") + "d.json";
    const QJsonObject document = run_json(k_small + QStringList{"--bits", bits, "--save-design", design});
    const QJsonObject layer = document["layers"][1].toObject(); // not the first: its input has two signs
    QCOMPARE(layer["weight_format"].toString(), weights);
    QCOMPARE(layer["activation_format"].toString().section(" per", 0, 0), activations);
    QCOMPARE(layer["execution"].toString(), execution);
    QCOMPARE(predictions(k_small + QStringList{"--design", design}),
             predictions(k_small + QStringList{"--bits", bits}));
    QVERIFY(
        run_json({"cost", "demo", "--bits", bits, "--target", "asic-45nm", "--json"})["energy_j"].toDouble() >
        0);
}

void TestCliQuantization::accumulators() {
    const QStringList w8a8 = k_small + QStringList{"--bits", "w8a8"};
    const QByteArray usual = predictions(w8a8);
    QCOMPARE(predictions(w8a8 + QStringList{"--accumulator-bits", "32"}), usual);
    const QJsonObject wrapped = run_json(w8a8 + QStringList{"--accumulator-bits", "18"});
    const QJsonObject cut =
        run_json(w8a8 + QStringList{"--accumulator-bits", "18", "--overflow", "saturate"});
    QCOMPARE(wrapped["design"]["default"]["accumulator"]["bits"].toInt(), 18);
    QCOMPARE(wrapped["design"]["default"]["accumulator"]["overflow"].toString(), "wrap");
    QCOMPARE(cut["design"]["default"]["accumulator"]["overflow"].toString(), "saturate");
    // Sums take up to 20 bits: wrapping turns the largest ones around, saturation only flattens them.
    QVERIFY(wrapped["top1"].toDouble() < 0.9);
    QVERIFY(cut["top1"].toDouble() > wrapped["top1"].toDouble() + 0.1);
}

void TestCliQuantization::requantization_data() {
    QTest::addColumn<QString>("option");
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QString>("rounding");
    QTest::newRow("multiplier") << "integer_multiplier"
                                << "integer_multiplier"
                                << "half_even";
    QTest::newRow("shift") << "power_of_two_shift:floor"
                           << "power_of_two_shift"
                           << "floor";
    QTest::newRow("away") << "integer_multiplier:half_away"
                          << "integer_multiplier"
                          << "half_away";
}

void TestCliQuantization::requantization() {
    QFETCH(QString, option);
    const QJsonObject document =
        run_json(k_small + QStringList{"--bits", "w8a8", "--requantization", option});
    QTEST(document["design"]["requantization"]["mode"].toString(), "mode");
    QTEST(document["design"]["requantization"]["rounding"].toString(), "rounding");
    QVERIFY(document["samples"].toInt() == 64);
    QVERIFY(
        !run_json(k_small + QStringList{"--bits", "w8a8"})["design"].toObject().contains("requantization"));
}

void TestCliQuantization::passesReportThemselves() {
    const QString design = fresh_folder("passes") + "d.json";
    const QStringList asked{"--bits", "w4a8", "--pass", "bias_correction_analytic", "--pass", "equalize"};
    const QJsonObject document = run_json(k_small + asked + QStringList{"--save-design", design});
    const QJsonArray passes = document["passes"].toArray();
    QCOMPARE(passes.size(), 2);
    QCOMPARE(passes[0]["pass"].toString(), "equalize"); // their own order
    QVERIFY(passes[0]["layers"].toInt() > 0);
    QVERIFY(!passes[0]["summary"].toString().isEmpty());
    QCOMPARE(document["design"]["passes"].toArray(), (QJsonArray{"equalize", "bias_correction_analytic"}));
    // What they left is in the design, which needs neither passes nor calibration any more.
    const QJsonObject written = json_file(design);
    QVERIFY(!written.contains("passes"));
    QVERIFY(written["layers"]["stem/conv"].toObject().contains("values"));
    QCOMPARE(predictions(k_small + QStringList{"--design", design}), predictions(k_small + asked));
}

void TestCliQuantization::rangesReachTheDesign() {
    const QJsonObject document =
        run_json(k_small + QStringList{"--bits", "w4a8", "--weights-range", "mse", "--activations-range",
                                       "percentile:99.9", "--layer", "plain/conv=w8a8"});
    const QJsonObject design = document["design"].toObject();
    QCOMPARE(design["default"]["weights"]["range"].toString(), "mse");
    QCOMPARE(design["default"]["activations"]["range"].toString(), "percentile:99.9");
    QCOMPARE(design["layers"]["plain/conv"]["weights"]["range"].toString(), "mse");
}

void TestCliQuantization::diagnostics() {
    const QString file = fresh_folder("diagnostics") + "d.json";
    const QJsonObject document = run_json(
        k_small + QStringList{"--bits", "w4a8", "--diagnostics", file, "--diagnostics-images", "16"});
    const QJsonObject report = json_file(file);
    QCOMPARE(report["samples"].toInt(), 16);
    const QJsonArray layers = report["layers"].toArray(), evaluated = document["layers"].toArray();
    QCOMPARE(layers.size(), evaluated.size());
    for (int i = 0; i < layers.size(); ++i) {
        QCOMPARE(layers[i]["name"].toString(), evaluated[i]["name"].toString());
        const QJsonValue seen = evaluated[i]["observed_accumulator_bits"],
                         most = evaluated[i]["accumulator_bits"];
        QCOMPARE(seen.isNull(), most.isNull());
        QVERIFY(seen.toInt() <= most.toInt());
        if (evaluated[i]["weight_sqnr_db"].isNull()) continue;
        QVERIFY(std::abs(layers[i]["weights"]["sqnr_db"].toDouble() -
                         evaluated[i]["weight_sqnr_db"].toDouble()) < 0.01);
        QVERIFY(!layers[i]["histograms"]["weights"]["after"]["counts"].toArray().isEmpty());
    }
}

void TestCliQuantization::earlyStopAnswers() {
    const QJsonObject document = run_json(
        {"evaluate", "demo", "--data", "demo", "--bits", "w2a2", "--decide-within", "0.02", "--json"});
    QCOMPARE(document["decide_within"].toDouble(), 0.02);
    QVERIFY(document["within"].isBool());
    QVERIFY(!document["within"].toBool());
    QVERIFY(document["samples"].toInt() < 2000);
    const QJsonObject unasked = run_json(k_small);
    QVERIFY(!unasked.contains("within"));
}

void TestCliQuantization::memoryAndSeedDoNotChangeTheResult() {
    const QByteArray usual = predictions(k_small + QStringList{"--bits", "w4a4"});
    QVERIFY(usual.size() > 64);
    QCOMPARE(predictions(k_small + QStringList{"--bits", "w4a4", "--memory-budget", "0"}), usual);
    QCOMPARE(predictions(k_small + QStringList{"--bits", "w4a4", "--seed", "7"}), usual);
}

void TestCliQuantization::withoutLabelsAgreementCounts() {
    const QString folder = fresh_folder("unlabelled");
    for (int i = 0; i < 5; ++i) {
        QByteArray pixels;
        for (int k = 0; k < 32 * 32 * 3; ++k) pixels += static_cast<char>((k * (i + 37) + k * k / 9) % 251);
        write_file((folder + QString::number(i) + ".png").toStdString(), png(32, 32, pixels));
    }
    const QJsonObject document = run_json({"evaluate", "demo", "--data", folder, "--bits", "w8a8", "--json"});
    QCOMPARE(document["samples"].toInt(), 5);
    for (const char* key : {"top1", "top1_ci95", "float_top1", "delta_top1", "delta_ci95"})
        QVERIFY2(document[QString(key)].isNull(), key);
    QVERIFY(document["output_agreement"]["sqnr_db"].toDouble() > 5);
    QVERIFY(document["output_agreement"]["psnr_db"].isDouble());
    QCOMPARE(document["agreement"].toDouble(), document["output_agreement"]["top1_agreement"].toDouble());
}

void TestCliQuantization::sensitivity() {
    const QJsonObject document =
        run_json({"sensitivity", "demo", "--data", "demo", "--limit", "64", "--widths", "2,8", "--json"});
    for (const char* key : {"baseline_top1", "layers", "seconds", "evaluations"})
        QVERIFY2(document.contains(QString(key)), key);
    const double baseline = document["baseline_top1"].toDouble();
    QVERIFY(baseline > 0.9);
    int weighted = 0, entries = 0;
    for (const QJsonValue& layer : document["layers"].toArray()) {
        const QJsonArray weights = layer["weights"].toArray(), activations = layer["activations"].toArray();
        QCOMPARE(activations.size(), 2);
        entries += static_cast<int>(weights.size() + activations.size());
        if (weights.isEmpty()) continue;
        ++weighted;
        QCOMPARE(weights[0]["bits"].toInt(), 2);
        QCOMPARE(weights[1]["bits"].toInt(), 8);
        QVERIFY(weights[1]["sqnr_db"].toDouble() > weights[0]["sqnr_db"].toDouble() + 10);
        QVERIFY(weights[1]["kl"].toDouble() < weights[0]["kl"].toDouble());
        QVERIFY(std::abs(weights[1]["top1"].toDouble() - baseline) < 0.05);
    }
    QVERIFY(weighted >= 12);
    QCOMPARE(document["evaluations"].toInt(), entries);
}

void TestCliQuantization::sensitivityByTraces() {
    const QString project = fresh_folder("sensitivity") + "p.widthwise";
    const QStringList small{"sensitivity", "demo", "--data", "demo", "--limit", "32", "--widths", "2,8"};
    const QJsonObject document =
        run_json(small + QStringList{"--hessian", "8", "--project", project, "--json"});
    QVERIFY(QFile::exists(project));
    QVERIFY(document["baseline_loss"].toDouble() > 0);
    for (const QJsonValue& layer : document["layers"].toArray()) {
        const QJsonArray weights = layer["weights"].toArray(), activations = layer["activations"].toArray();
        QVERIFY(activations[0]["loss"].isDouble() && activations[0]["hessian"].isNull());
        if (weights.isEmpty()) continue;
        QVERIFY(layer["hessian_trace"].toDouble() > layer["hessian_trace_error"].toDouble());
        QVERIFY(weights[0]["hessian"].toDouble() > 10 * weights[1]["hessian"].toDouble());
        QVERIFY(weights[1]["hessian"].toDouble() > 0);
    }
    // Before anything is measured.
    const CliRun other = run_cli({"sensitivity", "zoo:tiny", "--data", "demo", "--project", project});
    QVERIFY(other.code != 0);

    for (const char* metric : {"top1", "loss", "kl", "sqnr", "hessian"}) {
        const CliRun table = run_cli(small + QStringList{"--metric", metric, "--hessian"});
        QCOMPARE(table.code, 0);
        QVERIFY(table.out.contains("W2"));
        QCOMPARE(table.out.contains("A2"), QByteArray(metric) != "hessian");
    }
    const CliRun no_traces = run_cli(small + QStringList{"--metric", "hessian"});
    QCOMPARE(no_traces.code, 2);
    QVERIFY(no_traces.err.contains("--hessian"));
    QCOMPARE(run_cli(small + QStringList{"--hessian", "1"}).code, 2);
    QCOMPARE(run_cli(small + QStringList{"--metric", "top7"}).code, 2);
}

void TestCliQuantization::exportsComeBack_data() {
    QTest::addColumn<QString>("format");
    QTest::addColumn<QString>("bits");
    QTest::newRow("qdq w8a8") << "qdq"
                              << "w8a8";
    QTest::newRow("qonnx w8a8") << "qonnx"
                                << "w8a8";
    QTest::newRow("qonnx w4a6") << "qonnx"
                                << "w4a6";
    QTest::newRow("qdq codebook") << "qdq"
                                  << "wcb4 a8";
    QTest::newRow("qonnx codebook") << "qonnx"
                                    << "wcb4 a8";
    QTest::newRow("float") << "float"
                           << "w8a8";
}

void TestCliQuantization::exportsComeBack() {
    QFETCH(QString, format);
    QFETCH(QString, bits);
    const QString file = fresh_folder("export") + "net.onnx";
    const QJsonObject written = run_json(
        {"export", "demo", "--bits", bits, "--data", "demo", "--format", format, "-o", file, "--json"});
    QCOMPARE(written["path"].toString(), file);
    QCOMPARE(written["format"].toString(), format);
    QCOMPARE(written["bytes"].toInteger(), static_cast<qint64>(read_file(file.toStdString()).size()));
    const bool real = format == "float";
    const QJsonObject inspected = run_json({"inspect", file, "--json"});
    if (real)
        QVERIFY(inspected["quantized"].isNull());
    else
        QCOMPARE(inspected["quantized"].toString(), bits);
    // Without a DESIGN it runs as it is quantized.
    const QStringList again{"evaluate", file, "--data", "demo", "--limit", "64", "--json"};
    const QStringList same = k_small + (real ? QStringList{} : QStringList{"--bits", bits});
    QCOMPARE(predictions(again), predictions(same));
    const QJsonObject own = run_json({"cost", file, "--target", "asic-45nm", "--json"});
    const QJsonObject asked =
        run_json({"cost", "demo", "--bits", real ? "float" : bits, "--target", "asic-45nm", "--json"});
    QCOMPARE(own["bops"].toDouble(), asked["bops"].toDouble());
    // ... and any other design can take its place.
    QCOMPARE(run_json(again + QStringList{"--bits", "float"})["layers"][0]["execution"].toString(), "float");
}

void TestCliQuantization::exportRefusesWhatTheFormatCannotHold() {
    const QString folder = fresh_folder("refused");
    expect_error(run_cli({"export", "demo", "--bits", "bf16", "--data", "demo", "--format", "qdq", "-o",
                          folder + "net.onnx"}),
                 3, {"bfloat16"});
    QVERIFY(files_in(folder).isEmpty());
    expect_error(run_cli({"export", "demo", "--bits", "w8a8", "--data", "demo", "--format", "tflite", "-o",
                          folder + "net.onnx"}),
                 2, {"--format"});
    expect_error(run_cli({"export", "demo", "--bits", "w8a8", "--data", "demo", "--format", "qdq", "-o",
                          folder + "no/such/net.onnx"}),
                 4, {"net.onnx"});
}

void TestCliQuantization::formats() {
    const QJsonArray formats = run_json({"formats", "--json"})["formats"].toArray();
    QMap<QString, QJsonObject> by_name;
    for (const QJsonValue& format : formats) by_name[format["name"].toString()] = format.toObject();
    // OCP OFP8 1.0, table 1: largest normal numbers and smallest subnormal ones.
    QCOMPARE(by_name["float8_e4m3"]["highest"].toDouble(), 448.0);
    QCOMPARE(by_name["float8_e4m3"]["smallest_step"].toDouble(), 0x1p-9);
    QCOMPARE(by_name["float8_e5m2"]["highest"].toDouble(), 57344.0);
    QCOMPARE(by_name["float8_e5m2"]["smallest_step"].toDouble(), 0x1p-16);
    QCOMPARE(by_name["float16"]["highest"].toDouble(), 65504.0);
    QCOMPARE(by_name["uint8"]["levels"].toInt(), 256);
    QCOMPARE(by_name["int4"]["levels"].toInt(), 15);
    QCOMPARE(by_name["ternary"]["storage_bits"].toInt(), 2);
    QCOMPARE(by_name["binary"]["levels"].toInt(), 2);
    QCOMPARE(by_name["codebook4"]["levels"].toInt(), 16);
    QVERIFY(by_name["codebook4"]["highest"].isNull()); // its layer's own
    for (const char* name : {"float32", "bfloat16", "int16", "uint2", "fixed8.4", "dynamic fixed8", "log4"})
        QVERIFY2(by_name.contains(name), name);
    QCOMPARE(run_cli({"formats"}).code, 0);
}

void TestCliQuantization::wrongOptions_data() {
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QString>("word");
    const auto row = [](const char* name, const QStringList& options, const char* word) {
        QTest::newRow(name) << options << word;
    };
    row("pass", {"--pass", "equalise"}, "equalize");
    row("overflow", {"--overflow", "warp"}, "wrap");
    row("accumulator 1", {"--accumulator-bits", "1"}, "--accumulator-bits");
    row("accumulator 33", {"--accumulator-bits", "33"}, "--accumulator-bits");
    row("requantization", {"--requantization", "shift"}, "power_of_two_shift");
    row("rounding", {"--requantization", "integer_multiplier:up"}, "half_up");
    row("float rounding", {"--requantization", "float:floor"}, "half_even");
    row("weights range", {"--weights-range", "max"}, "minmax");
    row("dynamic weights", {"--weights-range", "dynamic"}, "--weights-range");
    row("percentile", {"--activations-range", "percentile:3"}, "percentile");
    row("dynamic 4 bits", {"--activations-range", "dynamic", "--bits", "w4a4"}, "dynamic");
    row("type", {"--bits", "wlog9a8"}, "wlog9a8");
    row("decide", {"--decide-within", "0"}, "--decide-within");
    row("budget", {"--memory-budget", "-1"}, "--memory-budget");
    row("images alone", {"--diagnostics-images", "3"}, "--diagnostics");
}

void TestCliQuantization::wrongOptions() {
    QFETCH(QStringList, options);
    QFETCH(QString, word);
    const QStringList bits = options.contains("--bits") ? QStringList{} : QStringList{"--bits", "w8a8"};
    expect_error(run_cli(QStringList{"evaluate", "demo", "--data", "demo"} + bits + options), 2, {word});
}

void TestCliQuantization::wrongDesigns_data() {
    QTest::addColumn<QByteArray>("members");
    QTest::addColumn<QString>("word");
    const auto row = [](const char* name, const char* members, const char* word) {
        QTest::newRow(name) << QByteArray(members) << word;
    };
    row("group", R"("default": {"weights": {"granularity": "group:0"}})", "granularity");
    row("pass", R"("passes": ["adarond"])", "adaround");
    row("requantization", R"("requantization": {"mode": "exact"})", "requantization.mode");
    row("accumulator", R"("default": {"accumulator": {"bits": 64}})", "accumulator.bits");
    row("type", R"("default": {"weights": {"type": "int4"}})", "int4");
    row("values", R"("layers": {"stem/conv": {"values": {"weights": "AAAA", "bias": ""}}})", "values");
}

void TestCliQuantization::wrongDesigns() {
    QFETCH(QByteArray, members);
    QFETCH(QString, word);
    const QString file = fresh_folder("designs") + "d.json";
    write_file(file.toStdString(), (R"({"format": "widthwise-design/1", )" + members + "}").toStdString());
    expect_error(run_cli({"evaluate", "demo", "--data", "demo", "--design", file}), 3, {"d.json", word});
}

QTEST_GUILESS_MAIN(TestCliQuantization)
#include "tst_cli_quantization.moc"
