#include "core/graph/layer_work.h"

#include <QTest>

using namespace widthwise;

namespace {

TensorPtr floats(Shape shape) {
    return std::make_shared<const Tensor>(DataType::f32, std::move(shape));
}

} // namespace

class TestLayerWork : public QObject {
    Q_OBJECT
private slots:
    /// Worked by hand: image 3x9x7; 3x3 stride 2 pad 1 to 8 channels (5x4); depthwise 3x3 pad 1; 2x2 mean
    /// (2x2); 32 to 10.
    void counts_by_hand() {
        GraphBuilder b("net");
        const auto image = b.input("image", {1, 3, 9, 7});
        const auto conv = b.add(Op::conv, "Conv", "conv", ConvAttributes{{3, 3}, {2, 2}, {1, 1, 1, 1}},
                                {image, b.constant("w", floats({8, 3, 3, 3})), b.constant("b", floats({8}))});
        QVERIFY(conv);
        const auto vector = [&](const char* name) { return b.constant(name, floats({8})); };
        const auto bn = b.add(Op::batch_norm, "BatchNormalization", "bn", BatchNormAttributes{},
                              {*conv, vector("g"), vector("h"), vector("m"), vector("v")});
        const auto depthwise =
            b.add(Op::conv, "Conv", "dw", ConvAttributes{{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 8},
                  {*bn, b.constant("dw.w", floats({8, 1, 3, 3}))});
        QVERIFY(depthwise);
        const auto pool =
            b.add(Op::average_pool, "AveragePool", "pool", PoolAttributes{{2, 2}, {2, 2}}, {*depthwise});
        const auto flat = b.add(Op::reshape, "Flatten", "flat", ReshapeAttributes{{1, 32}}, {*pool});
        QVERIFY(flat);
        const auto fc = b.add(Op::gemm, "MatMul", "fc", {}, {*flat, b.constant("fc.w", floats({10, 32}))});
        const auto biased = b.add(Op::add, "Add", "bias", {}, {*fc, b.constant("fc.b", floats({10}))});
        const auto scaled = b.add(Op::mul, "Mul", "scale", {}, {*biased, b.constant("s", floats({10}))});
        QVERIFY(fc && biased && scaled);
        b.output(*scaled);
        const GraphPtr graph = b.build().value();
        const Graph& g = *graph;
        const auto id = [&](const char* name) { return g.find_node(name); };

        const LoopNest expected{8, 3, 1, 5, 4, 9, 7, 3, 3, 2, 2};
        QVERIFY(loop_nest(g, id("conv")) == expected);
        QCOMPARE(node_macs(g, id("conv")), int64_t(8 * 3 * 5 * 4 * 9));
        QCOMPARE(node_macs(g, id("dw")), int64_t(8 * 5 * 4 * 9));
        QCOMPARE(loop_nest(g, id("dw"))->groups, int64_t(8));
        QCOMPARE(loop_nest(g, id("dw"))->in_channels, int64_t(8));
        QCOMPARE(node_macs(g, id("fc")), int64_t(320));
        QCOMPARE(node_macs(g, id("bn")), int64_t(0));
        QVERIFY(!loop_nest(g, id("pool")));

        QCOMPARE(node_parameters(g, id("conv")), int64_t(8 * 27 + 8));
        QCOMPARE(node_parameters(g, id("bn")), int64_t(32));
        QCOMPARE(node_parameters(g, id("dw")), int64_t(72));
        QCOMPARE(node_parameters(g, id("bias")), int64_t(10)); // a MatMul's bias is learned
        QCOMPARE(node_parameters(g, id("scale")), int64_t(0)); // any other constant is arithmetic

        const GraphTotals totals = graph_totals(g);
        QCOMPARE(totals.parameters, int64_t(224 + 32 + 72 + 320 + 10));
        QCOMPARE(totals.macs, int64_t(4320 + 1440 + 320));
        QCOMPARE(totals.layers, int64_t(8));

        QVERIFY(is_weighted(g, id("conv")) && is_weighted(g, id("fc")));
        QVERIFY(!is_weighted(g, id("bn")) && !is_weighted(g, id("bias")));
        QVERIFY(reads_activations(g, id("pool")) && reads_activations(g, id("bias")));
        QVERIFY(!reads_activations(g, id("flat")));
    }

    /// 2 heads of 5 tokens of 3; a 3x3 deconvolution of 4x6 pixels; rows of a sequence.
    void products_and_transposed_convolutions_by_hand() {
        GraphBuilder b("net");
        const auto x = b.input("x", {1, 2, 5, 3});
        const auto turned = b.add(Op::transpose, "T", "t", TransposeAttributes{{0, 1, 3, 2}}, {x});
        const auto scores = b.add(Op::matmul, "MatMul", "scores", {}, {x, *turned});
        const auto mixed =
            b.add(Op::matmul, "MatMul", "mixed", {}, {b.constant("m", floats({7, 5})), *scores});
        const auto shared =
            b.add(Op::matmul, "MatMul", "shared", {}, {*mixed, b.constant("s", floats({5, 4}))});
        const auto rows = b.add(Op::gemm, "MatMul", "rows", {}, {*shared, b.constant("w", floats({9, 4}))});
        const auto bias = b.add(Op::add, "Add", "bias", {}, {*rows, b.constant("b", floats({9}))});
        const auto norm = b.add(Op::layer_norm, "LayerNormalization", "norm", NormAttributes{3},
                                {*bias, b.constant("g", floats({9}))});
        QVERIFY(scores && mixed && shared && rows && bias && norm);
        const auto up = b.add(Op::conv_transpose, "ConvTranspose", "up",
                              ConvTransposeAttributes{{{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 2}, {1, 1}},
                              {*norm, b.constant("u", floats({2, 4, 3, 3})), b.constant("v", floats({8}))});
        QVERIFY(up);
        b.output(*up);
        const GraphPtr graph = b.build().value();
        const Graph& g = *graph;
        const auto id = [&](const char* name) { return g.find_node(name); };

        QVERIFY((*loop_nest(g, id("scores")) == LoopNest{2 * 5, 2 * 3, 2, 5, 1, 5, 1}));
        QCOMPARE(node_macs(g, id("scores")), int64_t(2 * 5 * 5 * 3));
        QCOMPARE(node_macs(g, id("mixed")), int64_t(2 * 7 * 5 * 5));
        QVERIFY((*loop_nest(g, id("shared")) == LoopNest{4, 5, 1, 2 * 7, 1, 2 * 7, 1}));
        QCOMPARE(node_macs(g, id("shared")), int64_t(2 * 7 * 5 * 4));
        QVERIFY((*loop_nest(g, id("rows")) == LoopNest{9, 4, 1, 2 * 7, 1, 2 * 7, 1}));
        QCOMPARE(node_macs(g, id("rows")), int64_t(2 * 7 * 4 * 9));
        QCOMPARE(node_macs(g, id("up")), int64_t(7 * 9 * 3 * 3 * 4 * 2)); // positions, taps, channels
        QCOMPARE(node_parameters(g, id("mixed")), int64_t(35));
        QCOMPARE(node_parameters(g, id("bias")), int64_t(9));
        QCOMPARE(node_parameters(g, id("norm")), int64_t(9));
        QCOMPARE(node_parameters(g, id("up")), int64_t(2 * 4 * 9 + 8));
        QVERIFY(is_weighted(g, id("up")) && is_weighted(g, id("rows")));
        QVERIFY(!is_weighted(g, id("scores")) && reads_activations(g, id("scores")));
        QVERIFY(!reads_activations(g, id("norm")) && !reads_activations(g, id("t")));
    }

    void interpolation_and_sums_take_a_format_and_copies_do_not() {
        GraphBuilder b("net");
        const auto x = b.input("x", {1, 2, 4, 4});
        ResizeAttributes resize;
        resize.size = {8, 8};
        const auto copied = b.add(Op::resize, "Resize", "copied", resize, {x});
        resize.mode = ResizeMode::linear;
        const auto mixed = b.add(Op::resize, "Resize", "mixed", resize, {*copied});
        const auto sum =
            b.add(Op::reduce, "ReduceSum", "sum", ReduceAttributes{{2}, true, Reduction::sum}, {*mixed});
        const auto top =
            b.add(Op::reduce, "ReduceMax", "top", ReduceAttributes{{3}, true, Reduction::max}, {*sum});
        QVERIFY(top);
        b.output(*top);
        const GraphPtr graph = b.build().value();
        const auto reads = [&](const char* name) {
            return reads_activations(*graph, graph->find_node(name));
        };
        QVERIFY(!reads("copied") && reads("mixed") && reads("sum") && !reads("top"));
    }

    void shared_weights_count_once() {
        GraphBuilder b("net");
        const auto x = b.input("x", {1, 4});
        const auto w = b.constant("w", floats({4, 4}));
        const auto first = b.add(Op::gemm, "Gemm", "first", {}, {x, w});
        const auto second = b.add(Op::gemm, "Gemm", "second", {}, {*first, w});
        b.output(*second);
        const GraphPtr graph = b.build().value();
        QCOMPARE(graph_totals(*graph).parameters, int64_t(16));
        QCOMPARE(graph_totals(*graph).macs, int64_t(32));
    }

    void work_beyond_counting_saturates() {
        LoopNest nest;
        nest.out_channels = nest.in_channels = nest.out_height = nest.out_width = int64_t{1} << 30;
        QCOMPARE(nest.macs(), std::numeric_limits<int64_t>::max());
    }
};

QTEST_APPLESS_MAIN(TestLayerWork)
#include "tst_layer_work.moc"
