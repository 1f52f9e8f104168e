// Optimizers, schedules and the loss against numbers worked by hand.

#include "core/train/loss.h"
#include "core/train/optimizer.h"
#include "core/train/schedule.h"
#include "tests/core/train/toy_problem.h"

#include <cmath>
#include <limits>

#include <QTest>

using namespace widthwise;
using namespace widthwise::train;

namespace {
bool near(double a, double b) {
    return std::abs(a - b) <= 1e-6 * (1 + std::abs(b));
}

GraphPtr two_weights() {
    GraphBuilder builder("net", 13);
    const ValueId x = builder.input("x", {1, 1});
    const ValueId w = builder.constant("w", std::make_shared<const Tensor>(Tensor::from_f32({2, 1}, {1, 2})));
    builder.output(*builder.add(Op::gemm, "Gemm", "fc", {}, {x, w}));
    return *builder.build();
}

/// Momentum 0.9.
Options with(OptimizerType type, double decay) {
    Options options;
    options.optimizer = type;
    options.weight_decay = decay;
    return options;
}
} // namespace

class TestOptimizer : public QObject {
    Q_OBJECT
private slots:
    void momentum_and_decay_by_hand();
    void nesterov_by_hand();
    void adam_by_hand();
    void decay_leaves_biases_and_batch_norm_alone();
    void schedules();
    void cross_entropy_by_hand();
    void cross_entropy_at_the_edges();
    void smoothed_labels_by_hand();
    void distillation_by_hand();
    void soft_gradients_are_finite_differences();
};

void TestOptimizer::momentum_and_decay_by_hand() {
    const ParameterLayout layout(*two_weights());
    Optimizer sgd(layout, with(OptimizerType::sgd, 0.1));
    std::vector<float> weights{1, 2};
    // v = 0.5 + 0.1 * 1 = 0.6; w = 1 - 0.1 * 0.6 = 0.94.  v = 0.2; w = 2 - 0.02 = 1.98.
    sgd.step(weights, std::vector<float>{0.5F, 0}, 0.1);
    QVERIFY(near(weights[0], 0.94) && near(weights[1], 1.98));
    // v = 0.9 * 0.6 + 0 + 0.094 = 0.634; w = 0.94 - 0.5 * 0.634 = 0.623.
    sgd.step(weights, std::vector<float>{0, 0}, 0.5);
    QVERIFY(near(weights[0], 0.623));
}

void TestOptimizer::nesterov_by_hand() {
    const ParameterLayout layout(*two_weights());
    Options options = with(OptimizerType::sgd, 0.1);
    options.nesterov = true;
    Optimizer sgd(layout, options);
    std::vector<float> weights{1, 2};
    // d = v = 0.6; w = 1 - 0.1 * (0.6 + 0.9 * 0.6) = 0.886.
    sgd.step(weights, std::vector<float>{0.5F, 0}, 0.1);
    QVERIFY(near(weights[0], 0.886));
    // d = 0.0886; v = 0.54 + 0.0886 = 0.6286; w = 0.886 - 0.1 * (0.0886 + 0.56574) = 0.820566.
    sgd.step(weights, std::vector<float>{0, 0}, 0.1);
    QVERIFY(near(weights[0], 0.820566));
}

void TestOptimizer::adam_by_hand() {
    const ParameterLayout layout(*two_weights());
    Optimizer adam(layout, with(OptimizerType::adam, 0.1));
    std::vector<float> weights{1, 2};
    // The first step goes by the gradient's sign, whatever its size: 1 * (1 - 0.01 * 0.1) - 0.01 = 0.989.
    adam.step(weights, std::vector<float>{0.5F, -1e-3F}, 0.01);
    QVERIFY(near(weights[0], 0.989));
    QVERIFY(std::abs(weights[1] - 2.008) < 1e-5); // epsilon is 1e-5 of this gradient
    // m = 0.9 * 0.05 = 0.045, m^ = 0.045 / 0.19; v = 0.999 * 0.00025, v^ = v / 0.001999.
    adam.step(weights, std::vector<float>{0, 0}, 0.01);
    const double m = 0.045 / 0.19, v = 0.00024975 / 0.001999;
    QVERIFY(near(weights[0], 0.989 * (1 - 0.001) - 0.01 * m / std::sqrt(v)));
    QCOMPARE(adam.state().steps, int64_t{2});
}

void TestOptimizer::decay_leaves_biases_and_batch_norm_alone() {
    const GraphPtr graph = test::toy_network();
    const ParameterLayout layout(*graph);
    Options options = with(OptimizerType::sgd, 0.5);
    options.momentum = 0;
    Optimizer sgd(layout, options);
    std::vector<float> weights(static_cast<size_t>(layout.trained_size()), 1.0F);
    sgd.step(weights, std::vector<float>(weights.size()), 1.0);
    for (const Node& node : graph->nodes())
        for (size_t i = 1; i < node.inputs.size(); ++i) {
            if (!graph->value(node.inputs[i]).constant || (node.op == Op::batch_norm && i > 2)) continue;
            const bool shrinks = i == 1 && (node.op == Op::conv || node.op == Op::gemm);
            for (const float w : layout.trained(node.inputs[i]).of(std::span<float>(weights)))
                QCOMPARE(w, shrinks ? 0.5F : 1.0F);
        }
}

void TestOptimizer::schedules() {
    QCOMPARE(learning_rate(Schedule::constant, 0.2, 99, 100), 0.2);
    QVERIFY(near(learning_rate(Schedule::cosine, 0.2, 0, 100), 0.2));
    QVERIFY(near(learning_rate(Schedule::cosine, 0.2, 50, 100), 0.1));
    QVERIFY(near(learning_rate(Schedule::one_cycle, 0.2, 0, 100), 0.02));
    QVERIFY(near(learning_rate(Schedule::one_cycle, 0.2, 15, 100), 0.2));
    double before = 1;
    for (int64_t step = 15; step < 100; ++step) {
        const double rate = learning_rate(Schedule::one_cycle, 0.2, step, 100);
        QVERIFY(rate > 0 && rate < before);
        before = rate;
    }
    QVERIFY(before < 0.001);
    QVERIFY(learning_rate(Schedule::one_cycle, 0.2, 0, 1) > 0);
}

void TestOptimizer::cross_entropy_by_hand() {
    const std::vector<float> logits{0, std::log(3.0F), 2, 2};
    const std::vector<int64_t> labels{1, 0};
    std::vector<float> gradient(4);
    const LossSum sum = cross_entropy(logits, labels, 0.5, gradient);
    QVERIFY(near(sum.loss, -std::log(0.75) - std::log(0.5)));
    QCOMPARE(sum.correct, int64_t{2}); // of equals the first counts
    QVERIFY(near(gradient[0], 0.125) && near(gradient[1], -0.125));
    QVERIFY(near(gradient[2], -0.25) && near(gradient[3], 0.25));
}

void TestOptimizer::cross_entropy_at_the_edges() {
    std::vector<float> gradient(2);
    const std::vector<int64_t> label{1};
    const LossSum far = cross_entropy(std::vector<float>{1e30F, 0}, label, 1, gradient);
    QVERIFY(std::isfinite(far.loss) && near(gradient[0], 1) && near(gradient[1], -1));
    const float nan = std::numeric_limits<float>::quiet_NaN();
    QVERIFY(!std::isfinite(cross_entropy(std::vector<float>{nan, 0}, label, 1, gradient).loss));
    QVERIFY(!std::isfinite(cross_entropy(std::vector<float>{0, nan}, label, 1, gradient).loss));
    const float infinity = std::numeric_limits<float>::infinity();
    QVERIFY(!std::isfinite(cross_entropy(std::vector<float>{infinity, infinity}, label, 1, gradient).loss));
}

void TestOptimizer::smoothed_labels_by_hand() {
    // p = (1/4, 3/4); targets with e = 0.2: (0.1, 0.9).
    const std::vector<float> logits{0, std::log(3.0F)};
    const std::vector<int64_t> label{1};
    std::vector<float> gradient(2);
    const LossSum sum = cross_entropy(logits, label, 1, gradient, {.smoothing = 0.2, .teacher = {}});
    QVERIFY(near(sum.loss, -0.1 * std::log(0.25) - 0.9 * std::log(0.75)));
    QVERIFY(near(gradient[0], 0.15) && near(gradient[1], -0.15));
}

void TestOptimizer::distillation_by_hand() {
    // p = (1/4, 3/4); the teacher says (1/2, 1/2): targets with d = 0.4: (0.2, 0.8).
    const std::vector<float> logits{0, std::log(3.0F)}, teacher{7, 7};
    const std::vector<int64_t> label{1};
    std::vector<float> gradient(2);
    const LossSum sum = cross_entropy(logits, label, 1, gradient, {.distillation = 0.4, .teacher = teacher});
    QVERIFY(near(sum.loss, -0.2 * std::log(0.25) - 0.8 * std::log(0.75)));
    QVERIFY(near(gradient[0], 0.05) && near(gradient[1], -0.05));
    // A network that is its teacher has nothing to learn from it.
    std::vector<float> still(2);
    QVERIFY(
        std::isfinite(cross_entropy(logits, label, 1, still, {.distillation = 1, .teacher = logits}).loss));
    QVERIFY(near(still[0], 0) && near(still[1], 0));
}

void TestOptimizer::soft_gradients_are_finite_differences() {
    std::vector<float> logits{0.3F, -1, 2, 0.5F, 0.1F, -0.7F};
    const std::vector<float> teacher{1, 0, -1, 0.2F, 0.4F, 2};
    const std::vector<int64_t> labels{2, 0};
    const SoftTargets targets{0.1, 0.3, teacher};
    std::vector<float> gradient(6);
    (void)cross_entropy(logits, labels, 1, gradient, targets);
    for (size_t i = 0; i < logits.size(); ++i) {
        const float before = logits[i];
        logits[i] = before + 1e-2F;
        const double above = cross_entropy(logits, labels, 1, {}, targets).loss;
        logits[i] = before - 1e-2F;
        const double below = cross_entropy(logits, labels, 1, {}, targets).loss;
        logits[i] = before;
        QVERIFY(std::abs((above - below) / 2e-2 - static_cast<double>(gradient[i])) < 1e-4);
    }
}

QTEST_APPLESS_MAIN(TestOptimizer)
#include "tst_optimizer.moc"
