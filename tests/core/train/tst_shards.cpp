// A batch in shards against its shards one by one, and the model that they run on.

#include "core/train/model.h"
#include "core/train/shards.h"
#include "core/train/trainer.h"
#include "tests/core/train/toy_design.h"
#include "tests/core/train/toy_problem.h"

#include <QTest>

#include <cmath>

using namespace widthwise;
using namespace widthwise::train;
using widthwise::test::toy_network;
using widthwise::test::ToyDataset;

namespace {

Options plain(int64_t batch) {
    Options options;
    options.batch_size = batch;
    options.augmentation.crop = false;
    return options;
}

std::vector<Sample> samples(int64_t count, int64_t images) {
    std::vector<Sample> all;
    for (int64_t i = 0; i < count; ++i) all.push_back({i % images, static_cast<uint64_t>(i)});
    return all;
}

/// One shard through a tape of its own.
struct ByTape {
    std::vector<float> gradients, statistics;
    double loss = 0;
};
ByTape by_tape(const Model& model, const Dataset& data, int64_t first, int64_t images, double weight) {
    const SingleThreadedKernels single;
    TapeOptions options;
    options.batch = images;
    const auto tape = Tape::create(*model.graph, model.scope, model.layout, options).value();
    std::vector<int64_t> labels;
    const size_t size = tape->input().size() / static_cast<size_t>(images);
    for (int64_t i = 0; i < images; ++i) {
        const int64_t image = (first + i) % data.size();
        (void)data.read(image, tape->input().subspan(static_cast<size_t>(i) * size, size));
        labels.push_back(data.label(image));
    }
    ByTape result{std::vector<float>(model.trained.size()), std::vector<float>(model.running.size())};
    std::vector<float> by_logits(tape->logits().size());
    (void)tape->forward(model.trained, model.running, result.statistics);
    result.loss = cross_entropy(tape->logits(), labels, weight, by_logits).loss;
    (void)tape->backward(model.trained, by_logits, result.gradients);
    return result;
}

} // namespace

class TestShards : public QObject {
    Q_OBJECT
private slots:
    void batch_is_the_sum_of_its_shards();
    void cancelled_batch_changes_nothing();
    void statistics_are_means_over_shards();
    void teacher_pulls_towards_itself();
    void folding_keeps_names_and_outputs();
    void places_are_named();
    void preserved_zeros_and_sharing_survive();
};

void TestShards::batch_is_the_sum_of_its_shards() {
    const ToyDataset data(48, 1);
    auto model = Model::create(toy_network(), {}).value();
    const std::vector<float> before = model->running;
    auto step = ShardedStep::create(*model, data, plain(48), 2).value();
    const auto sum = step->run(*model, samples(48, 48));
    QVERIFY(sum);
    std::vector<float> gradients(model->trained.size()), running = before;
    double loss = 0;
    for (int64_t shard = 0; shard < 3; ++shard) {
        const ByTape one = by_tape(*model, data, shard * 16, 16, 1.0 / 48);
        loss += one.loss;
        for (size_t i = 0; i < gradients.size(); ++i) gradients[i] += one.gradients[i];
        for (size_t i = 0; i < running.size(); ++i)
            running[i] = 0.9F * running[i] + (1 - 0.9F) * one.statistics[i];
    }
    QCOMPARE(sum->loss, loss);
    QVERIFY(std::ranges::equal(step->gradients(), gradients));
    QVERIFY(model->running == running);
}

void TestShards::cancelled_batch_changes_nothing() {
    const ToyDataset data(48, 1);
    auto model = Model::create(toy_network(), {}).value();
    const std::vector<float> running = model->running;
    auto step = ShardedStep::create(*model, data, plain(48), 2).value();
    CancelToken cancel;
    cancel.cancel();
    const auto sum = step->run(*model, samples(48, 48), cancel);
    QVERIFY(!sum && sum.error().code == ErrorCode::cancelled);
    QVERIFY(model->running == running);
}

void TestShards::statistics_are_means_over_shards() {
    const ToyDataset data(40, 1);
    auto model = Model::create(toy_network(), {}).value();
    auto step = ShardedStep::create(*model, data, plain(64), 3).value();
    const auto measured = step->measure_statistics(*model, 1000);
    QVERIFY(measured);
    std::vector<double> means(model->running.size());
    for (int64_t shard = 0; shard < 3; ++shard) { // 40 images: the third shard ends with the first eight
        const ByTape one = by_tape(*model, data, shard * 16, 16, 1);
        for (size_t i = 0; i < means.size(); ++i) means[i] += static_cast<double>(one.statistics[i]) / 3;
    }
    for (size_t i = 0; i < means.size(); ++i)
        QVERIFY(std::abs(means[i] - static_cast<double>((*measured)[i])) <= 1e-6 * (1 + std::abs(means[i])));
    auto alone = ShardedStep::create(*model, data, plain(64), 1).value();
    QVERIFY(*alone->measure_statistics(*model, 1000) == *measured);
    QVERIFY(*alone->measure_statistics(*model, 16) != *measured);
}

void TestShards::teacher_pulls_towards_itself() {
    // Only the teacher is listened to, and the student is the teacher but for its batch statistics.
    const ToyDataset data(32, 1);
    Options options = plain(32);
    options.distillation = 1;
    auto model = Model::create(toy_network(), options).value();
    auto teacher = Model::create(toy_network(), {}).value();
    auto other = Model::create(toy_network(5), {}).value();
    const auto norm = [&](const Model& from) {
        auto step = ShardedStep::create(*model, data, options, 2, &from).value();
        if (!step->run(*model, samples(32, 32))) return -1.0;
        double sum = 0;
        for (const float g : step->gradients()) sum += static_cast<double>(g) * static_cast<double>(g);
        return sum;
    };
    auto step = ShardedStep::create(*model, data, options, 2, teacher.get()).value();
    // Statistics as the student sees them make teacher and student alike.
    teacher->running = step->measure_statistics(*model, 32).value();
    const double alike = norm(*teacher), apart = norm(*other);
    QVERIFY2(alike >= 0 && apart > 10 * alike, qPrintable(QString("%1 %2").arg(alike).arg(apart)));
}

void TestShards::folding_keeps_names_and_outputs() {
    const ToyDataset data(16, 1);
    Options options = plain(16);
    options.epochs = 1;
    // Running statistics that are not 0 and 1.
    const GraphPtr graph = train::train(toy_network(), data, nullptr, options, {})->graph;
    const auto folded = fold_batch_norms(graph);
    QVERIFY(folded);
    for (const Node& node : (*folded)->nodes()) {
        QVERIFY(node.op != Op::batch_norm);
        QVERIFY(graph->find_node(node.name).valid());
    }
    const auto logits = [&](const GraphPtr& network) {
        const SingleThreadedKernels single;
        auto model = Model::create(network, {}).value();
        TapeOptions evaluation;
        evaluation.mode = TapeMode::evaluation;
        const auto tape = Tape::create(*model->graph, model->scope, model->layout, evaluation).value();
        const size_t size = tape->input().size() / 16;
        for (int64_t i = 0; i < 16; ++i)
            (void)data.read(i, tape->input().subspan(static_cast<size_t>(i) * size, size));
        (void)tape->forward(model->trained, model->running, {});
        return std::vector<float>(tape->logits().begin(), tape->logits().end());
    };
    const std::vector<float> kept = logits(graph), gone = logits(*folded);
    QCOMPARE(kept.size(), gone.size());
    for (size_t i = 0; i < kept.size(); ++i) QVERIFY(std::abs(kept[i] - gone[i]) < 1e-4F);
}

void TestShards::places_are_named() {
    const GraphPtr graph = toy_network();
    const ToyDataset data(32, 1);
    Options options;
    options.qat = QatOptions{test::resolved_plan(graph, "w4a4", true, data)};
    const auto model = Model::create(graph, options).value();
    const NodeId layer = model->graph->find_node("classifier");
    const Slice weights = model->layout.trained(model->graph->node(layer).inputs[1]);
    QCOMPARE(model->layer_of(static_cast<size_t>(weights.offset)), std::string("classifier"));
    QCOMPARE(model->layer_of(static_cast<size_t>(weights.offset + weights.size - 1)),
             std::string("classifier"));
    for (size_t i = 0; i < model->trained.size(); ++i) QVERIFY(!model->layer_of(i).empty());
    QVERIFY(model->layer_of(model->trained.size()).empty());

    const auto kept = Model::create(graph, {}).value();
    QVERIFY(!kept->running.empty());
    for (size_t i = 0; i < kept->running.size(); ++i) {
        const Node& norm = kept->graph->node(kept->layer_of_statistic(i));
        const auto at = static_cast<int64_t>(i);
        const Slice mean = kept->layout.statistics(norm.inputs[3]),
                    variance = kept->layout.statistics(norm.inputs[4]);
        QVERIFY((at >= mean.offset && at < mean.offset + mean.size) ||
                (at >= variance.offset && at < variance.offset + variance.size));
    }
    QVERIFY(!kept->layer_of_statistic(kept->running.size()).valid());
}

void TestShards::preserved_zeros_and_sharing_survive() {
    // Every weight is one of five values, one of them zero.
    const GraphPtr graph = toy_network();
    const ParameterLayout layout(*graph);
    std::vector<float> values = layout.read_trained(*graph);
    for (const Slice slice : layout.weights())
        for (float& w : slice.of(std::span<float>(values)))
            w = std::clamp(std::round(w * 4), -2.0F, 2.0F) / 4;
    const GraphPtr shared = *layout.rebuild(*graph, values, layout.read_statistics(*graph));
    const ToyDataset data(64, 1);
    Options options = plain(32);
    options.epochs = 2;
    const auto survives = [&](Preserve preserve) {
        options.preserve = preserve;
        const auto outcome = train::train(shared, data, nullptr, options, {});
        const std::vector<float> after = layout.read_trained(*outcome->graph);
        bool zeros = true, sharing = true, moved = false;
        for (const Slice slice : layout.weights()) {
            const auto was = slice.of(std::span<const float>(values)),
                       is = slice.of(std::span<const float>(after));
            for (size_t i = 0; i < was.size(); ++i) {
                zeros = zeros && (was[i] != 0 || is[i] == 0);
                moved = moved || is[i] != was[i];
                for (size_t j = 0; j < i; ++j) sharing = sharing && (was[i] != was[j] || is[i] == is[j]);
            }
        }
        return std::tuple(moved, zeros, sharing);
    };
    QVERIFY(survives({}) == std::tuple(true, false, false));
    QVERIFY(survives({.zeros = true}) == std::tuple(true, true, false));
    QVERIFY(survives({.zeros = true, .sharing = true}) == std::tuple(true, true, true));
}

QTEST_APPLESS_MAIN(TestShards)
#include "tst_shards.moc"
