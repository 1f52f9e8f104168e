// Real networks on real images, as a script would run them: float agrees with ONNX Runtime, integers with
// themselves.

#include "tests/cli/cli_process.h"

#include <cmath>
#include <cstring>

using namespace widthwise::test;

namespace {

QString model(const QString& name) {
    return QString::fromStdString((data_dir() / "models" / name.toStdString()).string()) + ".onnx";
}
QString data(const QString& card) {
    return QString::fromStdString((data_dir() / card.toStdString()).string()) + ".json";
}

QList<QByteArray> lines_of(const std::filesystem::path& file) {
    return QByteArray::fromStdString(read_file(file)).trimmed().split('\n');
}

/// Lines that differ; -1 when the files cover different images.
int differences(const QList<QByteArray>& ours, const QList<QByteArray>& theirs) {
    if (ours.size() != theirs.size()) return -1;
    int count = 0;
    for (int i = 0; i < ours.size(); ++i) count += ours[i].trimmed() != theirs[i].trimmed();
    return count;
}

/// The numbers of a float32 .npy file of format 1.0.
std::vector<float> npy_values(const std::filesystem::path& file) {
    const std::string bytes = read_file(file);
    if (bytes.size() < 10) return {};
    const size_t header =
        10 + static_cast<unsigned char>(bytes[8]) + size_t{256} * static_cast<unsigned char>(bytes[9]);
    std::vector<float> values((bytes.size() - header) / sizeof(float));
    std::memcpy(values.data(), bytes.data() + header, values.size() * sizeof(float));
    return values;
}

QJsonObject resnet20(const QStringList& more, const CliSetup& setup = {}) {
    const CliRun run = run_cli(
        QStringList{"evaluate", model("resnet20"), "--data", data("cifar10/test"), "--json"} + more, setup);
    if (run.code != 0) qWarning("%s", run.err.constData());
    return run.json();
}

} // namespace

class TestCliNetworks : public QObject {
    Q_OBJECT
private slots:
    void floatAgreesWithOnnxRuntime_data();
    void floatAgreesWithOnnxRuntime();
    void accuracyFollowsTheBits_data();
    void accuracyFollowsTheBits();
    void savedDesignsAreExactOnEveryInstructionSet();
    void sharedAndSparseWeightsAreSeen();
};

void TestCliNetworks::floatAgreesWithOnnxRuntime_data() {
    QTest::addColumn<QString>("network");
    QTest::addColumn<QString>("card");
    QTest::addColumn<QString>("reference");
    const auto row = [](const char* network, const char* card, const char* reference) {
        QTest::newRow(reference) << network << card << reference;
    };
    row("resnet8", "cifar10/test-raw255", "resnet8-cifar10-test");
    row("resnet20", "cifar10/test", "resnet20-cifar10-test");
    row("resnet32", "cifar10/test", "resnet32-cifar10-test");
    row("mobilenet-cifar", "cifar10-jpeg/test", "mobilenet-cifar-cifar10-jpeg-test");
    row("vww-mobilenet", "vww/test", "vww-mobilenet-vww-test");
    row("mnist-cnn", "mnist/test", "mnist-cnn-mnist-test");
    row("squeezenet", "imagenet-sample/caffe227", "squeezenet-imagenet-sample");
}

void TestCliNetworks::floatAgreesWithOnnxRuntime() {
    QFETCH(QString, network);
    QFETCH(QString, card);
    QFETCH(QString, reference);
    const auto expected = reference_dir() / "ort" / (reference.toStdString() + ".csv");
    WIDTHWISE_NEED(expected);
    const QString folder = fresh_folder("ort");
    const CliRun run = run_cli({"evaluate", model(network), "--data", data(card), "--json", "--predictions",
                                folder + "p.csv", "--logits", folder + "l.npy"});
    QVERIFY2(run.code == 0, run.err.constData());
    const QList<QByteArray> ours = lines_of((folder + "p.csv").toStdString());
    const int differing = differences(ours, lines_of(expected));
    QVERIFY(differing >= 0);
    QVERIFY2(differing <= std::max(1, static_cast<int>(ours.size() / 1000)),
             qPrintable(QString::number(differing)));

    const auto first64 = reference_dir() / "ort" / (reference.toStdString() + "-first64.npy");
    if (!std::filesystem::exists(first64)) return; // the reference has outputs of three networks only
    const std::vector<float> outputs = npy_values((folder + "l.npy").toStdString()),
                             theirs = npy_values(first64);
    QVERIFY(!theirs.empty() && outputs.size() >= theirs.size());
    for (size_t i = 0; i < theirs.size(); ++i) QVERIFY(std::abs(outputs[i] - theirs[i]) < 1e-3F);
}

void TestCliNetworks::accuracyFollowsTheBits_data() {
    QTest::addColumn<QString>("bits");
    QTest::addColumn<double>("lowest");
    QTest::addColumn<double>("highest");
    QTest::newRow("w8a8") << "w8a8" << -0.005 << 1.0;
    QTest::newRow("w4a4") << "w4a4" << -0.25 << 0.0;
    QTest::newRow("w3a5") << "w3a5" << -0.4 << -0.01;
    QTest::newRow("w2a2") << "w2a2" << -1.0 << -0.32; // below 60 %
}

void TestCliNetworks::accuracyFollowsTheBits() {
    QFETCH(QString, bits);
    QFETCH(double, lowest);
    QFETCH(double, highest);
    WIDTHWISE_NEED(data_dir());
    const QJsonObject document = resnet20({"--calibration", data("cifar10/train"), "--bits", bits});
    const double change = document["delta_top1"].toDouble(-2);
    QVERIFY2(change >= lowest && change <= highest, qPrintable(QString::number(change)));
    int weighted = 0;
    for (const QJsonValue& layer : document["layers"].toArray()) {
        if (layer["weight_sqnr_db"].isNull()) continue;
        ++weighted;
        QCOMPARE(layer["execution"].toString(), "int8");
    }
    QCOMPARE(weighted, 20); // 19 convolutions and the classifier
}

void TestCliNetworks::savedDesignsAreExactOnEveryInstructionSet() {
    WIDTHWISE_NEED(data_dir());
    const QString folder = fresh_folder("isa");
    QVERIFY(!resnet20({"--bits", "w4a5", "--save-design", folder + "d.json"}).isEmpty());
    const QStringList again{"--design", folder + "d.json", "--predictions"};
    QVERIFY(!resnet20(again + QStringList{folder + "native.csv"}).isEmpty());
    const QList<QByteArray> native = lines_of((folder + "native.csv").toStdString());
    QCOMPARE(native.size(), 847);
    for (const char* isa : {"SSE41", "AVX2", "AVX512_CORE"}) {
        QVERIFY(!resnet20(again + QStringList{folder + "other.csv"},
                          {.environment = {QStringLiteral("ONEDNN_MAX_CPU_ISA=") + isa}})
                     .isEmpty());
        QVERIFY2(differences(lines_of((folder + "other.csv").toStdString()), native) == 0, isa);
    }
}

/// As its authors published it: codebooks of 256 levels, a third of the 3x3 weights, 675,763 bytes.
void TestCliNetworks::sharedAndSparseWeightsAreSeen() {
    const auto file = data_dir() / "models/squeezenet.onnx";
    WIDTHWISE_NEED(file);
    const QString path = QString::fromStdString(file.string());
    const CliRun run = run_cli({"inspect", path, "--json"});
    QCOMPARE(run.code, 0);
    const QJsonObject document = run.json();
    int weighted = 0;
    for (const QJsonValue& layer : document["layers"].toArray()) {
        if (!layer["weighted"].toBool()) {
            QVERIFY(layer["density"].isNull() && layer["distinct_weights"].isNull());
            continue;
        }
        ++weighted;
        QCOMPARE(layer["distinct_weights"].toInt(), 256);
        const double density = layer["density"].toDouble();
        if (layer["name"].toString().contains("3x3")) QVERIFY(density > 0.29 && density < 0.34);
    }
    QCOMPARE(weighted, 26);
    const QJsonObject bytes = document["stored_bytes"].toObject();
    const double sparse = bytes["sparse"].toDouble();
    QVERIFY(std::abs(sparse / 675763 - 1) < 0.02);
    QVERIFY(bytes["huffman"].toDouble() < sparse && sparse < bytes["dense"].toDouble());
    QVERIFY(run_cli({"inspect", path}).out.contains("26 layers share at most 256 values"));
    // Untrained networks have no weights to look at.
    const QJsonObject untrained = run_cli({"inspect", "zoo:vgg16", "--json"}).json();
    QVERIFY(untrained.contains("stored_bytes") && untrained["stored_bytes"].isNull());
}

QTEST_GUILESS_MAIN(TestCliNetworks)
#include "tst_cli_networks.moc"
