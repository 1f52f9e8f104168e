// Real networks: they open, and their totals are those that their authors publish or that follow by hand.

#include "core/graph/layer_work.h"
#include "core/onnx/import.h"
#include "tests/support/test_data.h"

using namespace widthwise;

namespace {

std::filesystem::path model(const QString& name) {
    return test::data_dir() / "models" / (name.toStdString() + ".onnx");
}

size_t count(const Graph& graph, Op op) {
    return static_cast<size_t>(std::count_if(graph.nodes().begin(), graph.nodes().end(),
                                             [&](const Node& node) { return node.op == op; }));
}

} // namespace

class TestOnnxModels : public QObject {
    Q_OBJECT
private slots:
    void float_networks_data() {
        QTest::addColumn<qint64>("parameters");
        QTest::addColumn<qint64>("macs");
        QTest::addColumn<qint64>("layers");
        QTest::addColumn<qint64>("weighted");
        QTest::addColumn<QString>("in");
        QTest::addColumn<QString>("out");
        // MLPerf Tiny (arXiv:2106.07597) states 78 k parameters and 12.5 M MACs for ResNet-8, 0.2 M and 7.5 M
        // for VWW.
        QTest::newRow("resnet8") << qint64(78666) << qint64(12501632) << qint64(30) << qint64(10)
                                 << "1x3x32x32"
                                 << "1x10";
        QTest::newRow("vww-mobilenet")
            << qint64(210850) << qint64(7489664) << qint64(59) << qint64(28) << "1x3x96x96"
            << "1x2";
        // He et al. 2016 give 0.27 M and 0.46 M. BatchNormalization folded: 16*27 + 16, 6 x (16*144 + 16),
        // (32*144 + 32), 5 x (32*288 + 32), (64*288 + 64), 5 x (64*576 + 64), 64*10 + 10; unfolded it has
        // four vectors and no bias.
        QTest::newRow("resnet20") << qint64(269034) << qint64(40551040) << qint64(57) << qint64(20)
                                  << "1x3x32x32"
                                  << "1x10";
        QTest::newRow("resnet32") << qint64(466426) << qint64(68862592) << qint64(118) << qint64(32)
                                  << "1x3x32x32"
                                  << "1x10";
        // Iandola et al. 2016: 1,248,424 parameters.
        QTest::newRow("squeezenet") << qint64(1248424) << qint64(861339936) << qint64(66) << qint64(26)
                                    << "1x3x227x227"
                                    << "1x1000";
        // 5x5x8 + 8, 8x5x5x16 + 16, 256x10 + 10; MACs 28*28*200 + 14*14*3200 + 2560.
        QTest::newRow("mnist-cnn") << qint64(5994) << qint64(786560) << qint64(8) << qint64(3) << "1x1x28x28"
                                   << "1x10";
        QTest::newRow("mobilenet-cifar")
            << qint64(123482) << qint64(8845696) << qint64(78) << qint64(27) << "1x3x32x32"
            << "1x10";
        QTest::newRow("ultraface-rfb320")
            << qint64(273888) << qint64(100418560) << qint64(126) << qint64(52) << "1x3x240x320"
            << "1x4420x2";
    }
    void float_networks() {
        QFETCH(qint64, parameters);
        QFETCH(qint64, macs);
        QFETCH(qint64, layers);
        QFETCH(qint64, weighted);
        QFETCH(QString, in);
        QFETCH(QString, out);
        const auto path = model(QTest::currentDataTag());
        WIDTHWISE_NEED(path);
        const auto imported = onnx::import_model(path);
        QVERIFY2(imported, imported ? "" : imported.error().to_line().c_str());
        const Graph& graph = *imported->graph;
        QVERIFY(!graph.first_unsupported().valid());
        const GraphTotals totals = graph_totals(graph);
        QCOMPARE(totals.parameters, parameters);
        QCOMPARE(totals.macs, macs);
        QCOMPARE(totals.layers, layers);
        QCOMPARE(qint64(count(graph, Op::conv) + count(graph, Op::gemm)), weighted);
        QCOMPARE(graph.value(graph.inputs().front()).shape.to_string(), in.toStdString());
        QCOMPARE(graph.value(graph.outputs().front()).shape.to_string(), out.toStdString());
        QVERIFY2(imported->warnings.empty(),
                 imported->warnings.empty() ? "" : imported->warnings.front().c_str());
        QCOMPARE(imported->hash.size(), size_t(64));
    }

    void two_outputs() {
        const auto path = model("ultraface-rfb320");
        WIDTHWISE_NEED(path);
        const auto imported = onnx::import_model(path).value();
        QCOMPARE(imported.graph->outputs().size(), size_t(2));
        QCOMPARE(imported.graph->value(imported.graph->outputs()[1]).name, std::string("boxes"));
        QCOMPARE(imported.graph->value(imported.graph->outputs()[1]).shape, (Shape{1, 4420, 4}));
    }

    void quantized_networks_are_float_networks_with_a_design_data() {
        QTest::addColumn<qint64>("macs");
        QTest::addColumn<qint64>("parameters");
        QTest::addColumn<QString>("out");
        QTest::newRow("resnet20-qdq") << qint64(40551040) << qint64(269034) << "1x10";
        QTest::newRow("resnet8-int8-qdq") << qint64(12501632) << qint64(77706) << "1x10";
        QTest::newRow("mobilenet-v1-0.5-160-qdq") << qint64(76525312) << qint64(1326633) << "1x1001";
        // torchvision's MobileNetV2: 300.8 M MACs, of which 1280 * 1000 in the classifier.
        QTest::newRow("mobilenet-v2-dynamic-int8") << qint64(300774272) << qint64(-1) << "1x1000";
        // 784*64 + 2*64*64 + 64*10 weights and MACs; three BatchNormalizations of 4 x 64.
        QTest::newRow("TFC_1W1A") << qint64(59008) << qint64(59776) << "1x10";
        QTest::newRow("TFC_2W2A") << qint64(59008) << qint64(59776) << "1x10";
        // 128 * 128 * (64*75 + 64*576 + 32*576 + 12*288).
        QTest::newRow("espcn-subpixel-qonnx")
            << qint64(16384) * (4800 + 36864 + 18432 + 3456) << qint64(-1) << "1x3x256x256";
    }
    void quantized_networks_are_float_networks_with_a_design() {
        QFETCH(qint64, macs);
        QFETCH(qint64, parameters);
        QFETCH(QString, out);
        const auto path = model(QTest::currentDataTag());
        WIDTHWISE_NEED(path);
        const auto imported = onnx::import_model(path);
        QVERIFY2(imported, imported ? "" : imported.error().to_line().c_str());
        const Graph& graph = *imported->graph;
        QVERIFY(!graph.first_unsupported().valid());
        QVERIFY(imported->design);
        for (const Value& value : graph.values()) QVERIFY2(value.shape_known, value.name.c_str());
        QCOMPARE(graph.value(graph.outputs().front()).shape.to_string(), out.toStdString());
        QCOMPARE(graph_totals(graph).macs, macs);
        if (parameters >= 0) QCOMPARE(graph_totals(graph).parameters, parameters);
    }

    /// The exporter's shape arithmetic leaves no trace but slices and pads.
    void shape_arithmetic_is_gone() {
        const auto path = model("resnet32");
        WIDTHWISE_NEED(path);
        const GraphPtr graph = onnx::import_model(path).value().graph;
        QCOMPARE(count(*graph, Op::slice), size_t(4));
        QCOMPARE(count(*graph, Op::pad), size_t(3)); // the third pads the last average pool by nothing
        QCOMPARE(count(*graph, Op::batch_norm), size_t(31));
        const NodeId pad = graph->find_node("/layer2/layer2.0/shortcut/Pad");
        QVERIFY(pad.valid());
        const auto& attributes = std::get<PadAttributes>(graph->node(pad).attributes);
        QVERIFY(
            attributes ==
            (PadAttributes{{0, 8, 0, 0}, {0, 8, 0, 0}, 0})); // zeros for half the new channels on either side
        const NodeId slice = graph->find_node("/layer2/layer2.0/shortcut/Slice");
        QVERIFY(slice.valid());
        QVERIFY(std::get<SliceAttributes>(graph->node(slice).attributes) ==
                (SliceAttributes{{0, 0, 0, 0}, {1, 16, 32, 32}, {1, 1, 2, 1}}));
    }
};

QTEST_APPLESS_MAIN(TestOnnxModels)
#include "tst_onnx_models.moc"
