// What networks are compared by: hand-worked small graphs, and the counts that others publish.

#include "core/graph/activation_memory.h"
#include "core/graph/network_facts.h"
#include "core/graph/zoo.h"
#include "tests/core/cost/reference_csv.h"
#include "tests/support/test_data.h"

#include <QTest>

#include <cmath>

using namespace widthwise;

namespace {

NetworkFacts facts_of(const std::string& spec) {
    const auto graph = zoo::build(spec, zoo::Weights::zero);
    if (!graph) qFatal("%s", graph.error().to_line().c_str());
    return network_facts(**graph);
}

TensorPtr zeros(Shape shape) {
    return std::make_shared<const Tensor>(DataType::f32, std::move(shape));
}

} // namespace

class TestNetworkFacts : public QObject {
    Q_OBJECT
private slots:
    void a_small_network_by_hand();
    void memory_of_a_shortcut_by_hand();
    void memory_of_values_that_nothing_reads();
    void totals_are_those_of_the_table_data();
    void totals_are_those_of_the_table();
    void ranges_are_those_of_the_survey_data();
    void ranges_are_those_of_the_survey();
    void exact_counts_of_others_data();
    void exact_counts_of_others();
    void rounded_counts_of_others_data();
    void rounded_counts_of_others();
};

void TestNetworkFacts::a_small_network_by_hand() {
    GraphBuilder b("small", 13);
    ValueId x = b.input("x", {1, 4, 6, 5});
    ConvAttributes grouped{{3, 1}, {2, 1}, {1, 0, 1, 0}, {1, 1}, 2};
    x = *b.add(Op::conv, "Conv", "a", grouped, {x, b.constant("w", zeros({8, 2, 3, 1}))}); // 8 x 3 x 5
    std::vector<ValueId> inputs{x};
    for (const char* name : {"scale", "shift", "mean", "variance"})
        inputs.push_back(b.constant(name, zeros({8})));
    x = *b.add(Op::batch_norm, "BatchNormalization", "bn", BatchNormAttributes{}, inputs);
    x = *b.add(Op::reshape, "Flatten", "flat", ReshapeAttributes{{1, 120}}, {x});
    x = *b.add(Op::gemm, "Gemm", "fc", {},
               {x, b.constant("v", zeros({7, 120})), b.constant("c", zeros({7}))});
    b.output(x);
    const NetworkFacts facts = network_facts(**b.build());
    QVERIFY(facts.input == Shape({1, 4, 6, 5}));
    QVERIFY(facts.convolutions == (LayerFacts{1, 48, 48 * 15, {2, 2}, {8, 8}}));
    QVERIFY(facts.fully_connected == (LayerFacts{1, 840, 840, {120, 120}, {7, 7}}));
    QCOMPARE(kernels_text(facts), std::string("3x1"));
    QVERIFY(facts.strides == (Extent{2, 2}));
    QCOMPARE(facts.macs, int64_t{48 * 15 + 840});
    QCOMPARE(facts.parameters, int64_t{48 + 16 + 840 + 7});
    QCOMPARE(facts.statistics, int64_t{16});
    QCOMPARE(facts.total_activations, int64_t{120 + 120 + 7}); // x; a, which bn and flat overwrite; fc
    QCOMPARE(facts.peak_activations, int64_t{240});
    QCOMPARE(to_string(facts.convolutions.channels), std::string("2"));
    QCOMPARE(to_string(Extent{3, 512}), std::string("3-512"));
    QCOMPARE(to_string(Extent{}), std::string());
}

void TestNetworkFacts::memory_of_a_shortcut_by_hand() {
    // x (10) -> p (20) -> q (20) and p + q: p lives on, so q's relu may overwrite q but p's relu not p.
    GraphBuilder b("shortcut", 13);
    const auto widen = [&](const char* name, ValueId in, int64_t to, int64_t from) {
        return *b.add(Op::gemm, "Gemm", name, {}, {in, b.constant(name, zeros({to, from}))});
    };
    const ValueId x = b.input("x", {1, 10});
    const ValueId p = widen("p", x, 20, 10);
    const ValueId r = *b.add(Op::relu, "Relu", "r", {}, {p});
    const ValueId q = *b.add(Op::relu, "Relu", "q_relu", {}, {widen("q", r, 20, 20)});
    const ValueId sum = *b.add(Op::add, "Add", "sum", {}, {p, q});
    b.output(widen("out", sum, 5, 20));
    const ActivationMemory memory = activation_memory(**b.build());
    QCOMPARE(memory.total, int64_t{10 + 20 + 20 + 20 + 20 + 5}); // x p r q sum out
    QCOMPARE(memory.peak, int64_t{60});                          // p r q, then p q sum
}

void TestNetworkFacts::memory_of_values_that_nothing_reads() {
    GraphBuilder b("loose ends", 13);
    const ValueId x = b.input("x", {1, 10});
    const auto copy = [&](const char* name) { return *b.add(Op::exp, "Exp", name, {}, {x}); };
    for (const char* name : {"a", "b", "c"}) copy(name);
    b.output(copy("out"));
    const ActivationMemory memory = activation_memory(**b.build());
    QCOMPARE(memory.total, int64_t{50});
    QCOMPARE(memory.peak, int64_t{20}); // x and one copy at a time
}

void TestNetworkFacts::totals_are_those_of_the_table_data() {
    QTest::addColumn<QString>("table");
    for (const auto& [table, spec] : {std::pair{"AlexNet_orig_grouped_227", "alexnet"},
                                      {"AlexNet_torchvision_224", "alexnet-torchvision"},
                                      {"VGG16", "vgg16"},
                                      {"GoogLeNet_torchvision_bn", "googlenet-torchvision"},
                                      {"GoogLeNet_v1_paper_5x5", "googlenet"},
                                      {"ResNet18", "resnet18"},
                                      {"ResNet50", "resnet50"},
                                      {"ResNeXt50_32x4d", "resnext50"},
                                      {"MobileNetV1_1.0_224", "mobilenet-v1"},
                                      {"MobileNetV2_1.0_224", "mobilenet-v2"},
                                      {"ShuffleNetV2_x1.0", "shufflenet-v2"}})
        QTest::newRow(spec) << table;
}

void TestNetworkFacts::totals_are_those_of_the_table() {
    const auto path = test::reference_dir() / "cost" / "tables" / "network_workloads.csv";
    WIDTHWISE_NEED(path);
    QFETCH(QString, table);
    const NetworkFacts facts = facts_of(QTest::currentDataTag());
    bool found = false;
    for (const test::CsvRow& row : test::read_csv(path)) {
        if (row.at("network") != table.toStdString()) continue;
        found = true;
        QCOMPARE(facts.convolutions.layers, test::integer(row, "conv_layers"));
        QCOMPARE(facts.convolutions.weights, test::integer(row, "conv_weights"));
        QCOMPARE(facts.convolutions.macs, test::integer(row, "conv_macs"));
        QCOMPARE(facts.fully_connected.layers, test::integer(row, "fc_layers"));
        QCOMPARE(facts.fully_connected.weights, test::integer(row, "fc_weights"));
        QCOMPARE(facts.parameters, test::integer(row, "params_computed(incl bias+BN)"));
        QCOMPARE(facts.macs, test::integer(row, "macs_computed"));
    }
    QVERIFY(found);
}

void TestNetworkFacts::ranges_are_those_of_the_survey_data() {
    QTest::addColumn<QString>("kernels");
    QTest::addColumn<QString>("channels");
    // Sze et al. 2017, table II, as quoted beside the workloads table.
    QTest::newRow("alexnet") << "3, 5, 11"
                             << "3-256";
    QTest::newRow("vgg16") << "3"
                           << "3-512";
    QTest::newRow("googlenet") << "1, 3, 5, 7"
                               << "3-832";
    QTest::newRow("resnet50-v1") << "1, 3, 7"
                                 << "3-2048";
}

void TestNetworkFacts::ranges_are_those_of_the_survey() {
    QFETCH(QString, kernels);
    QFETCH(QString, channels);
    const NetworkFacts facts = facts_of(QTest::currentDataTag());
    QCOMPARE(QString::fromStdString(kernels_text(facts)), kernels);
    QCOMPARE(QString::fromStdString(to_string(facts.convolutions.channels)), channels);
}

void TestNetworkFacts::exact_counts_of_others_data() {
    QTest::addColumn<qint64>("parameters");
    QTest::addColumn<qint64>("macs"); // 0: not published
    const auto row = [](const char* spec, qint64 parameters, qint64 macs = 0) {
        QTest::newRow(spec) << parameters << macs;
    };
    // "num_params" in the meta data of torchvision's weights.
    row("vgg11", 132863336);
    row("mobilenet-v3-small", 2542856);
    row("squeezenet-1.0@size=224", 1248424);
    row("squeezenet-1.1", 1235496);
    // Of the same layers, so that only the stride can differ; MIT's table counts v1.
    row("resnet50-v1", 25557032);
    // Widths that torchvision has too: shufflenet_v2_x0_5, x1_5, x2_0.
    row("shufflenet-v2@width=0.5", 1366792);
    row("shufflenet-v2@width=1.5", 3503624);
    row("shufflenet-v2@width=2", 7393996);
    // MLPerf Tiny's Keras summary of its keyword spotting network: 23,756 trainable.
    row("ds-cnn", 23756, 2656768);
    // Silicon Labs' MLTK, which profiles MLPerf Tiny's autoencoder: "Total MACs: 264.192 k". Parameters:
    // 267,928 trainable.
    row("ad-autoencoder", 267928, 264192);
    // PyTorch's and Dive into Deep Learning's LeNet: 61,706.
    row("lenet5", 61706);
    // FINN's folding table: rows x columns x pixels of each matrix-vector unit, summed.
    row("cnv",
        1555200 / 900 + 36864 + 73728 + 147456 + 294912 + 589824 + 131072 + 262144 + 5120 +
            2 * (64 + 64 + 128 + 128 + 256 + 256 + 512 + 512),
        59461376);
}

void TestNetworkFacts::exact_counts_of_others() {
    QFETCH(qint64, parameters);
    QFETCH(qint64, macs);
    const NetworkFacts facts = facts_of(QTest::currentDataTag());
    QCOMPARE(facts.parameters, parameters);
    if (macs) QCOMPARE(facts.macs, macs);
}

void TestNetworkFacts::rounded_counts_of_others_data() {
    QTest::addColumn<double>("parameters"); // millions; 0: not published
    QTest::addColumn<double>("macs");       // millions; 0: not published
    QTest::addColumn<double>("parameter_step");
    QTest::addColumn<double>("mac_step"); // of the last digit
    const auto row = [](const char* spec, double parameters, double parameter_step, double macs,
                        double mac_step) {
        QTest::newRow(spec) << parameters << macs << parameter_step << mac_step;
    };
    // "_ops" in the meta data of torchvision's weights, GFLOPs that are multiply-accumulates.
    row("vgg11", 0, 1, 7609, 1);
    row("mobilenet-v3-small", 0, 1, 57, 1);
    row("squeezenet-1.0@size=224", 0, 1, 819, 1);
    row("squeezenet-1.1", 0, 1, 349, 1);
    // He et al. 2015, tables 1 and 6; 41 M: akamaster/pytorch_resnet_cifar10.
    row("resnet50-v1", 25.5, 0.2, 3860, 20);
    row("resnet20", 0.27, 0.01, 41, 1);
    row("resnet32", 0.46, 0.01, 69, 1);
    // Howard et al. 2017, tables 6 and 7; some figures there are cut off, not rounded.
    row("mobilenet-v1@width=0.75", 2.6, 0.1, 325, 1);
    row("mobilenet-v1@width=0.5", 1.3, 0.1, 149, 1.1);
    row("mobilenet-v1@width=0.25", 0.5, 0.1, 41, 1);
    row("mobilenet-v1@size=192", 4.2, 0.1, 418, 1);
    row("mobilenet-v1@size=160", 4.2, 0.1, 290, 1.4);
    row("mobilenet-v1@size=128", 4.2, 0.1, 186, 1);
    // TensorFlow's table of its trained MobileNet v2s, quoted by Keras.
    row("mobilenet-v2@width=1.4", 0, 1, 582, 1);
    row("mobilenet-v2@width=0.75", 0, 1, 209, 1);
    row("mobilenet-v2@width=0.5", 0, 1, 97, 1);
    row("mobilenet-v2@width=1.3", 0, 1, 509, 1);
    row("mobilenet-v2@size=192", 0, 1, 221, 1);
    row("mobilenet-v2@size=96", 0, 1, 56, 1);
    row("mobilenet-v2@width=0.75,size=128", 0, 1, 69, 1);
    // The authors' ShuffleNet-Series repository.
    row("shufflenet-v1@width=0.5", 0.7, 0.1, 38, 1);
    row("shufflenet-v1", 1.9, 0.1, 138, 1.1);
    row("shufflenet-v1@width=2", 5.4, 0.1, 524, 1);
}

void TestNetworkFacts::rounded_counts_of_others() {
    QFETCH(double, parameters);
    QFETCH(double, macs);
    QFETCH(double, parameter_step);
    QFETCH(double, mac_step);
    const NetworkFacts facts = facts_of(QTest::currentDataTag());
    const auto near = [](int64_t ours, double theirs, double step) {
        return theirs == 0 || std::abs(static_cast<double>(ours) / 1e6 - theirs) <= step / 2;
    };
    QVERIFY2(near(facts.parameters, parameters, parameter_step),
             qPrintable(QString::number(facts.parameters)));
    QVERIFY2(near(facts.macs, macs, mac_step), qPrintable(QString::number(facts.macs)));
}

QTEST_APPLESS_MAIN(TestNetworkFacts)
#include "tst_network_facts.moc"
