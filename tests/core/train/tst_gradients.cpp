// Gradients of the layers with weights and of BatchNormalization, against finite differences.

#include "core/train/tape.h"
#include "tests/core/train/gradient_bench.h"

#include <cmath>

using namespace widthwise;
using widthwise::test::Bench;
using widthwise::test::Recipe;

class TestGradients : public QObject {
    Q_OBJECT
private slots:
    void convolution_data();
    void convolution() { test::check_gradient_row(); }
    void transposed_convolution_data();
    void transposed_convolution() { test::check_gradient_row(); }
    void fully_connected_data();
    void fully_connected() { test::check_gradient_row(); }
    void batch_norm_data();
    void batch_norm() { test::check_gradient_row(); }
    void statistics_are_those_of_the_batch();
    void evaluation_uses_the_running_statistics();
};

void TestGradients::convolution_data() {
    test::gradient_column();
    const auto row = [](const char* name, int64_t channels, ConvAttributes attributes, bool bias = false,
                        const QList<qint64>& image = {4, 6, 6}) {
        test::gradient_row(
            name, [=](Bench& b) { b.conv(attributes, channels, bias); }, image);
    };
    row("3x3", 5, {{3, 3}, {1, 1}, {1, 1, 1, 1}});
    row("3x3 with bias, stride 2", 16, {{3, 3}, {2, 2}, {1, 1, 1, 1}}, true);
    row("uneven pads and strides", 6, {{3, 2}, {2, 1}, {0, 1, 1, 0}});
    row("pads at the end alone", 8, {{3, 3}, {2, 2}, {0, 0, 1, 1}});
    row("dilated", 4, {{3, 3}, {1, 1}, {2, 2, 2, 2}, {2, 2}});
    row("1x1, stride 2", 8, {{1, 1}, {2, 2}});
    row("5x5 on one row of pixels", 3, {{1, 5}, {1, 1}, {0, 2, 0, 2}}, true, {4, 1, 9});
    row("grouped", 8, {{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 2}, true);
    row("grouped, uneven", 9, {{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 3}, false, {6, 5, 5});
    row("depthwise", 4, {{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 4});
    row("depthwise, two outputs for each input", 8, {{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 4});

    // Other kernels: whole blocks of channels, sixteen, Winograd's; blocks with paddings.
    const ConvAttributes same{{3, 3}, {1, 1}, {1, 1, 1, 1}};
    const auto deep = [&](const char* name, int64_t in, int64_t out, ConvAttributes attributes) {
        test::gradient_row(name,
                           [=](Bench& b) {
                               b.mix(in);
                               b.conv(attributes, out, true, 1 / std::sqrt(static_cast<double>(in)));
                           },
                           {3, 7, 6});
    };
    deep("sixteen channels", 16, 16, same);
    deep("32 to 48 channels", 32, 48, same);
    deep("32 channels, stride 2", 32, 32, {{3, 3}, {2, 2}, {1, 1, 1, 1}});
    deep("20 to 24 channels", 20, 24, same);
    deep("depthwise, 16 channels, stride 2", 16, 16, {{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 16});
    deep("grouped, 32 channels", 32, 32, {{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 2});
    test::gradient_row("one set of weights used twice", [](Bench& b) {
        const ValueId weights = b.random("w", {4, 4, 3, 3});
        for (int i = 0; i < 2; ++i)
            b.node(Op::conv, ConvAttributes{{3, 3}, {2, 2}, {1, 1, 1, 1}}, {b.last, weights});
    });
    test::gradient_row("read three times", [](Bench& b) {
        const ValueId x = b.mix(16);
        const ValueId one = b.then(Op::tanh);
        b.last = x;
        const ValueId two = b.mix(16);
        b.node(Op::add, {}, {b.node(Op::add, {}, {one, two}), x});
    });
}

void TestGradients::transposed_convolution_data() {
    test::gradient_column();
    const auto row = [](const char* name, int64_t channels, ConvTransposeAttributes attributes,
                        bool bias = false) {
        test::gradient_row(name, [=](Bench& b) {
            const ConvAttributes& conv = attributes.conv;
            std::vector<ValueId> inputs{
                b.last, b.random("w", {4, channels / conv.group, conv.kernel[0], conv.kernel[1]})};
            if (bias) inputs.push_back(b.random("b", {channels}));
            b.node(Op::conv_transpose, attributes, inputs);
        });
    };
    row("3x3", 5, {{{3, 3}, {1, 1}, {1, 1, 1, 1}}, {}});
    row("2x2, stride 2, with bias", 3, {{{2, 2}, {2, 2}}, {}}, true);
    row("stride 2, one row and column more", 4, {{{3, 3}, {2, 2}, {1, 1, 1, 1}}, {1, 1}});
    row("grouped", 6, {{{3, 3}, {1, 1}, {0, 0, 0, 0}, {1, 1}, 2}, {}});
}

void TestGradients::fully_connected_data() {
    test::gradient_column();
    test::gradient_row("with bias", [](Bench& b) {
        b.flatten();
        b.gemm(7, true);
    });
    test::gradient_row("without bias", [](Bench& b) {
        b.then(Op::global_average_pool);
        b.flatten();
        b.node(Op::gemm, {}, {b.last, b.random("w", {20, 4}, 1, 3)});
    });
    test::gradient_row("two layers",
                       [](Bench& b) {
                           b.flatten();
                           b.gemm(20, true);
                           b.then(Op::tanh);
                           b.gemm(5);
                       },
                       {2, 2, 2});
    test::gradient_row("softmax stays out of the loss", [](Bench& b) {
        b.flatten();
        b.gemm(9);
        b.then(Op::softmax, SoftmaxAttributes{1, false});
        b.is_flat = true;
    });
}

void TestGradients::batch_norm_data() {
    test::gradient_column();
    test::gradient_row("of the image", [](Bench& b) { b.batch_norm(); });
    test::gradient_row("with its ReLU", [](Bench& b) {
        b.batch_norm();
        b.then(Op::relu);
    });
    test::gradient_row("of vectors",
                       [](Bench& b) {
                           b.flatten();
                           b.gemm(18);
                           b.batch_norm();
                           b.then(Op::relu);
                           b.gemm(4);
                       },
                       {2, 2, 2});
    test::gradient_row("of 16 channels, with its clip", [](Bench& b) {
        b.mix(16);
        b.batch_norm();
        b.then(Op::clip, ClipAttributes{0, 8});
        b.mix(16);
    });
    test::gradient_row("of 20 channels, clipped away from zero", [](Bench& b) {
        b.mix(20);
        b.batch_norm();
        b.then(Op::clip, ClipAttributes{0.5F, 8});
    });
    test::gradient_row("read twice", [](Bench& b) {
        const ValueId normalized = b.batch_norm();
        b.node(Op::add, {}, {b.then(Op::relu), normalized});
    });
    test::gradient_row("read three times, 16 channels", [](Bench& b) {
        b.mix(16);
        const ValueId normalized = b.batch_norm();
        const ValueId one = b.then(Op::relu);
        b.last = normalized;
        const ValueId two = b.mix(16);
        b.last = normalized;
        const ValueId three = b.then(Op::tanh);
        b.node(Op::add, {}, {b.node(Op::add, {}, {one, two}), three});
    });
    const auto residual = [](const char* name, bool shortcut_first, bool relu) {
        test::gradient_row(name, [=](Bench& b) {
            b.mix(16);
            const ValueId x = b.then(Op::tanh);
            b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}}, 16, false, 0.3);
            const ValueId normalized = b.batch_norm();
            b.node(Op::add, {}, shortcut_first ? std::vector{x, normalized} : std::vector{normalized, x});
            if (relu) b.then(Op::relu);
            b.mix(8);
        });
    };
    residual("with a residual", false, false);
    residual("with a residual and its ReLU", false, true);
    residual("with a residual on the left and its ReLU", true, true);
    test::gradient_row("with a projected residual, both normalized", [](Bench& b) {
        const ValueId x = b.mix(16);
        b.conv({{3, 3}, {2, 2}, {1, 1, 1, 1}}, 32, false, 0.3);
        const ValueId main = b.batch_norm();
        b.last = x;
        b.conv({{1, 1}, {2, 2}}, 32, false, 0.3);
        const ValueId shortcut = b.batch_norm();
        b.node(Op::add, {}, {main, shortcut});
        b.then(Op::relu);
    });
    test::gradient_row("with itself as the residual", [](Bench& b) {
        b.mix(16);
        const ValueId x = b.then(Op::tanh);
        b.node(Op::add, {}, {x, b.batch_norm()});
        b.then(Op::relu);
    });
    test::gradient_row("twice the same", [](Bench& b) {
        b.mix(16);
        const ValueId normalized = b.batch_norm();
        b.node(Op::add, {}, {normalized, normalized});
    });
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
