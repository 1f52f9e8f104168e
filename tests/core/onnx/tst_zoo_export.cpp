// Every built-in network is a valid ONNX file that comes back as the same network, and it runs; those that
// others have built too have the same layers.

#include "core/base/rng.h"
#include "core/engine/executor.h"
#include "core/graph/layer_work.h"
#include "core/graph/zoo.h"
#include "core/onnx/export.h"
#include "core/onnx/import.h"
#include "tests/core/onnx/graph_difference.h"
#include "tests/support/test_data.h"

#include <algorithm>
#include <cmath>

using namespace widthwise;

namespace {

/// Small enough to run at once.
std::string small(const zoo::Entry& entry) {
    const int64_t size = std::min(entry.size, std::max<int64_t>(entry.smallest_size, 33));
    return std::string(entry.name) + "@width=0.25,size=" + std::to_string(size) + ",seed=3";
}

std::vector<float> scores(const Graph& graph) {
    auto program = engine::lower(graph, PrecisionPlan());
    if (!program) qFatal("%s", program.error().to_line().c_str());
    auto executor = engine::Executor::create(std::move(*program), 1);
    if (!executor) qFatal("%s", executor.error().to_line().c_str());
    engine::Executor::Context context(*executor);
    Rng rng(1);
    for (float& x : context.input()) x = static_cast<float>(rng.uniform(-1, 1));
    context.run();
    const std::span<const float> out = context.output();
    return {out.begin(), out.end()};
}

/// What a layer multiplies: shapes, weights without biases, and MACs; sorted, as branches may be in any
/// order.
QStringList work_of(const Graph& graph) {
    QStringList lines;
    for (const NodeId id : graph.node_ids()) {
        const auto nest = loop_nest(graph, id);
        if (!nest) continue;
        lines << QString("%1 -> %2 / %3, %4x%5 stride %6, %7x%8")
                     .arg(nest->in_channels)
                     .arg(nest->out_channels)
                     .arg(nest->groups)
                     .arg(nest->kernel_height)
                     .arg(nest->kernel_width)
                     .arg(nest->stride_height)
                     .arg(nest->out_height)
                     .arg(nest->out_width);
    }
    lines.sort();
    return lines;
}

} // namespace

class TestZooExport : public QObject {
    Q_OBJECT
private slots:
    void every_network_exports_and_runs_data();
    void every_network_exports_and_runs();
    void layers_are_those_of_trained_networks_data();
    void layers_are_those_of_trained_networks();
};

void TestZooExport::every_network_exports_and_runs_data() {
    QTest::addColumn<QString>("spec");
    for (const zoo::Entry& entry : zoo::entries())
        QTest::newRow(std::string(entry.name).c_str()) << QString::fromStdString(small(entry));
    // Pools whose windows hang over maps of two pixels.
    for (const char* spec : {"squeezenet-1.1@size=17", "googlenet-torchvision@size=15,width=0.25"})
        QTest::newRow(spec) << spec;
}

void TestZooExport::every_network_exports_and_runs() {
    QFETCH(QString, spec);
    const auto graph = zoo::build(spec.toStdString());
    QVERIFY2(graph, graph ? "" : graph.error().to_line().c_str());
    const auto bytes = onnx::export_model(**graph); // runs libonnx's checker
    QVERIFY2(bytes, bytes ? "" : bytes.error().to_line().c_str());
    const auto imported = onnx::import_model_bytes(*bytes, "network"); // and so does this, with inference
    QVERIFY2(imported, imported ? "" : imported.error().to_line().c_str());
    QVERIFY(imported->warnings.empty());
    QCOMPARE(QString::fromStdString(test::difference(**graph, *imported->graph)), QString());

    const std::vector<float> out = scores(**graph);
    QCOMPARE(static_cast<int64_t>(out.size()), (*graph)->value((*graph)->outputs().front()).shape.elements());
    QVERIFY(std::ranges::all_of(out, [](float x) { return std::isfinite(x); }));
    const auto [least, most] = std::ranges::minmax(out);
    QVERIFY2(most > least, "all scores are the same");
    QVERIFY(out == scores(*imported->graph));
}

void TestZooExport::layers_are_those_of_trained_networks_data() {
    QTest::addColumn<QString>("file");
    const auto row = [](const char* spec, const char* file) { QTest::newRow(spec) << file; };
    row("resnet8", "resnet8");
    row("resnet20", "resnet20");
    row("resnet32", "resnet32");
    row("squeezenet-1.0", "squeezenet");
    row("mobilenet-v1@size=96,width=0.25,classes=2", "vww-mobilenet");
}

void TestZooExport::layers_are_those_of_trained_networks() {
    QFETCH(QString, file);
    const std::filesystem::path path = test::data_dir() / "models" / (file.toStdString() + ".onnx");
    WIDTHWISE_NEED(path);
    const auto theirs = onnx::import_model(path);
    QVERIFY2(theirs, theirs ? "" : theirs.error().to_line().c_str());
    const auto ours = zoo::build(QTest::currentDataTag(), zoo::Weights::zero);
    QVERIFY(ours);
    // Caffe's SqueezeNet 1.0 pads its last 1x1 convolution, the paper's table and torchvision do not.
    const QStringList last = file == "squeezenet" ? work_of(*theirs->graph).filter("-> 1000") : QStringList();
    QStringList expected = work_of(*theirs->graph);
    for (const QString& line : last) expected[expected.indexOf(line)].replace("15x15", "13x13");
    expected.sort();
    QCOMPARE(work_of(**ours), expected);
}

QTEST_APPLESS_MAIN(TestZooExport)
#include "tst_zoo_export.moc"
