#include "core/graph/graph.h"

#include <QTest>

using namespace widthwise;

namespace {

TensorPtr floats(Shape shape) {
    return std::make_shared<const Tensor>(DataType::f32, std::move(shape));
}

Result<ValueId> add_conv(GraphBuilder& builder, const std::string& name, ValueId in, ValueId weights) {
    return builder.add(Op::conv, "Conv", name, ConvAttributes{{3, 3}, {1, 1}, {1, 1, 1, 1}}, {in, weights});
}

} // namespace

class TestGraph : public QObject {
    Q_OBJECT
private slots:
    void knows_who_makes_and_who_reads() {
        GraphBuilder builder("net", 13);
        const auto image = builder.input("image", {1, 3, 8, 8});
        const auto weights = builder.constant("w", floats({4, 3, 3, 3}));
        const auto conv = add_conv(builder, "conv", image, weights);
        QVERIFY(conv);
        const auto relu = builder.add(Op::relu, "Relu", "", {}, {*conv});
        const auto twice = builder.add(Op::add, "Add", "twice", {}, {*relu, *relu}, "sum");
        QVERIFY(relu && twice);
        builder.output(*twice);
        const auto graph = builder.build();
        QVERIFY(graph);
        const Graph& g = **graph;

        QCOMPARE(g.name(), std::string("net"));
        QCOMPARE(g.opset(), 13);
        QCOMPARE(g.nodes().size(), size_t(3));
        QCOMPARE(g.nodes()[1].name, std::string("Relu_1"));
        QCOMPARE(g.value(*twice).name, std::string("sum"));
        QCOMPARE(g.value(*relu).name, std::string("Relu_1"));
        QVERIFY(!g.producer(image).valid());
        QVERIFY(!g.producer(weights).valid());
        QCOMPARE(g.producer(*conv), NodeId{0});
        QCOMPARE(g.consumers(*relu), (std::vector<NodeId>{NodeId{2}, NodeId{2}}));
        QCOMPARE(g.find_node("twice"), NodeId{2});
        QVERIFY(!g.find_node("nobody").valid());
        QVERIFY(g.is_output(*twice) && !g.is_output(*relu));
        QVERIFY(!g.first_unsupported().valid());
        QCOMPARE(g.value(*conv).shape, (Shape{1, 4, 8, 8}));
    }

    void refuses_what_does_not_fit() {
        GraphBuilder builder("net");
        const auto image = builder.input("image", {1, 5, 8, 8});
        const auto weights = builder.constant("w", floats({4, 3, 3, 3}));
        const auto wrong = add_conv(builder, "conv", image, weights);
        QVERIFY(!wrong);
        QCOMPARE(wrong.error().code, ErrorCode::invalid_input);
        QCOMPARE(wrong.error().where, std::string("node 'conv'"));
        QVERIFY(builder.add(Op::relu, "Relu", "same", {}, {image}));
        const auto again = builder.add(Op::relu, "Relu", "same", {}, {image});
        QVERIFY(!again && again.error().code == ErrorCode::invalid_input);
        QVERIFY(!builder.add(Op::relu, "Relu", "loose", {}, {ValueId{99}}));
        QVERIFY(!builder.add(Op::relu, "Relu", "loose", {}, {ValueId{}}));
        const auto numbers = builder.input("numbers", {1, 5}, DataType::i64);
        QVERIFY(!builder.add(Op::relu, "Relu", "typed", {}, {numbers}));
    }

    void needs_an_input_and_an_output() {
        QVERIFY(!GraphBuilder("empty").build());
        GraphBuilder builder("deaf");
        builder.input("image", {1, 2});
        const auto built = builder.build();
        QVERIFY(!built && built.error().code == ErrorCode::invalid_input);
    }

    void keeps_what_it_cannot_run() {
        GraphBuilder builder("net");
        const auto image = builder.input("image", {1, 3, 8, 8});
        Value known, unknown;
        known.name = "a";
        known.shape = {1, 7};
        unknown.name = "b";
        unknown.shape_known = false;
        const auto out = builder.add_unsupported("Odd", "odd", "Odd is not run by this version", {image},
                                                 {known, unknown});
        QCOMPARE(out.size(), size_t(2));
        const auto relu = builder.add(Op::relu, "Relu", "relu", {}, {out[1]});
        QVERIFY(relu);
        const auto other = builder.add(Op::relu, "Relu", "other", {}, {out[0]});
        QVERIFY(other);
        builder.output(*relu);
        const auto graph = builder.build();
        QVERIFY(graph);
        QCOMPARE((*graph)->first_unsupported(), NodeId{0});
        QVERIFY(!(*graph)->value(*relu).shape_known);
        QCOMPARE((*graph)->value(*other).shape, (Shape{1, 7}));
        QCOMPARE((*graph)->node(NodeId{0}).why_unsupported, std::string("Odd is not run by this version"));
    }
};

QTEST_APPLESS_MAIN(TestGraph)
#include "tst_graph.moc"
