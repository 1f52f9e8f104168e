// Every bad input is one line on stderr with the documented exit code, nothing on stdout and no file left
// behind.

#include "tests/cli/cli_process.h"
#include "tests/cli/onnx_bytes.h"

#include <QFileInfo>

#include <sqlite3.h>

using namespace widthwise::test;

namespace {

std::string idx(uint8_t dimensions, const std::vector<uint32_t>& sizes, size_t bytes) {
    std::string file{'\0', '\0', '\x08', static_cast<char>(dimensions)};
    for (const uint32_t size : sizes)
        for (const int shift : {24, 16, 8, 0}) file += static_cast<char>(size >> shift & 0xFF);
    return file + std::string(bytes, '\x01');
}

/// A card of `images` 28 x 28 images and `labels` labels.
QString idx_card(const QString& folder, uint32_t images, uint32_t labels) {
    write_file((folder + "i").toStdString(), idx(3, {images, 28, 28}, size_t{images} * 28 * 28));
    write_file((folder + "l").toStdString(), idx(1, {labels}, labels));
    write_file((folder + "card.json").toStdString(), R"({"format":"idx","images":"i","labels":"l"})");
    return folder + "card.json";
}

} // namespace

class TestCliErrors : public QObject {
    Q_OBJECT
private slots:
    void wrongUsage_data();
    void wrongUsage();
    void badModels_data();
    void badModels();
    void truncatedModels();
    void unsupportedOpIsNamed();
    void badCards();
    void modelAndDataDisagree();
    void badDesigns_data();
    void badDesigns();
    void unknownLayerGivesNearNames();
    void badTargets();
    void badProjects();
    void foldersThatTakeNoFile_data();
    void foldersThatTakeNoFile();
    void fullDisk();
    void cancelledTrainingKeepsItsCheckpointOnly();
    void cancelledEvaluationLeavesNothing();
};

void TestCliErrors::wrongUsage_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("word");
    QTest::newRow("no command") << QStringList{} << "--help";
    QTest::newRow("unknown command") << QStringList{"evaluat"} << "--help";
    QTest::newRow("no model") << QStringList{"inspect"} << "MODEL";
    QTest::newRow("no data") << QStringList{"evaluate", "demo"} << "--data";
    QTest::newRow("no target") << QStringList{"cost", "demo"} << "--target";
    QTest::newRow("unknown option") << QStringList{"inspect", "demo", "--jsn"} << "--jsn";
    QTest::newRow("negative limit") << QStringList{"evaluate", "demo", "--data", "demo", "--limit", "-1"}
                                    << "--limit";
    QTest::newRow("no calibration") << QStringList{"evaluate", "demo", "--data", "demo", "--calibrate", "0"}
                                    << "--calibrate";
    QTest::newRow("bits") << QStringList{"cost", "demo", "--target", "eyeriss", "--bits", "8"} << "w8a8";
    QTest::newRow("too many bits") << QStringList{"cost", "demo", "--target", "eyeriss", "--bits", "w99a8"}
                                   << "w99a8";
    QTest::newRow("codebook of activations")
        << QStringList{"cost", "demo", "--target", "eyeriss", "--bits", "w8acb4"}
        << "codebooks are for weights";
    QTest::newRow("bits and design") << QStringList{"cost",   "demo", "--target", "eyeriss",
                                                    "--bits", "w8a8", "--design", "x"}
                                     << "--design";
    QTest::newRow("layer form") << QStringList{"cost", "demo", "--target", "eyeriss", "--layer", "w8a8"}
                                << "w8a8";
    QTest::newRow("batch") << QStringList{"cost", "demo", "--target", "eyeriss", "--batch", "0"} << "--batch";
    QTest::newRow("epochs") << QStringList{"train", "zoo:demo", "--data", "demo", "--epochs", "0"}
                            << "--epochs";
    const QStringList train{"train", "demo", "--data", "demo:train"};
    const auto training = [&](const char* name, const QStringList& more, const char* word) {
        QTest::newRow(name) << train + more << word;
    };
    training("no epochs", {}, "--epochs");
    training("design without qat", {"--epochs", "1", "--bits", "w4a4"}, "--qat");
    training("qat without design", {"--epochs", "1", "--qat"}, "--bits");
    training("qat and meta", {"--epochs", "1", "--qat", "--meta"}, "--meta");
    training("meta's option alone", {"--epochs", "1", "--meta-bits", "2,3"}, "--meta");
    training("meta-trained and pruned", {"--epochs", "1", "--meta", "--prune", "0.5"}, "--prune");
    training("meta width", {"--epochs", "1", "--meta", "--meta-bits", "2,77"}, "--meta-bits");
    training("resume from nowhere", {"--epochs", "1", "--resume"}, "--checkpoint");
    training("meta resumed", {"--epochs", "1", "--meta", "--resume", "-o", "/tmp/x.onnx"}, "--resume");
    training("pruning", {"--epochs", "1", "--prune", "most"}, "low-rank");
    training("pruning share", {"--epochs", "1", "--prune", "1.5"}, "1.5");
    training("optimizer", {"--epochs", "1", "--optimizer", "lion"}, "--optimizer");
    training("schedule", {"--epochs", "1", "--schedule", "linear"}, "--schedule");
    training("weight scales", {"--epochs", "1", "--weight-scales", "pact"}, "--weight-scales");
    training("momentum", {"--epochs", "1", "--momentum", "1"}, "momentum");
    training("nesterov", {"--epochs", "1", "--nesterov", "--optimizer", "adam"}, "SGD");
    training("smoothing", {"--epochs", "1", "--label-smoothing", "1"}, "--label-smoothing");
    training("split", {"--epochs", "1", "--validation-split", "1"}, "--validation-split");
    training("bf16 with qat", {"--epochs", "1", "--qat", "--bits", "w4a4", "--compute", "bf16"}, "bf16");
    training("negative steps", {"--steps", "-1"}, "--steps");
    training("negative rate", {"--steps", "1", "--learning-rate", "-1"}, "'-1' is no number above 0");
    training("epochs and steps", {"--epochs", "1", "--steps", "2"}, "--epochs");
    training("two validations", {"--epochs", "1", "--validation", "demo", "--validation-split", "0.1"},
             "--validation-split");
    training("patience with nothing to see", {"--epochs", "1", "--patience", "2"}, "--patience");
    training("batch norm without qat", {"--epochs", "1", "--batch-norm", "fold"}, "--qat");
    training("scales without qat", {"--epochs", "1", "--activation-scales", "pact"}, "--activation-scales");
    training("calibration without qat", {"--epochs", "1", "--calibration", "demo"}, "--calibration");
    training("checkpoint steps without a file", {"--epochs", "1", "--checkpoint-steps", "2"}, "--checkpoint");
    training("meta validated", {"--epochs", "1", "--meta", "--validation", "demo"}, "--validation");
    training("meta re-estimated", {"--epochs", "1", "--meta", "--reestimate", "8"}, "--reestimate");
    training("narrow accumulators", {"--epochs", "1", "--qat", "--bits", "w4a4", "--accumulator-bits", "16"},
             "accumulators");
}

void TestCliErrors::wrongUsage() {
    QFETCH(QStringList, arguments);
    QFETCH(QString, word);
    expect_error(run_cli(arguments), 2, {word});
}

void TestCliErrors::badModels_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("word");
    const auto row = [](const char* name, const std::string& bytes, const char* word) {
        QTest::newRow(name) << QByteArray::fromStdString(bytes) << word;
    };
    row("empty", "", "");
    row("text", "this is no network\n", "");
    row("random", std::string("\x93\x11\xff\x00\x81\x7f\x03\x44", 8), "");
    row("cyclic",
        model_bytes({.nodes = {node("Relu", "first", {"b"}, {"a"}), node("Relu", "second", {"a"}, {"b"}),
                               node("Add", "third", {"x", "a"}, {"y"})}}),
        "");
    row("dangling", model_bytes({.nodes = {node("Relu", "lonely", {"nothing"}, {"y"})}}), "nothing");
    row("huge",
        model_bytes({.nodes = {node("Relu", "r", {"x"}, {"y"})}, .shape = {1, 1 << 30, 1 << 30, 1 << 30}}),
        "");
    row("negative", model_bytes({.nodes = {node("Relu", "r", {"x"}, {"y"})}, .shape = {1, 3, -7, 32}}), "");
    row("text input",
        model_bytes({.nodes = {node("Identity", "r", {"x"}, {"y"})}, .type = ElementType::text}), "");
    const Message weights =
        Message().number(1, 3).number(1, 3).number(2, 1).text(8, "w").text(9, std::string(4, '\0'));
    row("size contradicts data",
        model_bytes({.nodes = {node("Add", "sum", {"x", "w"}, {"y"})}, .initializers = {weights}}), "w");
    const Message outside = Message()
                                .number(1, 1)
                                .number(2, 1)
                                .text(8, "w")
                                .message(13, Message().text(1, "location").text(2, "../../../../etc/passwd"))
                                .number(14, 1);
    row("external data outside",
        model_bytes({.nodes = {node("Add", "sum", {"x", "w"}, {"y"})}, .initializers = {outside}}), "passwd");
}

void TestCliErrors::badModels() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, word);
    const QString file = fresh_folder("model") + "bad.onnx";
    write_file(file.toStdString(), bytes.toStdString());
    for (const QStringList& arguments :
         {QStringList{"inspect", file, "--json"}, QStringList{"evaluate", file, "--data", "demo", "--json"}})
        expect_error(run_cli(arguments), 3, {"bad.onnx", word});
}

void TestCliErrors::truncatedModels() {
    const QString folder = fresh_folder("truncated");
    QCOMPARE(run_cli({"zoo", "demo", "-o", folder + "whole.onnx"}).code, 0);
    const std::string whole = read_file((folder + "whole.onnx").toStdString());
    QVERIFY(whole.size() > 1000);
    for (const double share : {0.01, 0.3, 0.7, 0.999}) {
        write_file((folder + "cut.onnx").toStdString(),
                   std::string_view(whole).substr(
                       0, static_cast<size_t>(share * static_cast<double>(whole.size()))));
        expect_error(run_cli({"inspect", folder + "cut.onnx"}), 3, {"cut.onnx"});
    }
    expect_error(run_cli({"inspect", folder + "missing.onnx"}), 3, {"missing.onnx"});
    expect_error(run_cli({"inspect", folder}), 3, {"folder"});
    expect_error(run_cli({"inspect", "zoo:demoo"}), 3, {"demo"});
}

void TestCliErrors::unsupportedOpIsNamed() {
    const QString file = fresh_folder("unsupported") + "sine.onnx";
    write_file(file.toStdString(), model_bytes({.nodes = {node("Relu", "before", {"x"}, {"m"}),
                                                          node("Sin", "the_sine", {"m"}, {"n"}),
                                                          node("Relu", "after", {"n"}, {"y"})}}));
    const CliRun inspected = run_cli({"inspect", file, "--json"});
    QCOMPARE(inspected.code, 0);
    QCOMPARE(inspected.json()["layers"].toArray().size(), 3);
    const QJsonArray unsupported = inspected.json()["unsupported"].toArray();
    QCOMPARE(unsupported.size(), 1);
    QCOMPARE(unsupported[0]["name"].toString(), "the_sine");
    QCOMPARE(unsupported[0]["op"].toString(), "Sin");
    QVERIFY(!unsupported[0]["why"].toString().isEmpty());
    expect_error(run_cli({"evaluate", file, "--data", "demo"}), 3, {"Sin", "the_sine"});
}

void TestCliErrors::badCards() {
    const QString folder = fresh_folder("cards");
    const auto evaluate = [](const QString& data) {
        return run_cli({"evaluate", "zoo:demo", "--data", data});
    };
    expect_error(evaluate(folder + "missing.json"), 3, {"missing.json"});
    write_file((folder + "broken.json").toStdString(), "{\"format\": ");
    expect_error(evaluate(folder + "broken.json"), 3, {"broken.json"});
    write_file((folder + "key.json").toStdString(), R"({"format":"idx","images":"i","labels":"l","menn":1})");
    expect_error(evaluate(folder + "key.json"), 3, {"menn", "mean"});
    expect_error(evaluate(idx_card(folder, 3, 2)), 3, {"3", "2"});
    expect_error(evaluate(idx_card(folder, 0, 0)), 3, {});
    idx_card(folder, 3, 3);
    write_file((folder + "i").toStdString(), idx(3, {3, 28, 28}, 1000));
    expect_error(evaluate(folder + "card.json"), 3, {});
}

void TestCliErrors::modelAndDataDisagree() {
    const QString card = idx_card(fresh_folder("fit"), 4, 4);
    expect_error(run_cli({"evaluate", "zoo:demo", "--data", card}), 3, {"1x3x32x32", "1x1x28x28"});
    expect_error(run_cli({"evaluate", "zoo:demo", "--data", "demo", "--bits", "w8a8", "--calibration", card}),
                 3, {"1x1x28x28"});
    expect_error(run_cli({"train", "zoo:demo", "--data", card, "--epochs", "1"}), 3, {"1x1x28x28"});
    expect_error(run_cli({"evaluate", "zoo:demo@classes=4", "--data", "demo"}), 3, {"4 classes"});
}

void TestCliErrors::badDesigns_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("empty") << QByteArray("");
    QTest::newRow("not json") << QByteArray("w8a8");
    QTest::newRow("other format") << QByteArray(R"({"format":"widthwise-target/1"})");
    QTest::newRow("unknown key") << QByteArray(R"({"format":"widthwise-design/1","defult":{}})");
    QTest::newRow("bits") << QByteArray(
        R"({"format":"widthwise-design/1","default":{"weights":{"bits":0}}})");
    QTest::newRow("deep") << QByteArray(R"({"format":"widthwise-design/1","default":)") +
                                 QByteArray(200000, '[');
    QTest::newRow("layer") << QByteArray(
        R"({"format":"widthwise-design/1","layers":{"nowhere":{"weights":{"bits":4}}}})");
}

void TestCliErrors::badDesigns() {
    QFETCH(QByteArray, text);
    const QString file = fresh_folder("designs") + "d.json";
    write_file(file.toStdString(), text.toStdString());
    expect_error(run_cli({"evaluate", "zoo:demo", "--data", "demo", "--design", file}), 3, {"d.json"});
}

void TestCliErrors::unknownLayerGivesNearNames() {
    const QJsonArray layers = run_cli({"inspect", "zoo:demo", "--json"}).json()["layers"].toArray();
    QString name;
    for (const QJsonValue& layer : layers)
        if (layer["quantizable"].toBool() && name.isEmpty()) name = layer["name"].toString();
    QVERIFY(name.size() > 2);
    const QString wrong = name.chopped(1) + "_";
    expect_error(run_cli({"cost", "zoo:demo", "--target", "eyeriss", "--layer", wrong + "=w4a4"}), 3,
                 {wrong, name});
}

void TestCliErrors::badTargets() {
    const QString file = fresh_folder("targets") + "t.json";
    expect_error(run_cli({"cost", "demo", "--target", "eyeris"}), 3, {"eyeriss"});
    write_file(file.toStdString(), R"({"format":"widthwise-target/1","name":"x","clok_hz":1})");
    expect_error(run_cli({"cost", "demo", "--target", file}), 3, {"clok_hz"});
    write_file(file.toStdString(), "{");
    expect_error(run_cli({"cost", "demo", "--target", file}), 3, {"t.json"});
}

void TestCliErrors::badProjects() {
    const QString folder = fresh_folder("projects");
    expect_error(run_cli({"report", folder + "none.widthwise", "-o", folder + "r.html"}), 3,
                 {"none.widthwise"});
    write_file((folder + "text.widthwise").toStdString(), std::string(5000, 'x'));
    expect_error(run_cli({"report", folder + "text.widthwise", "-o", folder + "r.html"}), 3,
                 {"text.widthwise"});
    const QStringList evaluate{"evaluate", "demo", "--data",    "demo",
                               "--limit",  "8",    "--project", folder + "p.widthwise"};
    QCOMPARE(run_cli(evaluate).code, 0);
    expect_error(run_cli({"evaluate", "zoo:demo", "--data", "demo", "--limit", "8", "--project",
                          folder + "p.widthwise"}),
                 3, {"another network"});

    sqlite3* database = nullptr;
    QCOMPARE(sqlite3_open((folder + "p.widthwise").toUtf8().constData(), &database), SQLITE_OK);
    QCOMPARE(sqlite3_exec(database, "PRAGMA user_version = 4000", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
    expect_error(run_cli(evaluate), 3, {"newer", "p.widthwise"});
    expect_error(run_cli({"report", folder + "p.widthwise", "-o", folder + "r.html"}), 3, {"newer"});
    QVERIFY(!QFileInfo::exists(folder + "r.html"));
}

void TestCliErrors::foldersThatTakeNoFile_data() {
    QTest::addColumn<QString>("path");
    QTest::newRow("missing folder") << fresh_folder("gone") + "no/such/folder/out";
    QTest::newRow("read-only folder") << "/proc/out"; // for root too
    QTest::newRow("a folder") << fresh_folder("folder");
}

void TestCliErrors::foldersThatTakeNoFile() {
    QFETCH(QString, path);
    const QStringList evaluate{"evaluate", "zoo:demo", "--data", "demo", "--limit", "8"};
    for (const char* option : {"--save-design", "--predictions", "--logits", "--project"})
        expect_error(run_cli(evaluate + QStringList{option, path}),
                     option == QStringLiteral("--project") && QFileInfo(path).isDir() ? 3 : 4, {path});
    expect_error(run_cli({"zoo", "demo", "-o", path}), 4, {path});
    expect_error(run_cli({"train", "zoo:demo", "--data", "demo", "--epochs", "1", "-o", path}), 4, {path});
}

void TestCliErrors::fullDisk() {
    const QStringList evaluate{"evaluate", "zoo:demo", "--data", "demo", "--limit", "8", "--bits", "w8a8"};
    expect_error(run_cli(evaluate + QStringList{"--save-design", "/dev/full"}), 4, {"/dev/full", "space"});
    const CliRun silent = run_cli(evaluate + QStringList{"--json"}, {.stdout_file = "/dev/full"});
    QCOMPARE(silent.code, 4);
    QVERIFY(silent.error_line().startsWith("widthwise-cli: error: "));

    const QString folder = fresh_folder("full");
    write_file((folder + "old.onnx").toStdString(), "old");
    expect_error(run_cli({"zoo", "demo", "-o", folder + "old.onnx"}, {.file_size_limit = 4096}), 4,
                 {"old.onnx"});
    QCOMPARE(read_file((folder + "old.onnx").toStdString()), "old");
    expect_error(
        run_cli(evaluate + QStringList{"--project", folder + "p.widthwise"}, {.file_size_limit = 4096}), 4,
        {"p.widthwise"});
    // What was stored before the disk filled up is still there.
    QFile::remove(folder + "p.widthwise");
    QCOMPARE(run_cli(evaluate + QStringList{"--project", folder + "q.widthwise"}).code, 0);
    const qint64 room = QFileInfo(folder + "q.widthwise").size() / 2; // less than a design takes
    expect_error(
        run_cli(evaluate + QStringList{"--project", folder + "q.widthwise"}, {.file_size_limit = room}), 4,
        {"q.widthwise"});
    const CliRun report = run_cli({"report", folder + "q.widthwise", "-o", folder + "r.json", "--json"});
    QCOMPARE(report.code, 0);
    QCOMPARE(report.json()["designs"].toInt(), 1);
    for (const QString& name : files_in(folder)) QVERIFY2(!name.startsWith('.'), qPrintable(name));
}

void TestCliErrors::cancelledTrainingKeepsItsCheckpointOnly() {
    const QString folder = fresh_folder("cancelled");
    const CliRun run = interrupt_cli(
        {"train", "zoo:demo", "--data", "demo:train", "--epochs", "1000", "-o", folder + "t.onnx"});
    QCOMPARE(run.code, 130);
    QVERIFY2(run.out.isEmpty(), run.out.constData());
    QCOMPARE(files_in(folder), QStringList{"t.onnx.checkpoint"});
    QVERIFY(run.err.contains("--resume"));
}

void TestCliErrors::cancelledEvaluationLeavesNothing() {
    const QString folder = fresh_folder("stopped");
    const CliRun run =
        interrupt_cli({"evaluate", "zoo:demo@width=4", "--data", "demo:train", "--bits", "w4a4", "--json",
                       "--predictions", folder + "p.csv", "--save-design", folder + "d.json"});
    QCOMPARE(run.code, 130);
    QVERIFY2(run.out.isEmpty(), run.out.constData());
    QCOMPARE(files_in(folder), QStringList{});
}

QTEST_GUILESS_MAIN(TestCliErrors)
#include "tst_cli_errors.moc"
