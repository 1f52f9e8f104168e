// Networks that come quantized: what can be folded is, the rest is kept and counted.

#include "core/graph/layer_work.h"
#include "tests/core/onnx/proto_models.h"

#include <QTest>

using namespace widthwise;
using test::error_of;
using test::ProtoModel;
using test::set;

class TestOnnxQuantized : public QObject {
    Q_OBJECT
private slots:
    void quantizers_of_other_domains_keep_their_shape() {
        ProtoModel m;
        m.input("x", {-1, 4}).output("y", {-1, 4});
        m.floats("s", {}, {1});
        m.node("BipolarQuant", {"x", "s"}, {"q"}).set_domain("onnx.brevitas");
        m.node("Relu", {"q"}, {"y"});
        const auto imported = m.import();
        QVERIFY2(imported, error_of(imported).c_str());
        QCOMPARE(imported->graph->nodes().front().why_unsupported,
                 std::string("BipolarQuant (onnx.brevitas) is not run by this version"));
        QCOMPARE(imported->graph->value(imported->graph->outputs().front()).shape, (Shape{1, 4}));
    }

    void dequantized_weights_are_weights() {
        ProtoModel m;
        m.input("x", {-1, 2}).output("y", {-1, 2});
        auto& q = *m.graph().add_initializer();
        q.set_name("q");
        q.set_data_type(::onnx::TensorProto::INT8);
        q.add_dims(2);
        q.add_dims(2);
        q.set_raw_data(std::string("\x01\x02\xff\xfe", 4));
        m.floats("s", {2}, {0.5F, 2});
        auto& zero = *m.graph().add_initializer();
        zero.set_name("z");
        zero.set_data_type(::onnx::TensorProto::INT8);
        zero.add_dims(2);
        zero.set_raw_data(std::string("\x00\x01", 2));
        set(m.node("DequantizeLinear", {"q", "s", "z"}, {"w"}), "axis", int64_t{0});
        set(m.node("Gemm", {"x", "w"}, {"y"}), "transB", int64_t{1});
        const auto imported = m.import();
        QVERIFY2(imported, error_of(imported).c_str());
        QCOMPARE(imported->graph->nodes().size(), size_t(1));
        QCOMPARE(imported->graph->value(imported->graph->nodes()[0].inputs[1]).constant->to_f32(),
                 (std::vector<float>{0.5F, 1, -4, -6}));
    }

    /// Their weights are not there to be run with, but the work is known: 4 x 2 x 3 x 3 weights at 8 x 8
    /// places.
    void integer_convolutions_are_counted() {
        ProtoModel m;
        m.input("x", {-1, 3}).input("q", {-1, 2, 8, 8}, ::onnx::TensorProto::UINT8);
        m.output("y", {-1, 3}).output("z", {-1, 4, 8, 8}, ::onnx::TensorProto::INT32);
        auto& weights = *m.graph().add_initializer();
        weights.set_name("w");
        weights.set_data_type(::onnx::TensorProto::INT8);
        for (const int64_t dim : {4, 2, 3, 3}) weights.add_dims(dim);
        weights.set_raw_data(std::string(72, '\1'));
        set(m.node("ConvInteger", {"q", "w"}, {"z"}, "conv"), "pads", std::vector<int64_t>{1, 1, 1, 1});
        m.node("Relu", {"x"}, {"y"});
        const auto imported = m.import();
        QVERIFY2(imported, error_of(imported).c_str());
        const Graph& graph = *imported->graph;
        const NodeId conv = graph.find_node("conv");
        QCOMPARE(graph.node(conv).why_unsupported, std::string("ConvInteger is not run by this version"));
        QCOMPARE(node_macs(graph, conv), int64_t(72 * 64));
        QCOMPARE(node_parameters(graph, conv), int64_t(72));
        QVERIFY(!is_weighted(graph, conv));
        QCOMPARE(graph.value(graph.node(conv).output()).type, DataType::i32);
    }
};

QTEST_APPLESS_MAIN(TestOnnxQuantized)
#include "tst_onnx_quantized.moc"
