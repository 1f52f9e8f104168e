// The oneDNN executor against the plain reference: every buffer of every program, bit for bit. CTest runs
// this binary once per instruction set (ONEDNN_MAX_CPU_ISA).

#include "core/graph/layer_work.h"
#include "engine_comparison.h"

using namespace widthwise;
using namespace widthwise::engine;

namespace {

PrecisionPlan random_plan(Rng& rng, const Graph& graph) {
    PrecisionPlan plan;
    for (const NodeId id : graph.node_ids()) {
        const auto width = [&] { return static_cast<int>(2 + rng.below(7)); };
        LayerPrecision p{weight_integer(width()), activation_integer(width()), {}};
        p.weights.granularity = rng.below(2) ? Granularity::channel : Granularity::tensor;
        p.weights.narrow = rng.below(2) != 0;
        if (rng.below(4) == 0) {
            p.activations.symmetric = true;
            p.activations.range.type = RangeRuleType::minmax;
        }
        if (rng.below(8) == 0) p.weights = float32_format();
        if (rng.below(8) == 0) p.activations = float32_format();
        plan.set(graph.node(id).name, p);
    }
    return plan;
}

void compare_engines(const GraphPtr& graph, const PrecisionPlan& plan, uint64_t seed) {
    const QString wrong = first_difference(graph, plan, seed);
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong));
}

} // namespace

class TestEnginesAgree : public QObject {
    Q_OBJECT
private slots:
    void single_convolutions_data() {
        QTest::addColumn<QList<int>>("shape");
        QTest::addColumn<double>("clip");
        const double relu = std::numeric_limits<double>::infinity();
        // in, out, size, kernel, stride, dilation, group, top, left, bottom, right
        QTest::newRow("stem of 3 channels") << QList<int>{3, 16, 12, 3, 1, 1, 1, 1, 1, 1, 1} << relu;
        QTest::newRow("one channel, 5x5") << QList<int>{1, 8, 12, 5, 1, 1, 1, 2, 2, 2, 2} << relu;
        QTest::newRow("3x3 of 16") << QList<int>{16, 16, 9, 3, 1, 1, 1, 1, 1, 1, 1} << 0.0;
        QTest::newRow("3x3 of 17 to 33") << QList<int>{17, 33, 9, 3, 1, 1, 1, 1, 1, 1, 1} << relu;
        QTest::newRow("stride 2, uneven pads") << QList<int>{16, 32, 10, 3, 2, 1, 1, 0, 0, 1, 1} << relu;
        QTest::newRow("1x1 of 64") << QList<int>{64, 48, 7, 1, 1, 1, 1, 0, 0, 0, 0} << 0.0;
        QTest::newRow("1x1 stride 2, ReLU6") << QList<int>{32, 64, 8, 1, 2, 1, 1, 0, 0, 0, 0} << 0.4;
        QTest::newRow("dilated") << QList<int>{16, 16, 11, 3, 1, 2, 1, 2, 2, 2, 2} << relu;
        QTest::newRow("depthwise of 32") << QList<int>{32, 32, 9, 3, 1, 1, 32, 1, 1, 1, 1} << 0.4;
        QTest::newRow("depthwise of 24 stride 2") << QList<int>{24, 24, 9, 3, 2, 1, 24, 1, 1, 1, 1} << 0.0;
        QTest::newRow("depthwise of 5") << QList<int>{5, 5, 9, 3, 1, 1, 5, 1, 1, 1, 1} << relu;
        QTest::newRow("4 groups of 8") << QList<int>{32, 32, 9, 3, 1, 1, 4, 1, 1, 1, 1} << relu;
        QTest::newRow("2 groups of 48 to 128") << QList<int>{96, 256, 5, 5, 1, 1, 2, 2, 2, 2, 2} << relu;
        QTest::newRow("depth multiplier 2") << QList<int>{16, 32, 7, 3, 1, 1, 16, 1, 1, 1, 1} << relu;
        QTest::newRow("deep: 4608 products") << QList<int>{512, 32, 4, 3, 1, 1, 1, 1, 1, 1, 1} << relu;
        QTest::newRow("7x7 stride 2") << QList<int>{3, 24, 21, 7, 2, 1, 1, 3, 3, 3, 3} << relu;
    }
    void single_convolutions() {
        QFETCH(QList<int>, shape);
        QFETCH(double, clip);
        const ConvCase c{shape[0],
                         shape[1],
                         shape[2],
                         shape[3],
                         shape[4],
                         shape[5],
                         shape[6],
                         {shape[7], shape[8], shape[9], shape[10]},
                         static_cast<float>(clip)};
        for (const auto& [w, a] : {std::pair{8, 8}, {8, 7}, {7, 8}, {4, 4}, {2, 8}, {3, 5}}) {
            Rng rng(static_cast<uint64_t>(w * 100 + a));
            Net net{rng};
            const ValueId x = net.builder.input("x", {1, c.in, c.size, c.size});
            // Two in a row: the second reads what the first requantized.
            ConvCase second{c.out, 8, 1, 1, 1, 1, 1, {0, 0, 0, 0}, 0};
            const GraphPtr graph = net.finish(net.conv(net.conv(x, c), second));
            for (const bool symmetric : {false, true}) {
                LayerPrecision p{weight_integer(w), activation_integer(a)};
                p.weights.narrow = symmetric;
                p.activations.symmetric = symmetric;
                compare_engines(graph, PrecisionPlan(p), static_cast<uint64_t>(w * 10 + a));
                if (QTest::currentTestFailed()) return;
            }
        }
    }

    void sums_beyond_24_bits() {
        // Constant weights and inputs at their extremes: 4608 * 255 * 127 needs 28 bits.
        Rng rng(7);
        Net net{rng};
        const ValueId x = net.builder.input("x", {1, 512, 4, 4});
        const ValueId y = net.conv(x, {512, 32, 4, 3, 1, 1, 1, {1, 1, 1, 1}, 0});
        const GraphPtr graph = net.finish(y);
        std::vector<float> ones(32 * 512 * 9);
        for (size_t i = 0; i < ones.size(); ++i) ones[i] = i % 97 == 0 ? -0.98F : 1.0F;
        Net same{rng};
        const ValueId x2 = same.builder.input("x", {1, 512, 4, 4});
        const ValueId w =
            same.builder.constant("w", std::make_shared<Tensor>(Tensor::from_f32({32, 512, 3, 3}, ones)));
        const ConvAttributes a{{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1};
        const GraphPtr extreme = same.finish(same.op(Op::conv, a, {x2, w}));
        LayerPrecision p{weight_integer(8), activation_integer(8)};
        p.activations.scale = {0.01F}; // most inputs saturate at 0 or 255
        p.activations.zero_point = {0};
        compare_engines(extreme, PrecisionPlan(p), 3);
        compare_engines(graph, PrecisionPlan(p), 4);
    }

    void fully_connected() {
        for (const int64_t width : {10, 64, 1000, 9216}) {
            Rng rng(static_cast<uint64_t>(width));
            Net net{rng};
            const ValueId x = net.builder.input("x", {1, width, 1, 1});
            const ValueId flat = net.op(Op::reshape, ReshapeAttributes{{1, width}}, {x});
            const ValueId hidden = net.op(Op::relu, {}, {net.gemm(flat, width, 40)});
            const GraphPtr graph = net.finish(net.gemm(hidden, 40, 10));
            for (const auto& [w, a] : {std::pair{8, 8}, {4, 8}, {3, 2}})
                compare_engines(graph, PrecisionPlan({weight_integer(w), activation_integer(a)}), 5);
            if (QTest::currentTestFailed()) return;
        }
    }

    void whole_networks_data() {
        QTest::addColumn<int>("seed");
        for (int seed = 0; seed < 40; ++seed) QTest::addRow("seed %d", seed) << seed;
    }
    void whole_networks() {
        QFETCH(int, seed);
        Rng rng(static_cast<uint64_t>(seed));
        Net net{rng};
        const float inf = std::numeric_limits<float>::infinity();
        const ValueId x = net.builder.input("x", {1, 3, 16, 16});
        const ValueId stem = net.conv(x, {3, 16, 16, 3, 1, 1, 1, {1, 1, 1, 1}, inf});
        // Residual block with the stride-2 Slice and channel Pad shortcut of small ResNets.
        const ValueId a1 = net.conv(stem, {16, 32, 16, 3, 2, 1, 1, {1, 1, 1, 1}, inf});
        const ValueId a2 = net.conv(a1, {32, 32, 8, 3, 1, 1, 1, {1, 1, 1, 1}, 0});
        const ValueId sliced =
            net.op(Op::slice, SliceAttributes{{0, 0, 0, 0}, {1, 16, 16, 16}, {1, 1, 2, 2}}, {stem});
        const ValueId padded = net.op(Op::pad, PadAttributes{{0, 8, 0, 0}, {0, 8, 0, 0}, 0}, {sliced});
        const ValueId sum = net.op(Op::relu, {}, {net.op(Op::add, {}, {a2, padded})});
        // Depthwise separable with a linear bottleneck, then a residual without activation.
        const ValueId d1 = net.conv(sum, {32, 32, 8, 3, 1, 1, 32, {1, 1, 1, 1}, 6});
        const ValueId d2 = net.conv(d1, {32, 32, 8, 1, 1, 1, 1, {0, 0, 0, 0}, 0});
        const ValueId linear = net.op(Op::add, {}, {d2, sum});
        // Branches.
        const ValueId pooled =
            net.op(Op::max_pool, PoolAttributes{{3, 3}, {1, 1}, {1, 1, 1, 1}, false, false}, {linear});
        const ValueId b1 = net.conv(pooled, {32, 8, 8, 1, 1, 1, 1, {0, 0, 0, 0}, inf});
        const ValueId b2 = net.conv(linear, {32, 24, 8, 3, 1, 1, 1, {1, 1, 1, 1}, 0});
        const ValueId both = net.op(Op::concat, ConcatAttributes{1}, {b1, b2, pooled});
        const ValueId half =
            net.op(Op::average_pool, PoolAttributes{{2, 2}, {2, 2}, {0, 0, 0, 0}, false, false}, {both});
        const ValueId last = net.conv(half, {64, 20, 4, 3, 1, 1, 1, {1, 1, 1, 1}, inf});
        const ValueId flat = net.op(Op::reshape, ReshapeAttributes{{1, 320}}, {last});
        const ValueId mean = net.op(Op::global_average_pool, {}, {last});
        const ValueId flat_mean = net.op(Op::reshape, ReshapeAttributes{{1, 20}}, {mean});
        const ValueId joined = net.op(Op::concat, ConcatAttributes{1}, {flat, flat_mean});
        const GraphPtr graph =
            net.finish(net.op(Op::softmax, SoftmaxAttributes{}, {net.gemm(joined, 340, 10)}));
        PrecisionPlan plan = random_plan(rng, *graph);
        if (seed % 2 == 0) // uniform, as users begin: residual adds are then fused
            plan = PrecisionPlan({weight_integer(2 + seed / 2 % 7), activation_integer(8 - seed / 2 % 7)});
        // Float layers in the middle would make integers behind them depend on float summation order.
        for (const NodeId id : graph->node_ids())
            if (is_weighted(*graph, id)) {
                LayerPrecision p = plan.at(graph->node(id).name);
                if (!p.weights.is_integer()) p.weights = weight_integer(5);
                if (!p.activations.is_integer()) p.activations = activation_integer(6);
                plan.set(graph->node(id).name, p);
            }
        compare_engines(graph, plan, static_cast<uint64_t>(seed));
    }
};

QTEST_APPLESS_MAIN(TestEnginesAgree)
#include "tst_engines_agree.moc"
