// The optimizer, the schedule and the loss against numbers worked by hand.

#include "core/train/loss.h"
#include "core/train/sgd.h"
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
} // namespace

class TestSgd : public QObject {
    Q_OBJECT
private slots:
    void momentum_and_decay_by_hand();
    void decay_leaves_biases_and_batch_norm_alone();
    void schedules();
    void cross_entropy_by_hand();
    void cross_entropy_at_the_edges();
};

void TestSgd::momentum_and_decay_by_hand() {
    GraphBuilder builder("net", 13);
    const ValueId x = builder.input("x", {1, 1});
    const ValueId w = builder.constant("w", std::make_shared<const Tensor>(Tensor::from_f32({2, 1}, {1, 2})));
    builder.output(*builder.add(Op::gemm, "Gemm", "fc", {}, {x, w}));
    const ParameterLayout layout(**builder.build());
    Sgd sgd(layout, 0.9, 0.1);
    std::vector<float> weights{1, 2};
    // v = 0.5 + 0.1 * 1 = 0.6; w = 1 - 0.1 * 0.6 = 0.94.  v = 0.2; w = 2 - 0.02 = 1.98.
    sgd.step(weights, std::vector<float>{0.5F, 0}, 0.1);
    QVERIFY(near(weights[0], 0.94) && near(weights[1], 1.98));
    // v = 0.9 * 0.6 + 0 + 0.094 = 0.634; w = 0.94 - 0.5 * 0.634 = 0.623.
    sgd.step(weights, std::vector<float>{0, 0}, 0.5);
    QVERIFY(near(weights[0], 0.623));
}

void TestSgd::decay_leaves_biases_and_batch_norm_alone() {
    const GraphPtr graph = test::toy_network();
    const ParameterLayout layout(*graph);
    Sgd sgd(layout, 0, 0.5);
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

void TestSgd::schedules() {
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

void TestSgd::cross_entropy_by_hand() {
    const std::vector<float> logits{0, std::log(3.0F), 2, 2};
    const std::vector<int64_t> labels{1, 0};
    std::vector<float> gradient(4);
    const LossSum sum = cross_entropy(logits, labels, 0.5, gradient);
    QVERIFY(near(sum.loss, -std::log(0.75) - std::log(0.5)));
    QCOMPARE(sum.correct, int64_t{2}); // of equals the first counts
    QVERIFY(near(gradient[0], 0.125) && near(gradient[1], -0.125));
    QVERIFY(near(gradient[2], -0.25) && near(gradient[3], 0.25));
}

void TestSgd::cross_entropy_at_the_edges() {
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

QTEST_APPLESS_MAIN(TestSgd)
#include "tst_sgd.moc"
