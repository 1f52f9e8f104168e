// Layer for layer, the built-in networks are those of the published tables.

#include "core/graph/layer_work.h"
#include "core/graph/zoo.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/support/test_data.h"

#include <QTest>

using namespace widthwise;

namespace {

/// The table's network and ours.
struct Pair {
    const char* table;
    const char* spec;
};
constexpr Pair k_pairs[] = {{"AlexNet_orig_grouped_227", "alexnet"},
                            {"AlexNet_torchvision_224", "alexnet-torchvision"},
                            {"VGG16", "vgg16"},
                            {"ResNet18", "resnet18"},
                            {"ResNet50", "resnet50"},
                            {"ResNeXt50_32x4d", "resnext50"},
                            {"MobileNetV1_1.0_224", "mobilenet-v1"},
                            {"MobileNetV2_1.0_224", "mobilenet-v2"},
                            {"GoogLeNet_v1_paper_5x5", "googlenet"},
                            {"GoogLeNet_torchvision_bn", "googlenet-torchvision"},
                            {"ShuffleNetV2_x1.0", "shufflenet-v2"}};

/// What identifies a layer, as one line; the order of branches is a matter of taste, so lines are sorted.
QString line_of(const LoopNest& nest, int64_t parameters) {
    QString line;
    for (const int64_t number : {nest.in_channels, nest.in_height, nest.in_width, nest.out_channels,
                                 nest.kernel_height, nest.kernel_width, nest.stride_height, nest.groups,
                                 nest.out_height, nest.out_width, nest.macs(), parameters})
        line += QString::number(number).rightJustified(12);
    return line;
}

QStringList our_lines(const Graph& graph) {
    QStringList lines;
    for (const NodeId id : graph.node_ids())
        if (const auto nest = loop_nest(graph, id)) lines << line_of(*nest, node_parameters(graph, id));
    lines.sort();
    return lines;
}

LoopNest nest_of(const test::CsvRow& row) {
    const auto at = [&](const char* column) { return test::integer(row, column); };
    LoopNest nest;
    nest.in_channels = at("C_in");
    nest.out_channels = at("K_out");
    nest.groups = at("groups");
    nest.in_height = at("H_in");
    nest.in_width = at("W_in");
    nest.out_height = at("H_out");
    nest.out_width = at("W_out");
    nest.kernel_height = at("R");
    nest.kernel_width = at("S");
    nest.stride_height = nest.stride_width = at("stride");
    return nest;
}

} // namespace

class TestZooLayers : public QObject {
    Q_OBJECT
private slots:
    void layers_are_those_of_the_table_data();
    void layers_are_those_of_the_table();
};

void TestZooLayers::layers_are_those_of_the_table_data() {
    QTest::addColumn<QString>("table");
    QTest::addColumn<QString>("spec");
    for (const Pair& pair : k_pairs) QTest::newRow(pair.spec) << pair.table << pair.spec;
}

void TestZooLayers::layers_are_those_of_the_table() {
    QFETCH(QString, table);
    QFETCH(QString, spec);
    const auto path = test::reference_dir() / "cost" / "tables" / "network_layers.csv";
    WIDTHWISE_NEED(path);
    QStringList theirs;
    for (const test::CsvRow& row : test::read_csv(path)) {
        if (row.at("network") != table.toStdString()) continue;
        const LoopNest nest = nest_of(row);
        QCOMPARE(nest.macs(), test::integer(row, "macs"));
        theirs << line_of(nest, test::integer(row, "weights") + test::integer(row, "bias"));
    }
    QVERIFY(!theirs.isEmpty());
    theirs.sort();
    const auto graph = zoo::build(spec.toStdString(), zoo::Weights::zero);
    QVERIFY2(graph, graph ? "" : graph.error().to_line().c_str());
    QCOMPARE(our_lines(**graph), theirs);
}

QTEST_APPLESS_MAIN(TestZooLayers)
#include "tst_zoo_layers.moc"
