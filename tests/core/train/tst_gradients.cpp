// The gradient of every trainable operation against finite differences.

#include "core/train/tape.h"
#include "tests/core/train/gradient_check.h"

#include <QTest>

#include <functional>

using namespace widthwise;
using widthwise::test::GradientCheck;

namespace {

/// Grows the network under test; ends it in a flat vector.
struct Bench {
    explicit Bench(Shape in) : builder("bench", 13) { last = builder.input("x", std::move(in)); }

    ValueId random(const std::string& name, Shape shape, double lo = -1, double hi = 1) {
        std::vector<float> values(static_cast<size_t>(shape.elements()));
        for (float& v : values) v = static_cast<float>(rng.uniform(lo, hi));
        return builder.constant(name,
                                std::make_shared<const Tensor>(Tensor::from_f32(std::move(shape), values)));
    }
    ValueId node(Op op, Attributes attributes, std::vector<ValueId> inputs) {
        Result<ValueId> added = builder.add(op, "Op", "", std::move(attributes), std::move(inputs));
        if (!added) qFatal("%s", added.error().to_line().c_str());
        last = *added;
        return last;
    }
    void conv(ConvAttributes attributes, int64_t channels, bool bias = false) {
        const int64_t in = builder.value(last).shape[1] / attributes.group;
        std::vector<ValueId> inputs{last,
                                    random("w", {channels, in, attributes.kernel[0], attributes.kernel[1]})};
        if (bias) inputs.push_back(random("b", {channels}));
        node(Op::conv, attributes, inputs);
    }
    /// Scale and bias put each channel wholly above or below zero, away from a following ReLU's kink.
    void batch_norm() {
        const int64_t channels = builder.value(last).shape[1];
        std::vector<float> bias(static_cast<size_t>(channels));
        for (size_t c = 0; c < bias.size(); ++c) bias[c] = c % 3 == 0 ? -3.0F : 3.0F;
        const ValueId shift =
            builder.constant("b", std::make_shared<const Tensor>(Tensor::from_f32({channels}, bias)));
        node(Op::batch_norm, BatchNormAttributes{1e-3F},
             {last, random("s", {channels}, 0.3, 0.8), shift, random("m", {channels}),
              random("v", {channels}, 1, 2)});
    }
    GraphPtr finish() {
        node(Op::reshape, ReshapeAttributes{{1, builder.value(last).shape.elements()}}, {last});
        builder.output(last);
        return *builder.build();
    }

    GraphBuilder builder;
    Rng rng{7};
    ValueId last;
};

using Recipe = std::function<void(Bench&)>;

void pool(Bench& b, Op op, PoolAttributes attributes) {
    b.node(op, attributes, {b.last});
}

} // namespace

Q_DECLARE_METATYPE(Recipe)

class TestGradients : public QObject {
    Q_OBJECT
private slots:
    void gradient_is_the_finite_difference_data();
    void gradient_is_the_finite_difference();
    void statistics_are_those_of_the_batch();
    void evaluation_uses_the_running_statistics();
};

void TestGradients::gradient_is_the_finite_difference_data() {
    QTest::addColumn<Recipe>("recipe");
    const auto row = [](const char* name, Recipe recipe) { QTest::newRow(name) << std::move(recipe); };
    row("conv 3x3", [](Bench& b) { b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1}, 5); });
    row("conv with bias, stride 2", [](Bench& b) {
        b.conv({{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 1}, 16, true);
    });
    row("conv, uneven pads and strides", [](Bench& b) {
        b.conv({{3, 2}, {2, 1}, {0, 1, 1, 0}, {1, 1}, 1}, 6);
    });
    row("conv, one set of weights used twice", [](Bench& b) {
        const ValueId weights = b.random("w", {4, 4, 3, 3});
        for (int i = 0; i < 2; ++i)
            b.node(Op::conv, ConvAttributes{{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 1}, {b.last, weights});
    });
    row("conv, dilated", [](Bench& b) { b.conv({{3, 3}, {1, 1}, {2, 2, 2, 2}, {2, 2}, 1}, 4); });
    row("conv 1x1, stride 2", [](Bench& b) { b.conv({{1, 1}, {2, 2}, {0, 0, 0, 0}, {1, 1}, 1}, 8); });
    row("conv, grouped", [](Bench& b) { b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 2}, 8, true); });
    row("conv, depthwise", [](Bench& b) { b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 4}, 4); });
    row("conv, depthwise 16 channels, stride 2", [](Bench& b) {
        b.conv({{1, 1}, {1, 1}, {0, 0, 0, 0}, {1, 1}, 1}, 16);
        b.conv({{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 16}, 16, true);
    });
    row("gemm", [](Bench& b) {
        b.node(Op::reshape, ReshapeAttributes{{1, 144}}, {b.last});
        b.node(Op::gemm, {}, {b.last, b.random("w", {7, 144}), b.random("b", {7})});
    });
    row("gemm without bias", [](Bench& b) {
        b.node(Op::global_average_pool, {}, {b.last});
        b.node(Op::reshape, ReshapeAttributes{{1, 4}}, {b.last});
        b.node(Op::gemm, {}, {b.last, b.random("w", {20, 4}, 1, 3)});
    });
    row("batch_norm", [](Bench& b) { b.batch_norm(); });
    row("batch_norm with its ReLU", [](Bench& b) {
        b.batch_norm();
        b.node(Op::relu, {}, {b.last});
    });
    row("batch_norm read twice", [](Bench& b) {
        b.batch_norm();
        const ValueId normalized = b.last;
        b.node(Op::relu, {}, {normalized});
        b.node(Op::add, {}, {b.last, normalized});
    });
    row("relu", [](Bench& b) { b.node(Op::relu, {}, {b.last}); });
    row("clip", [](Bench& b) { b.node(Op::clip, ClipAttributes{0, 1.6F}, {b.last}); });
    row("clip from below", [](Bench& b) { b.node(Op::clip, ClipAttributes{-0.4F}, {b.last}); });
    row("add", [](Bench& b) {
        const ValueId x = b.last;
        b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1}, 4);
        b.node(Op::add, {}, {x, b.last});
    });
    row("add to itself", [](Bench& b) { b.node(Op::add, {}, {b.last, b.last}); });
    row("max pool", [](Bench& b) { pool(b, Op::max_pool, {{3, 3}, {2, 2}, {1, 1, 1, 1}, false, false}); });
    row("max pool, ceil", [](Bench& b) {
        pool(b, Op::max_pool, {{3, 3}, {2, 2}, {0, 0, 0, 0}, true, false});
    });
    row("average pool", [](Bench& b) {
        pool(b, Op::average_pool, {{2, 2}, {2, 2}, {0, 0, 0, 0}, false, false});
    });
    row("average pool without pads", [](Bench& b) {
        pool(b, Op::average_pool, {{3, 3}, {1, 1}, {1, 1, 1, 1}, false, false});
    });
    row("average pool with pads", [](Bench& b) {
        pool(b, Op::average_pool, {{3, 3}, {1, 1}, {1, 1, 1, 1}, false, true});
    });
    row("global average pool", [](Bench& b) {
        pool(b, Op::max_pool, {{3, 3}, {3, 3}, {0, 0, 0, 0}, false, false});
        b.node(Op::global_average_pool, {}, {b.last});
    });
    row("concat of channels", [](Bench& b) {
        const ValueId x = b.last;
        b.conv({{1, 1}, {1, 1}, {0, 0, 0, 0}, {1, 1}, 1}, 5);
        b.node(Op::concat, ConcatAttributes{1}, {b.last, x, x});
    });
    row("concat of columns", [](Bench& b) { b.node(Op::concat, ConcatAttributes{3}, {b.last, b.last}); });
    row("reshape", [](Bench& b) {
        b.node(Op::reshape, ReshapeAttributes{{1, 8, 3, 6}}, {b.last});
        b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1}, 4);
    });
    row("transpose", [](Bench& b) {
        b.node(Op::transpose, TransposeAttributes{{0, 2, 3, 1}}, {b.last});
        b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1}, 4);
    });
    row("identity", [](Bench& b) { b.node(Op::identity, {}, {b.last}); });
    row("softmax stays out of the loss", [](Bench& b) {
        b.node(Op::reshape, ReshapeAttributes{{1, 144}}, {b.last});
        b.node(Op::gemm, {}, {b.last, b.random("w", {9, 144})});
        b.node(Op::softmax, SoftmaxAttributes{1, false}, {b.last});
    });
}

void TestGradients::gradient_is_the_finite_difference() {
    const train::SingleThreadedKernels single;
    QFETCH(Recipe, recipe);
    Bench bench({1, 4, 6, 6});
    recipe(bench);
    const bool ends_in_softmax = QTest::currentDataTag() == std::string_view("softmax stays out of the loss");
    if (ends_in_softmax) bench.builder.output(bench.last);
    const GraphPtr graph = ends_in_softmax ? *bench.builder.build() : bench.finish();
    QCOMPARE(QString::fromStdString(GradientCheck(graph, 2, 5).run(0.004F)), QString());
}

void TestGradients::statistics_are_those_of_the_batch() {
    const train::SingleThreadedKernels single;
    Bench bench({1, 4, 6, 6});
    bench.batch_norm();
    const GraphPtr graph = bench.finish();
    const train::ParameterLayout layout(*graph);
    const auto scope = train::training_scope(*graph);
    QVERIFY(scope);
    const auto tape = train::Tape::create(*graph, *scope, layout, {3, train::TapeMode::training});
    QVERIFY(tape);
    Rng rng(3);
    for (float& v : (*tape)->input()) v = static_cast<float>(rng.normal());
    std::vector<float> statistics(8), running(8);
    QVERIFY((*tape)->forward(layout.read_trained(*graph), running, statistics));
    const train::Slice means = layout.statistics(graph->nodes().front().inputs[3]);
    const train::Slice variances = layout.statistics(graph->nodes().front().inputs[4]);
    for (size_t c = 0; c < 4; ++c) {
        double sum = 0, squares = 0;
        for (size_t i = c; i < (*tape)->input().size(); i += 4) sum += (*tape)->input()[i];
        const double mean = sum / 108;
        for (size_t i = c; i < (*tape)->input().size(); i += 4)
            squares += ((*tape)->input()[i] - mean) * ((*tape)->input()[i] - mean);
        QVERIFY(std::abs(statistics[means.offset + c] - mean) < 1e-5);
        QVERIFY(std::abs(statistics[variances.offset + c] - squares / 107) < 1e-5);
    }
}

void TestGradients::evaluation_uses_the_running_statistics() {
    const train::SingleThreadedKernels single;
    Bench bench({1, 4, 6, 6});
    bench.batch_norm();
    const GraphPtr graph = bench.finish();
    const train::ParameterLayout layout(*graph);
    const auto scope = train::training_scope(*graph);
    const auto tape = train::Tape::create(*graph, *scope, layout, {1, train::TapeMode::evaluation});
    QVERIFY(tape);
    for (float& v : (*tape)->input()) v = 0.5F;
    QVERIFY((*tape)->forward(layout.read_trained(*graph), layout.read_statistics(*graph), {}));
    const Node& node = graph->nodes().front();
    for (size_t c = 0; c < 4; ++c) {
        const auto number = [&](size_t input) {
            return static_cast<double>(graph->value(node.inputs[input]).constant->to_f32()[c]);
        };
        const double expected = number(1) * (0.5 - number(3)) / std::sqrt(number(4) + 1e-3) + number(2);
        for (size_t pixel = 0; pixel < 36; ++pixel)
            QVERIFY(std::abs((*tape)->logits()[c * 36 + pixel] - expected) < 1e-5);
    }
}

QTEST_APPLESS_MAIN(TestGradients)
#include "tst_gradients.moc"
