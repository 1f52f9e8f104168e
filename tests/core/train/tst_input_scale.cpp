// Images in other units with first weights in theirs are the same problem: training takes the same way.
#include "core/train/input_scale.h"
#include "core/train/trainer.h"
#include "tests/core/train/toy_problem.h"

#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::train;

namespace {

/// Toy images times a factor.
class ScaledImages final : public Dataset {
public:
    explicit ScaledImages(float factor) : m_factor(factor) {
        m_name = "scaled";
        m_class_count = 3;
    }
    [[nodiscard]] int64_t size() const override { return m_toy.size(); }
    [[nodiscard]] int64_t label(int64_t index) const override { return m_toy.label(index); }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return m_toy.image_shape(); }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        Result<void> done = m_toy.read(index, hwc);
        for (float& v : hwc) v *= m_factor;
        return done;
    }

private:
    test::ToyDataset m_toy{64, 3};
    float m_factor;
};

/// The toy network whose stem undoes the factor.
GraphPtr network_for(float factor) {
    const GraphPtr toy = test::toy_network();
    const ParameterLayout layout(*toy);
    std::vector<float> trained = layout.read_trained(*toy);
    const Node& stem = toy->node(toy->find_node("stem/conv"));
    for (float& w : layout.trained(stem.inputs[1]).of(std::span<float>(trained))) w /= factor;
    return *layout.rebuild(*toy, trained, layout.read_statistics(*toy));
}

std::vector<float> stem_after_training(float factor, OptimizerType optimizer, bool nesterov) {
    Options options;
    options.epochs = 3;
    options.batch_size = 16;
    options.optimizer = optimizer;
    options.nesterov = nesterov;
    options.learning_rate = optimizer == OptimizerType::adam ? 0.003 : 0.02;
    options.weight_decay = 1e-2;
    options.augmentation.crop = false;
    const auto outcome = train::train(network_for(factor), ScaledImages(factor), nullptr, options, {});
    if (!outcome) return {};
    const Node& stem = outcome->graph->node(outcome->graph->find_node("stem/conv"));
    std::vector<float> weights = outcome->graph->value(stem.inputs[1]).constant->to_f32();
    for (float& w : weights) w *= factor;
    return weights;
}

} // namespace

class TestInputScale : public QObject {
    Q_OBJECT
private slots:
    void finds_the_weights_that_multiply_images();
    void other_units_train_alike();
};

void TestInputScale::finds_the_weights_that_multiply_images() {
    const auto model = Model::create(test::toy_network(), {});
    QVERIFY(model);
    const auto raw = input_scales(**model, ScaledImages(100));
    QVERIFY(raw);
    QCOMPARE(raw->size(), size_t{1});
    QCOMPARE(raw->front().weights.size, int64_t{8 * 3 * 9});
    QVERIFY(raw->front().unit > 0.003F && raw->front().unit < 0.05F);
    const auto normalized = input_scales(**model, ScaledImages(1));
    QVERIFY(normalized && normalized->empty());
    const auto black = input_scales(**model, ScaledImages(0));
    QVERIFY(black && black->empty());
}

void TestInputScale::other_units_train_alike() {
    for (const auto& [optimizer, nesterov] :
         {std::pair(OptimizerType::sgd, false), std::pair(OptimizerType::sgd, true),
          std::pair(OptimizerType::adam, false)}) {
        // Powers of two: the two runs round alike, but for Adam's epsilon and the variance of statistics.
        const std::vector<float> one = stem_after_training(64, optimizer, nesterov);
        const std::vector<float> other = stem_after_training(1024, optimizer, nesterov);
        QVERIFY(!one.empty());
        QCOMPARE(one.size(), other.size());
        double moved = 0;
        const GraphPtr toy = test::toy_network();
        const auto before = toy->value(toy->node(toy->find_node("stem/conv")).inputs[1]).constant->to_f32();
        for (size_t i = 0; i < one.size(); ++i) {
            QVERIFY2(std::abs(one[i] - other[i]) < 2e-3, qPrintable(QString::number(one[i] - other[i])));
            moved = std::max(moved, std::abs(static_cast<double>(one[i]) - before[i]));
        }
        QVERIFY(moved > 0.02);
    }
}

QTEST_GUILESS_MAIN(TestInputScale)
#include "tst_input_scale.moc"
