// The built-in networks on the command line: compared, shown and written.

#include "tests/cli/cli_process.h"

#include <QTest>

using namespace widthwise;
using namespace widthwise::test;

namespace {

QJsonObject run_json(const QStringList& arguments) {
    const CliRun run = run_cli(arguments);
    if (run.code != 0) qFatal("%s", run.err.constData());
    return run.json();
}

} // namespace

class TestCliZoo : public QObject {
    Q_OBJECT
private slots:
    void allAreCompared();
    void oneIsShown();
    void oneIsWritten();
    void whatDoesNotFitIsRefused();
};

void TestCliZoo::allAreCompared() {
    const QJsonArray networks = run_json({"zoo", "--json"})["networks"].toArray();
    QStringList names;
    for (const QJsonValue& value : networks) {
        const QJsonObject network = value.toObject();
        names << network["name"].toString();
        for (const char* key : {"description",
                                "source",
                                "input_shape",
                                "size_unit",
                                "smallest_size",
                                "classes",
                                "conv_layers",
                                "conv_kernels",
                                "conv_channels",
                                "conv_filters",
                                "conv_strides",
                                "conv_weights",
                                "conv_macs",
                                "fc_layers",
                                "fc_channels",
                                "fc_filters",
                                "fc_weights",
                                "fc_macs",
                                "parameters",
                                "running_statistics",
                                "macs",
                                "total_activations",
                                "peak_activations",
                                "published"})
            QVERIFY2(network.contains(key), qPrintable(names.last() + ": " + key));
        QCOMPARE(network["trained"], false);
        QCOMPARE(network["macs"].toInteger(),
                 network["conv_macs"].toInteger() + network["fc_macs"].toInteger());
    }
    for (const char* name : {"alexnet",
                             "vgg11",
                             "vgg16",
                             "googlenet",
                             "resnet8",
                             "resnet18",
                             "resnet20",
                             "resnet32",
                             "resnet50-v1",
                             "resnet50",
                             "resnext50",
                             "mobilenet-v1",
                             "mobilenet-v2",
                             "mobilenet-v3-small",
                             "shufflenet-v1",
                             "shufflenet-v2",
                             "squeezenet-1.0",
                             "squeezenet-1.1",
                             "ds-cnn",
                             "cnv",
                             "lenet5",
                             "ad-autoencoder",
                             "demo"})
        QVERIFY2(names.contains(name), name);
    const QJsonObject vgg = networks[names.indexOf("vgg16")].toObject();
    QCOMPARE(vgg["conv_channels"], (QJsonArray{3, 512}));
    QCOMPARE(vgg["conv_kernels"], (QJsonArray{QJsonArray{3, 3}}));
    QCOMPARE(vgg["fc_weights"].toInteger(), 123633664);
    QCOMPARE(vgg["published"]["top5"].toDouble(), 0.90382);

    const QString text = run_cli({"zoo"}).out;
    for (const QString& name : names) QVERIFY2(text.contains("zoo:" + name), qPrintable(name));
    QVERIFY(text.contains("3-512") && text.contains("15.5 G") && text.contains("71.6 %"));
}

void TestCliZoo::oneIsShown() {
    const QJsonObject network = run_json({"zoo", "mobilenet-v1@size=128,width=0.5", "--json"});
    QCOMPARE(network["input_shape"], (QJsonArray{1, 3, 128, 128}));
    QCOMPARE(network["conv_layers"].toInteger(), 27);
    QVERIFY(network["published"].isNull()); // those figures are of another network
    const QJsonObject inspected = run_json({"inspect", "zoo:mobilenet-v1@size=128,width=0.5", "--json"});
    QCOMPARE(inspected["totals"].toObject()["macs"], network["macs"]);
    QCOMPARE(run_json({"zoo", "lenet5@classes=7", "--json"})["classes"].toInteger(), 7);
    QVERIFY(run_cli({"zoo", "zoo:lenet5"}).out.contains("LeCun"));
}

void TestCliZoo::oneIsWritten() {
    const QString file = fresh_folder("zoo") + "shuffle.onnx";
    const QJsonObject written = run_json({"zoo", "shufflenet-v2@size=64", "-o", file, "--json"});
    QCOMPARE(written["path"].toString(), file);
    QCOMPARE(run_json({"inspect", file, "--json"})["totals"],
             run_json({"inspect", "zoo:shufflenet-v2@size=64", "--json"})["totals"]);
}

void TestCliZoo::whatDoesNotFitIsRefused() {
    expect_error(run_cli({"zoo", "-o", fresh_folder("none") + "x.onnx"}), 2, {"zoo lenet5 -o FILE.onnx"});
    expect_error(run_cli({"zoo", "vgg99"}), 3, {"vgg16"});
    expect_error(run_cli({"zoo", "alexnet@size=40", "-o", fresh_folder("small") + "a.onnx"}), 3,
                 {"size", "67"});
    expect_error(run_cli({"inspect", "zoo:vgg16@size=1024"}), 3, {"2 GiB", "fc6"});
    expect_error(run_cli({"inspect", "zoo:ad-autoencoder@classes=3"}), 3, {"classes"});
}

QTEST_GUILESS_MAIN(TestCliZoo)
#include "tst_cli_zoo.moc"
