// The training loop: learning, determinism, cancelling, and what is refused.

#include "core/train/parameters.h"
#include "core/train/tape.h"
#include "core/train/trainer.h"
#include "tests/core/train/toy_design.h"
#include "tests/core/train/toy_problem.h"

#include <QTest>

#include <limits>

using namespace widthwise;
using namespace widthwise::train;
using widthwise::test::resolved_plan;
using widthwise::test::toy_network;
using widthwise::test::ToyDataset;

namespace {

Options quick() {
    Options options;
    options.epochs = 4;
    options.batch_size = 32;
    options.learning_rate = 0.05;
    options.augmentation.crop = false;
    return options;
}

WorkControl with_threads(int threads) {
    WorkControl control;
    control.threads = threads;
    return control;
}

/// Weights and running statistics, bit for bit.
std::vector<float> numbers(const Graph& graph) {
    const ParameterLayout layout(graph);
    std::vector<float> all = layout.read_trained(graph);
    const std::vector<float> statistics = layout.read_statistics(graph);
    all.insert(all.end(), statistics.begin(), statistics.end());
    return all;
}

std::vector<float> trained_numbers(const Options& options, int threads, int64_t images = 160) {
    const ToyDataset data(images, 11);
    auto outcome = train::train(toy_network(), data, &data, options, with_threads(threads));
    return outcome ? numbers(*outcome->graph) : std::vector<float>();
}

} // namespace

class TestTrainer : public QObject {
    Q_OBJECT
private slots:
    void learns_a_toy_problem();
    void augmented_training_still_learns();
    void same_seed_same_bits_whatever_the_threads();
    void quantized_same_bits_whatever_the_threads_data();
    void quantized_same_bits_whatever_the_threads();
    void bf16_same_bits_whatever_the_threads();
    void another_seed_gives_other_weights();
    void structure_survives();
    void fewer_images_than_a_batch();
    void averages_weights();
    void reports_epochs_and_progress();
    void cancelling_stops();
    void divergence_is_an_error_that_says_when();
    void overflow_names_the_layer();
    void overflow_on_the_way_back_names_the_layer();
    void overflow_of_statistics_names_the_layer();
    void weights_that_overflow_in_the_last_step_are_no_result();
    void unsupported_op_is_named();
    void data_that_do_not_fit_are_refused();
    void broken_image_ends_the_run();
    void other_failures_are_no_divergence();
};

void TestTrainer::learns_a_toy_problem() {
    const ToyDataset training(480, 1), validation(150, 2);
    auto outcome = train::train(toy_network(), training, &validation, quick(), {});
    QVERIFY2(outcome, outcome ? "" : outcome.error().to_line().c_str());
    QCOMPARE(outcome->epochs.size(), size_t{4});
    QVERIFY(outcome->epochs.front().loss > outcome->epochs.back().loss);
    QVERIFY2(outcome->epochs.back().loss < 0.1, qPrintable(QString::number(outcome->epochs.back().loss)));
    // Unseen images, by the running statistics: all but a few.
    QVERIFY2(outcome->epochs.back().validation_top1 > 0.97,
             qPrintable(QString::number(outcome->epochs.back().validation_top1)));
}

void TestTrainer::augmented_training_still_learns() {
    // The label is a side, and a crop moves things by at most 4 of 8 columns: harder, but above chance (1/3).
    Options options = quick();
    options.augmentation.crop = true;
    const ToyDataset training(480, 1), validation(150, 2);
    auto outcome = train::train(toy_network(), training, &validation, options, {});
    QVERIFY(outcome);
    QVERIFY(outcome->epochs.back().validation_top1 > 0.6);
}

void TestTrainer::same_seed_same_bits_whatever_the_threads() {
    Options options = quick();
    options.epochs = 2;
    options.augmentation.crop = true;
    options.augmentation.flip = true;
    const std::vector<float> one = trained_numbers(options, 1);
    QVERIFY(!one.empty());
    QVERIFY(one == trained_numbers(options, 2));
    QVERIFY(one == trained_numbers(options, 5));
    QVERIFY(one == trained_numbers(options, 1));
}

void TestTrainer::quantized_same_bits_whatever_the_threads_data() {
    QTest::addColumn<QString>("bits");
    QTest::addColumn<int>("learning");
    QTest::addColumn<bool>("fold");
    QTest::newRow("w4a4, learned steps") << "w4a4" << static_cast<int>(ScaleLearning::lsq) << false;
    QTest::newRow("w3a3, folded, PACT") << "w3a3" << static_cast<int>(ScaleLearning::pact) << true;
    QTest::newRow("w2a8, fixed scales") << "w2a8" << static_cast<int>(ScaleLearning::fixed) << false;
}

void TestTrainer::quantized_same_bits_whatever_the_threads() {
    QFETCH(QString, bits);
    QFETCH(int, learning);
    QFETCH(bool, fold);
    const ToyDataset data(100, 11);
    Options options = quick();
    options.epochs = 2;
    options.optimizer = OptimizerType::adam;
    options.learning_rate = 0.002;
    options.augmentation = {true, true, 3};
    options.label_smoothing = 0.1;
    options.distillation = 0.5;
    options.reestimate_images = 40;
    options.qat = QatOptions{resolved_plan(toy_network(), bits.toStdString(), fold, data)};
    options.qat->activations = static_cast<ScaleLearning>(learning);
    if (options.qat->activations == ScaleLearning::fixed) options.qat->weights = ScaleLearning::fixed;
    const auto run = [&](int threads) {
        auto outcome = train::train(toy_network(), data, &data, options, with_threads(threads));
        return outcome ? std::pair(numbers(*outcome->graph), plan_to_json(outcome->plan))
                       : std::pair(std::vector<float>(), outcome.error().to_line());
    };
    const auto one = run(1);
    QVERIFY2(!one.first.empty(), one.second.c_str());
    QVERIFY(one == run(2));
    QVERIFY(one == run(3));
    const bool scales_moved = one.second != plan_to_json(options.qat->plan);
    QCOMPARE(scales_moved, options.qat->activations != ScaleLearning::fixed);
}

void TestTrainer::bf16_same_bits_whatever_the_threads() {
    if (!supports_bf16()) QSKIP("this CPU does not multiply bf16 numbers");
    Options options = quick();
    options.epochs = 2;
    const std::vector<float> exact = trained_numbers(options, 1);
    options.compute = ComputeType::bf16;
    const std::vector<float> one = trained_numbers(options, 1);
    QVERIFY(!one.empty() && one != exact);
    QVERIFY(one == trained_numbers(options, 2));
    QVERIFY(one == trained_numbers(options, 3));
}

void TestTrainer::another_seed_gives_other_weights() {
    Options options = quick();
    options.epochs = 1;
    const std::vector<float> one = trained_numbers(options, 2);
    options.seed = 2;
    QVERIFY(one != trained_numbers(options, 2));
}

void TestTrainer::structure_survives() {
    Options options = quick();
    options.epochs = 1;
    const ToyDataset data(40, 1);
    const GraphPtr before = toy_network();
    const std::vector<float> untrained = numbers(*before);
    auto outcome = train::train(before, data, nullptr, options, {});
    QVERIFY(outcome);
    const Graph& after = *outcome->graph;
    QCOMPARE(after.name(), before->name());
    QCOMPARE(after.opset(), before->opset());
    QCOMPARE(after.nodes().size(), before->nodes().size());
    for (size_t i = 0; i < after.nodes().size(); ++i) {
        const Node& a = after.nodes()[i];
        const Node& b = before->nodes()[i];
        QCOMPARE(a.name, b.name);
        QVERIFY(a.op == b.op && a.op_type == b.op_type && a.attributes == b.attributes);
        QCOMPARE(after.value(a.output()).name, before->value(b.output()).name);
        QVERIFY(after.value(a.output()).shape == before->value(b.output()).shape);
    }
    QVERIFY(numbers(after) != untrained);
    QVERIFY2(numbers(*before) == untrained, "the graph that was handed in is immutable");
}

void TestTrainer::fewer_images_than_a_batch() {
    Options options = quick();
    options.batch_size = 64;
    QVERIFY(!trained_numbers(options, 2, 7).empty());
    options.batch_size = 5; // one shard of five
    QVERIFY(!trained_numbers(options, 2, 7).empty());
    options.batch_size = 1100; // two waves of shards
    QVERIFY(!trained_numbers(options, 2, 7).empty());
    options.batch_size = 20; // rounded up to two shards of 16
    QVERIFY(!trained_numbers(options, 2, 7).empty());
}

void TestTrainer::averages_weights() {
    Options options;
    options.batch_size = 16;
    options.schedule = Schedule::constant;
    options.learning_rate = 0.05;
    options.keep_best = false;
    std::vector<std::vector<float>> after; // step 1, 2, 3
    for (options.steps = 1; options.steps <= 3; ++options.steps) after.push_back(trained_numbers(options, 2));
    options.steps = 3;
    options.weight_average = 0.3;
    const std::vector<float> averaged = trained_numbers(options, 1);
    QCOMPARE(averaged.size(), after[0].size());
    for (size_t i = 0; i < averaged.size(); ++i) {
        // Decays of steps 2 and 3: min(0.3, 3 / 12), min(0.3, 4 / 13).
        const double two = after[0][i] * 0.25 + after[1][i] * 0.75;
        const double three = two * 0.3 + after[2][i] * 0.7;
        QVERIFY(std::abs(averaged[i] - three) <= 1e-6 * (1 + std::abs(three)));
    }
}

void TestTrainer::reports_epochs_and_progress() {
    const ToyDataset data(70, 1);
    int64_t last = 0, total = 0;
    bool rising = true;
    WorkControl control;
    control.progress = [&](const Progress& p) {
        rising = rising && p.done > last;
        last = p.done;
        total = p.total;
    };
    int seen = 0;
    auto outcome = train::train(toy_network(), data, nullptr, quick(), control,
                                {.on_step = {}, .on_epoch = [&](const Epoch& epoch) {
                                     ++seen;
                                     QVERIFY(epoch.seconds > 0 && epoch.loss > 0 && epoch.train_top1 >= 0 &&
                                             epoch.train_top1 <= 1);
                                 }});
    QVERIFY(outcome);
    QCOMPARE(seen, 4);
    QVERIFY(rising);
    QCOMPARE(last, total);
    QCOMPARE(total, int64_t{4 * 96}); // three batches of 32 hold the 70 images
}

void TestTrainer::cancelling_stops() {
    const ToyDataset data(320, 1);
    WorkControl control;
    control.progress = [&](const Progress& p) {
        if (p.done >= 64) control.cancel.cancel();
    };
    int epochs = 0;
    auto outcome = train::train(toy_network(), data, &data, quick(), control,
                                {.on_step = {}, .on_epoch = [&](const Epoch&) { ++epochs; }});
    QVERIFY(!outcome);
    QVERIFY(outcome.error().code == ErrorCode::cancelled);
    QCOMPARE(epochs, 0);
}

void TestTrainer::divergence_is_an_error_that_says_when() {
    Options options = quick();
    options.learning_rate = 1e20;
    const ToyDataset data(320, 1);
    auto outcome = train::train(toy_network(), data, nullptr, options, {});
    QVERIFY(!outcome);
    QVERIFY(outcome.error().code == ErrorCode::failed);
    const std::string& where = outcome.error().where;
    QVERIFY2(where.starts_with("layer ") && where.find(", epoch 1, step ") != std::string::npos,
             outcome.error().to_line().c_str());
    QVERIFY(!outcome.error().remedy.empty());
}

void TestTrainer::overflow_names_the_layer() {
    GraphBuilder builder("net", 13);
    const ValueId image = builder.input("x", {1, 3, 8, 8});
    const auto weights = [&](int64_t outputs, int64_t inputs) {
        return builder.constant(
            "w", std::make_shared<const Tensor>(Tensor::from_f32(
                     {outputs, inputs}, std::vector<float>(static_cast<size_t>(outputs * inputs), 1e25F))));
    };
    const ValueId flat = *builder.add(Op::reshape, "Flatten", "flat", ReshapeAttributes{{1, 192}}, {image});
    const ValueId large = *builder.add(Op::gemm, "Gemm", "large", {}, {flat, weights(4, 192)});
    const ValueId beyond = *builder.add(Op::gemm, "Gemm", "beyond", {}, {large, weights(4, 4)});
    builder.output(*builder.add(Op::gemm, "Gemm", "classifier", {}, {beyond, weights(3, 4)}));
    const ToyDataset data(64, 1);
    auto outcome = train::train(*builder.build(), data, nullptr, quick(), with_threads(2));
    QVERIFY(!outcome && outcome.error().code == ErrorCode::failed);
    QCOMPARE(outcome.error().where, std::string("layer beyond, epoch 1, step 1"));
    QVERIFY(outcome.error().message.find("loss") != std::string::npos);
}

void TestTrainer::overflow_on_the_way_back_names_the_layer() {
    // Forward 1e-30, 1e-30, 1e-10, 1e10; backward 1, 1e20, 1e40: beyond float at the output of "second".
    GraphBuilder builder("net", 13);
    ValueId x = builder.input("x", {1, 3, 8, 8});
    x = *builder.add(Op::reshape, "Flatten", "flat", ReshapeAttributes{{1, 192}}, {x});
    int64_t inputs = 192;
    const auto gemm = [&](const char* name, float scale, int64_t outputs) {
        std::vector<float> w(static_cast<size_t>(outputs * inputs));
        for (size_t i = 0; i < w.size(); ++i)
            w[i] = scale * static_cast<float>(1 + i / static_cast<size_t>(inputs));
        const ValueId weights = builder.constant(
            "w", std::make_shared<const Tensor>(Tensor::from_f32({outputs, inputs}, std::move(w))));
        x = *builder.add(Op::gemm, "Gemm", name, {}, {x, weights});
        inputs = outputs;
    };
    gemm("first", 1e-30F, 4);
    gemm("second", 1, 4);
    gemm("third", 1e20F, 4);
    gemm("classifier", 1e20F, 3);
    builder.output(x);
    const ToyDataset data(64, 1);
    auto outcome = train::train(*builder.build(), data, nullptr, quick(), with_threads(2));
    QVERIFY(!outcome && outcome.error().code == ErrorCode::failed);
    QCOMPARE(outcome.error().where, std::string("layer second, epoch 1, step 1"));
    QVERIFY2(outcome.error().message.find("gradients") != std::string::npos,
             outcome.error().to_line().c_str());
}

void TestTrainer::overflow_of_statistics_names_the_layer() {
    // Squares of what "large" gives are beyond float, and all that BatchNormalization gives is finite.
    GraphBuilder builder("net", 13);
    ValueId x = builder.input("x", {1, 3, 8, 8});
    const auto constant = [&](const Shape& shape, float value) {
        const auto size = static_cast<size_t>(shape.elements());
        return builder.constant(
            "c", std::make_shared<const Tensor>(Tensor::from_f32(shape, std::vector<float>(size, value))));
    };
    x = *builder.add(Op::conv, "Conv", "large", ConvAttributes{}, {x, constant({4, 3, 1, 1}, 1e25F)});
    const ValueId one = constant({4}, 1), zero = constant({4}, 0);
    x = *builder.add(Op::batch_norm, "BatchNormalization", "norm", BatchNormAttributes{},
                     {x, one, zero, constant({4}, 0), constant({4}, 1)});
    x = *builder.add(Op::reshape, "Flatten", "flat", ReshapeAttributes{{1, 256}}, {x});
    builder.output(*builder.add(Op::gemm, "Gemm", "classifier", {}, {x, constant({3, 256}, 0.01F)}));
    const ToyDataset data(64, 1);
    auto outcome = train::train(*builder.build(), data, nullptr, quick(), with_threads(2));
    QVERIFY(!outcome && outcome.error().code == ErrorCode::failed);
    QCOMPARE(outcome.error().where, std::string("layer norm, epoch 1, step 1"));
    QVERIFY2(outcome.error().message.find("statistics") != std::string::npos,
             outcome.error().to_line().c_str());
}

void TestTrainer::weights_that_overflow_in_the_last_step_are_no_result() {
    Options options = quick();
    options.epochs = 1;
    options.schedule = Schedule::cosine;
    options.learning_rate =
        1e39; // beyond float: the only step has a finite loss and leaves no finite weights
    const ToyDataset data(32, 1);
    auto outcome = train::train(toy_network(), data, nullptr, options, {});
    QVERIFY(!outcome);
    QVERIFY(outcome.error().code == ErrorCode::failed);
    QVERIFY2(outcome.error().message.find("weights") != std::string::npos, outcome.error().to_line().c_str());
    QVERIFY2(outcome.error().where.starts_with("layer "), outcome.error().to_line().c_str());
}

void TestTrainer::unsupported_op_is_named() {
    GraphBuilder builder("net", 13);
    const ValueId input = builder.input("x", {1, 3, 8, 8});
    const ValueId squashed = *builder.add(Op::exp, "Exp", "squash", {}, {input});
    const ValueId flat =
        *builder.add(Op::reshape, "Flatten", "flat", ReshapeAttributes{{1, 192}}, {squashed});
    builder.output(flat);
    const ToyDataset data(32, 1);
    auto outcome = train::train(*builder.build(), data, nullptr, quick(), {});
    QVERIFY(!outcome);
    QVERIFY(outcome.error().code == ErrorCode::unsupported);
    QCOMPARE(outcome.error().where, std::string("squash"));
    QVERIFY(outcome.error().message.find("Exp") != std::string::npos);
}

void TestTrainer::data_that_do_not_fit_are_refused() {
    const auto code = [](const GraphPtr& graph, const Dataset& data) {
        auto outcome = train::train(graph, data, nullptr, quick(), {});
        return outcome ? ErrorCode::failed : outcome.error().code;
    };
    QVERIFY(code(toy_network(1, 2), ToyDataset(32, 1)) == ErrorCode::invalid_input); // label 2 of 2 classes
    QVERIFY(code(toy_network(), ToyDataset(0, 1)) == ErrorCode::invalid_input);
    zoo::LayerStack larger("larger", Shape{1, 3, 16, 16}, 1);
    const GraphPtr graph = *larger.finish(larger.classifier(larger.input(), 3));
    QVERIFY(code(graph, ToyDataset(32, 1)) == ErrorCode::invalid_input);
}

void TestTrainer::broken_image_ends_the_run() {
    ToyDataset data(64, 1);
    data.break_at(40);
    auto outcome = train::train(toy_network(), data, nullptr, quick(), {});
    QVERIFY(!outcome);
    QVERIFY(outcome.error().code == ErrorCode::invalid_input);
    QCOMPARE(outcome.error().where, std::string("toy image"));
}

void TestTrainer::other_failures_are_no_divergence() {
    ToyDataset data(64, 1);
    data.break_at(40, ErrorCode::failed);
    auto outcome = train::train(toy_network(), data, nullptr, quick(), {});
    QVERIFY(!outcome && outcome.error().code == ErrorCode::failed);
    QCOMPARE(outcome.error().to_line(), std::string("cannot read, toy image"));
}

QTEST_APPLESS_MAIN(TestTrainer)
#include "tst_trainer.moc"
