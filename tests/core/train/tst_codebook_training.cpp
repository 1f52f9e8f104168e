// Codebooks are learned: derivatives by the levels, and pruned, shared networks that stay so.
#include "core/engine/evaluator.h"
#include "core/graph/layer_work.h"
#include "core/passes/compression.h"
#include "core/train/model.h"
#include "core/train/tape.h"
#include "core/train/trainer.h"
#include "tests/core/train/toy_problem.h"

#include <QTest>

#include <cmath>
#include <set>

using namespace widthwise;
using namespace widthwise::train;
using widthwise::test::ToyDataset;

namespace {

/// Without kinks: two convolutions with biases, tanh, a fully connected layer.
GraphPtr smooth_network() {
    Rng rng(3);
    GraphBuilder builder("smooth");
    const auto constant = [&](const char* name, Shape shape) {
        std::vector<float> values(static_cast<size_t>(shape.elements()));
        for (float& v : values) v = static_cast<float>(0.4 * rng.normal());
        return builder.constant(
            name, std::make_shared<const Tensor>(Tensor::from_f32(std::move(shape), std::move(values))));
    };
    ConvAttributes same;
    same.kernel = {3, 3};
    same.pads = {1, 1, 1, 1};
    ConvAttributes grouped = same;
    grouped.group = 2;
    ValueId x = builder.input("x", {1, 3, 5, 5});
    x = *builder.add(Op::conv, "Conv", "first", same,
                     {x, constant("first.w", {4, 3, 3, 3}), constant("first.b", {4})});
    x = *builder.add(Op::tanh, "Tanh", "tanh1", {}, {x});
    x = *builder.add(Op::conv, "Conv", "second", grouped,
                     {x, constant("second.w", {6, 2, 3, 3}), constant("second.b", {6})});
    x = *builder.add(Op::tanh, "Tanh", "tanh2", {}, {x});
    x = *builder.add(Op::global_average_pool, "GlobalAveragePool", "mean", {}, {x});
    x = *builder.add(Op::reshape, "Flatten", "flat", ReshapeAttributes{{1, 6}}, {x});
    x = *builder.add(Op::gemm, "Gemm", "classes", {}, {x, constant("classes.w", {5, 6})});
    builder.output(x);
    return *builder.build();
}

passes::Compressed compressed(const GraphPtr& graph, const passes::CompressionMethod& method) {
    auto result = passes::compress(graph, {method, {"*"}, 1}, {});
    if (!result) qFatal("%s", result.error().to_line().c_str());
    return *result;
}

PrecisionPlan plan_of(const passes::Compressed& shared) {
    PrecisionPlan plan;
    plan.set_folds_batch_norm(false);
    for (const auto& [layer, format] : shared.weight_formats) plan.set(layer, {format, float32_format(), {}});
    return plan;
}

std::vector<float> weights(const Graph& graph, const std::string& layer) {
    return graph.value(graph.node(graph.find_node(layer)).inputs[1]).constant->to_f32();
}

} // namespace

class TestCodebookTraining : public QObject {
    Q_OBJECT
private slots:
    /// The loss is a random combination of the logits. Each level by itself is moved; the weights lie on the
    /// levels, so that none changes its own.
    void gradients_of_levels_against_finite_differences() {
        const auto shared = compressed(smooth_network(), passes::ShareWeights{2});
        Options options;
        options.qat = QatOptions{plan_of(shared)};
        auto created = Model::create(shared.graph, options);
        QVERIFY2(created, created ? "" : created.error().to_line().c_str());
        Model& model = **created;
        TapeOptions how;
        how.batch = 2;
        how.quantization = model.rounding();
        auto tape = Tape::create(*model.graph, model.scope, model.layout, how);
        QVERIFY2(tape, tape ? "" : tape.error().to_line().c_str());
        Rng rng(9);
        for (float& v : (*tape)->input()) v = static_cast<float>(rng.normal());
        std::vector<float> by_logits((*tape)->logits().size());
        for (float& v : by_logits) v = static_cast<float>(rng.normal());
        std::vector<float> statistics(model.running.size());
        const auto loss = [&] {
            model.update_effective();
            if (!(*tape)->forward(model.effective, model.running, statistics)) return std::nan("");
            double sum = 0;
            for (size_t i = 0; i < by_logits.size(); ++i)
                sum += static_cast<double>(by_logits[i]) * static_cast<double>((*tape)->logits()[i]);
            return sum;
        };
        loss();
        std::vector<float> gradients(model.trained.size());
        QVERIFY((*tape)->backward(model.effective, by_logits, gradients));
        model.transform.backward(model.trained, model.effective, gradients);
        int checked = 0;
        for (const WeightQuantizer& quantizer : model.quantization.weights()) {
            const std::span<float> levels = quantizer.learned.of(std::span(model.trained));
            QCOMPARE(levels.size(), size_t{4});
            for (size_t k = 0; k < levels.size(); ++k) {
                constexpr float step = 0.004F;
                const float level = levels[k];
                levels[k] = level + step;
                const double above = loss();
                levels[k] = level - step;
                const double below = loss();
                levels[k] = level;
                const double numeric = (above - below) / (2 * static_cast<double>(step));
                const double found = static_cast<double>(quantizer.learned.of(std::span(gradients))[k]) /
                                     static_cast<double>(quantizer.gradient_factor[k]);
                QVERIFY2(std::abs(numeric - found) <= 0.01 + 0.01 * std::abs(numeric),
                         qPrintable(QStringLiteral("%1, level %2: finite difference %3, gradient %4")
                                        .arg(model.graph->node(quantizer.node).name.c_str())
                                        .arg(k)
                                        .arg(numeric)
                                        .arg(found)));
                checked += std::abs(numeric) > 0.1;
            }
        }
        QVERIFY2(checked >= 8, qPrintable(QString::number(checked)));
    }

    void pruned_and_shared_networks_stay_so() {
        const ToyDataset data(240, 5), test(90, 6);
        Options options;
        options.epochs = 4;
        options.batch_size = 24;
        options.learning_rate = 0.05;
        options.augmentation.crop = false;
        const auto trained = train::train(test::toy_network(), data, nullptr, options, {});
        QVERIFY2(trained, trained ? "" : trained.error().to_line().c_str());
        const auto pruned = compressed(trained->graph, passes::PruneWeights{0.5, false});
        const auto shared = compressed(pruned.graph, passes::ShareWeights{2});
        options.preserve.zeros = true;
        options.qat = QatOptions{plan_of(shared)};
        options.learning_rate = 0.02;
        const auto tuned = train::train(shared.graph, data, &test, options, {});
        QVERIFY2(tuned, tuned ? "" : tuned.error().to_line().c_str());
        bool moved = false;
        for (const auto& [layer, format] : shared.weight_formats) {
            const NumberFormat& now = tuned->plan.at(layer).weights;
            QVERIFY(now.type == FormatType::codebook && now.codebook.size() <= 4);
            moved = moved || now.codebook != format.codebook;
            QCOMPARE(std::ranges::count(now.codebook, 0.0F), 1);
            const auto before = weights(*pruned.graph, layer), after = weights(*tuned->graph, layer);
            const auto stored = quantize_weights(after, 1, now);
            QVERIFY(stored);
            for (size_t i = 0; i < before.size(); ++i)
                if (before[i] == 0) QCOMPARE(stored->values[i], 0.0F);
        }
        QVERIFY(moved);
        QVERIFY(tuned->epochs.back().loss < tuned->epochs.front().loss);
        // The engine runs what was trained.
        const auto predictions = engine::predict(tuned->graph, tuned->plan, test, {}, {});
        QVERIFY2(predictions, predictions ? "" : predictions.error().to_line().c_str());
        int64_t right = 0;
        for (int64_t i = 0; i < test.size(); ++i)
            right += predictions->top1[static_cast<size_t>(i)] == test.label(i);
        const double top1 = static_cast<double>(right) / static_cast<double>(test.size());
        QCOMPARE(top1, tuned->epochs[static_cast<size_t>(tuned->best_epoch)].validation_top1);
        QVERIFY2(top1 > 0.6, qPrintable(QString::number(top1))); // chance: 0.33
    }
};

QTEST_GUILESS_MAIN(TestCodebookTraining)
#include "tst_codebook_training.moc"
