// A tape's arithmetic in bf16 beside f32, and what it says of numbers that are not finite.

#include "tests/core/train/gradient_bench.h"
#include "tests/core/train/toy_problem.h"

#include <limits>

using namespace widthwise;
using widthwise::test::Bench;
using widthwise::test::gradient_row;
using widthwise::test::Recipe;
using widthwise::train::ComputeType;

namespace {

/// Everything that one pass computes.
struct PassResult {
    std::vector<float> logits, gradients, statistics;
    std::string problem;
};

/// One tape with its flat arrays; the loss is a fixed random combination of the logits.
struct Runner {
    explicit Runner(GraphPtr network, ComputeType compute = ComputeType::f32, int64_t batch = 4)
        : graph(std::move(network)), scope(train::training_scope(*graph).value()), layout(*graph) {
        train::TapeOptions options;
        options.batch = batch;
        options.compute = compute;
        auto made = train::Tape::create(*graph, scope, layout, options);
        if (!made) qFatal("%s", made.error().to_line().c_str());
        tape = std::move(*made);
        trained = layout.read_trained(*graph);
        running = layout.read_statistics(*graph);
        Rng rng(3);
        for (float& v : tape->input()) v = static_cast<float>(rng.normal());
        derivatives.resize(tape->logits().size());
        for (float& v : derivatives) v = static_cast<float>(rng.normal());
    }
    PassResult run() {
        PassResult pass;
        pass.statistics.resize(running.size());
        pass.gradients.resize(trained.size());
        auto done = tape->forward(trained, running, pass.statistics);
        if (done) done = tape->backward(trained, derivatives, pass.gradients);
        if (!done) pass.problem = done.error().to_line();
        pass.logits.assign(tape->logits().begin(), tape->logits().end());
        return pass;
    }
    std::string culprit(bool backward = true) {
        const auto found = tape->find_non_finite(
            trained, running, backward ? std::span<const float>(derivatives) : std::span<const float>());
        if (!found) return found.error().to_line();
        return *found ? (*found)->node + ((*found)->in_gradients ? " (gradients)" : "") : "";
    }
    [[nodiscard]] train::Slice weights_of(const std::string& node) const {
        return layout.trained(graph->node(graph->find_node(node)).inputs[1]);
    }

    GraphPtr graph;
    train::TrainingScope scope;
    train::ParameterLayout layout;
    std::unique_ptr<train::Tape> tape;
    std::vector<float> trained, running, derivatives;
};

/// The size of the difference, relative to the size of `a`.
double difference(const std::vector<float>& a, const std::vector<float>& b) {
    double square = 0, whole = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        square += std::pow(static_cast<double>(a[i]) - b[i], 2);
        whole += std::pow(static_cast<double>(a[i]), 2);
    }
    return std::sqrt(square / whole);
}

} // namespace

class TestTape : public QObject {
    Q_OBJECT
private slots:
    void bf16_computes_what_f32_does_data();
    void bf16_computes_what_f32_does();
    void the_same_pass_twice_gives_the_same_bits();
    void gradients_are_added_to_what_is_there();
    void the_first_layer_that_is_not_finite_is_named();
};

void TestTape::bf16_computes_what_f32_does_data() {
    test::gradient_column();
    gradient_row("convolutions", [](Bench& b) {
        b.mix(32);
        b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}}, 48, true, 0.1);
        b.conv({{3, 3}, {2, 2}, {1, 1, 1, 1}}, 16, false, 0.1);
    });
    gradient_row("grouped convolution", [](Bench& b) {
        b.mix(32);
        b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 2}, 32, true, 0.2);
        b.mix(5);
    });
    gradient_row("convolution of groups of four", [](Bench& b) {
        b.mix(32);
        b.conv({{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 8}, 32, false, 0.3);
        b.mix(5);
    });
    gradient_row("depthwise convolution", [](Bench& b) {
        b.mix(20);
        b.conv({{3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 20}, 20);
    });
    gradient_row("transposed convolution", [](Bench& b) {
        b.node(Op::conv_transpose, ConvTransposeAttributes{{{2, 2}, {2, 2}}, {}},
               {b.last, b.random("w", {4, 3, 2, 2})});
    });
    gradient_row("BatchNormalization, residual, ReLU", [](Bench& b) {
        const ValueId x = b.mix(16);
        b.conv({{3, 3}, {1, 1}, {1, 1, 1, 1}}, 16, false, 0.3);
        b.node(Op::add, {}, {b.batch_norm(), x});
        b.then(Op::relu);
        b.mix(20);
        b.batch_norm();
        b.mix(3);
    });
    gradient_row("fully connected", [](Bench& b) {
        b.mix(16);
        b.then(Op::global_average_pool);
        b.flatten();
        b.gemm(12, true);
        b.batch_norm();
        b.then(Op::tanh);
        b.gemm(3);
    });
    gradient_row("pools, functions, rearrangements", [](Bench& b) {
        b.mix(20);
        const ValueId x = b.then(Op::tanh);
        b.then(Op::average_pool, PoolAttributes{{3, 3}, {1, 1}, {1, 1, 1, 1}});
        b.node(Op::concat, ConcatAttributes{1}, {b.last, x});
        b.then(Op::slice, SliceAttributes{{0, 4, 0, 1}, {1, 36, 6, 6}, {1, 1, 2, 1}});
        b.then(Op::pad, PadAttributes{{0, 0, 1, 0}, {0, 0, 0, 1}});
        const ValueId y = b.mix(16);
        b.then(Op::global_average_pool);
        b.node(Op::mul, {}, {y, b.then(Op::sigmoid)});
        b.mix(3);
    });
}

/// bf16 keeps 8 digits: each rounding is wrong by 2^-9 at most, 0.1 % on average; gradients pass through some
/// dozen of them. A wrong operand or a missing conversion is wrong by a good part of the whole.
void TestTape::bf16_computes_what_f32_does() {
    if (!train::supports_bf16()) QSKIP("this CPU has no bf16");
    const train::SingleThreadedKernels single;
    QFETCH(Recipe, recipe);
    Bench bench({1, 4, 6, 6});
    recipe(bench);
    const GraphPtr graph = bench.finish();
    const PassResult exact = Runner(graph).run(), rounded = Runner(graph, ComputeType::bf16).run();
    QCOMPARE(rounded.problem, std::string());
    QVERIFY(exact.gradients != rounded.gradients);
    QVERIFY2(difference(exact.logits, rounded.logits) < 0.01,
             qPrintable(QString::number(difference(exact.logits, rounded.logits))));
    QVERIFY2(difference(exact.gradients, rounded.gradients) < 0.02,
             qPrintable(QString::number(difference(exact.gradients, rounded.gradients))));
    if (!exact.statistics.empty()) QVERIFY(difference(exact.statistics, rounded.statistics) < 0.01);
}

void TestTape::the_same_pass_twice_gives_the_same_bits() {
    const train::SingleThreadedKernels single;
    for (const ComputeType compute : {ComputeType::f32, ComputeType::bf16}) {
        if (compute == ComputeType::bf16 && !train::supports_bf16()) continue;
        Runner one(test::toy_network(), compute), two(test::toy_network(), compute);
        const PassResult first = one.run(), again = one.run(), other = two.run();
        QVERIFY(first.gradients == again.gradients && first.logits == again.logits);
        QVERIFY(first.gradients == other.gradients && first.statistics == other.statistics);
    }
}

void TestTape::gradients_are_added_to_what_is_there() {
    const train::SingleThreadedKernels single;
    Runner runner(test::toy_network());
    const PassResult pass = runner.run();
    std::vector<float> sum(runner.trained.size(), 1.0F);
    QVERIFY(runner.tape->backward(runner.trained, runner.derivatives, sum));
    for (size_t i = 0; i < sum.size(); ++i)
        QVERIFY(std::abs(sum[i] - 1 - pass.gradients[i]) <= 1e-4F * (1 + std::abs(pass.gradients[i])));
}

void TestTape::the_first_layer_that_is_not_finite_is_named() {
    const train::SingleThreadedKernels single;
    for (const ComputeType compute : {ComputeType::f32, ComputeType::bf16}) {
        if (compute == ComputeType::bf16 && !train::supports_bf16()) continue;
        Runner runner(test::toy_network(), compute);
        QCOMPARE(runner.culprit(), std::string());

        // Nodes of toy_network(): stem/conv, block/conv, ..., classifier.
        const Node& block = runner.graph->node(runner.scope.nodes[3]);
        QVERIFY(block.op == Op::conv);
        const auto broken = static_cast<size_t>(runner.weights_of(block.name).offset);
        const float before = std::exchange(runner.trained[broken], std::numeric_limits<float>::quiet_NaN());
        QCOMPARE(runner.culprit(), block.name);
        QCOMPARE(runner.culprit(false), block.name);
        runner.trained[broken] = before;

        // Finite all the way forward; the way back starts at the last layer.
        runner.derivatives[1] = std::numeric_limits<float>::infinity();
        QCOMPARE(runner.culprit(), runner.graph->node(runner.scope.nodes.back()).name + " (gradients)");
        QCOMPARE(runner.culprit(false), std::string());
    }
}

QTEST_APPLESS_MAIN(TestTape)
#include "tst_tape.moc"
