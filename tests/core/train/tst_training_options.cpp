// What options make of a run: its length, what it is measured on, which weights it ends with.

#include "core/train/parameters.h"
#include "core/train/schedule.h"
#include "core/train/shards.h"
#include "core/train/trainer.h"
#include "core/train/validation.h"
#include "tests/core/train/toy_design.h"
#include "tests/core/train/toy_problem.h"

#include <QTest>

#include <cmath>
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

/// Images whose labels are all wrong: the more is learned, the lower the accuracy.
class WrongLabels final : public Dataset {
public:
    explicit WrongLabels(const Dataset& data) : m_data(data) { m_class_count = data.class_count(); }
    [[nodiscard]] int64_t size() const override { return m_data.size(); }
    [[nodiscard]] int64_t label(int64_t i) const override { return (m_data.label(i) + 1) % m_class_count; }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return m_data.image_shape(); }
    [[nodiscard]] Result<void> read(int64_t i, std::span<float> hwc) const override {
        return m_data.read(i, hwc);
    }

private:
    const Dataset& m_data;
};

} // namespace

class TestTrainingOptions : public QObject {
    Q_OBJECT
private slots:
    void reports_steps();
    void steps_in_place_of_epochs();
    void validation_is_split_off();
    void the_best_epoch_is_kept();
    void patience_ends_the_run();
    void reestimated_statistics_are_in_the_result();
    void a_design_that_folds_leaves_no_batch_norm();
    void options_out_of_range_are_refused();
};

void TestTrainingOptions::reports_steps() {
    const ToyDataset data(70, 1); // three steps an epoch
    std::vector<StepReport> reports;
    Observer observer;
    observer.on_step = [&](const StepReport& report) { reports.push_back(report); };
    const auto outcome = train::train(toy_network(), data, nullptr, quick(), {}, observer);
    QVERIFY(outcome);
    QCOMPARE(reports.size(), size_t{12});
    double loss = 0;
    for (size_t i = 0; i < reports.size(); ++i) {
        const StepReport& report = reports[i];
        QCOMPARE(report.step, static_cast<int64_t>(i) + 1);
        QCOMPARE(report.steps, int64_t{12});
        QCOMPARE(report.steps_per_epoch, int64_t{3});
        QCOMPARE(report.learning_rate, learning_rate(Schedule::one_cycle, 0.05, static_cast<int64_t>(i), 12));
        QVERIFY(report.images_per_second > 0 && report.top1 >= 0 && report.top1 <= 1);
        if (i < 3) loss += report.loss / 3;
    }
    QVERIFY(std::abs(loss - outcome->epochs.front().loss) < 1e-12);
    QCOMPARE(outcome->epochs.front().learning_rate, reports[2].learning_rate);
    QCOMPARE(outcome->best_epoch, -1);
}

void TestTrainingOptions::steps_in_place_of_epochs() {
    const ToyDataset data(70, 1);
    Options options = quick();
    options.steps = 4; // one epoch and a third
    options.schedule = Schedule::constant;
    int64_t last = 0;
    Observer observer;
    observer.on_step = [&](const StepReport& report) { last = report.step; };
    const auto outcome = train::train(toy_network(), data, &data, options, {}, observer);
    QVERIFY(outcome);
    QCOMPARE(last, int64_t{4});
    QCOMPARE(outcome->epochs.size(), size_t{2});
    QVERIFY(outcome->epochs.back().loss > 0 && outcome->epochs.back().validation_top1 > 0);
    QVERIFY(!outcome->stopped_early);
}

void TestTrainingOptions::validation_is_split_off() {
    const ToyDataset data(160, 1);
    Options options = quick();
    options.validation_split = 0.2;
    int64_t steps = 0;
    Observer observer;
    observer.on_step = [&](const StepReport& report) { steps = report.steps_per_epoch; };
    const auto outcome = train::train(toy_network(), data, nullptr, options, {}, observer);
    QVERIFY(outcome);
    QCOMPARE(steps, int64_t{4}); // 128 images remain
    QVERIFY(outcome->epochs.back().validation_top1 > 0.9);
    QVERIFY(outcome->best_epoch >= 0);
}

void TestTrainingOptions::the_best_epoch_is_kept() {
    const ToyDataset data(96, 1);
    const WrongLabels validation(data);
    const Options keeping = quick();
    const auto best = train::train(toy_network(), data, &validation, keeping, {});
    QVERIFY(best);
    const auto highest = std::ranges::max_element(best->epochs, {}, &Epoch::validation_top1);
    QVERIFY2(highest->validation_top1 > best->epochs.back().validation_top1, "the last epoch is no test");
    QCOMPARE(best->best_epoch, static_cast<int>(highest - best->epochs.begin()));
    const auto measured = [&](const GraphPtr& graph) {
        const auto model = Model::create(graph, {}).value();
        return *Validation::create(*model, validation, 2).value()->top1(*model, model->running, {});
    };
    QCOMPARE(measured(best->graph), highest->validation_top1);
    Options options = keeping;
    options.keep_best = false;
    const auto last = train::train(toy_network(), data, &validation, options, {});
    QVERIFY(last);
    QCOMPARE(last->best_epoch, -1);
    QCOMPARE(measured(last->graph), best->epochs.back().validation_top1);
}

void TestTrainingOptions::patience_ends_the_run() {
    const ToyDataset data(64, 1);
    Options options = quick();
    options.epochs = 30;
    options.learning_rate = 1e-12;
    options.patience = 2;
    const auto outcome = train::train(toy_network(), data, &data, options, {});
    QVERIFY(outcome && outcome->stopped_early);
    QVERIFY(outcome->epochs.size() < 30);
    QCOMPARE(std::ssize(outcome->epochs) - 1 - outcome->best_epoch, ptrdiff_t{2});
}

void TestTrainingOptions::reestimated_statistics_are_in_the_result() {
    const ToyDataset data(64, 1);
    Options options = quick();
    options.reestimate_images = 64;
    const auto outcome = train::train(toy_network(), data, nullptr, options, {});
    QVERIFY(outcome);
    auto model = Model::create(outcome->graph, {}).value();
    const auto step = ShardedStep::create(*model, data, options, 1).value();
    QVERIFY(model->running == step->measure_statistics(*model, 64).value());
    options.reestimate_images = 0;
    const auto averaged = train::train(toy_network(), data, nullptr, options, {});
    QVERIFY(averaged);
    const ParameterLayout layout(*averaged->graph);
    QVERIFY(layout.read_trained(*averaged->graph) == layout.read_trained(*outcome->graph));
    QVERIFY(layout.read_statistics(*averaged->graph) != layout.read_statistics(*outcome->graph));
}

void TestTrainingOptions::a_design_that_folds_leaves_no_batch_norm() {
    const ToyDataset data(64, 1);
    Options options = quick();
    options.epochs = 1;
    for (const bool fold : {true, false}) {
        options.qat = QatOptions{resolved_plan(toy_network(), "w4a4", fold, data)};
        const auto outcome = train::train(toy_network(), data, nullptr, options, {});
        QVERIFY(outcome);
        const bool any = std::ranges::any_of(outcome->graph->nodes(),
                                             [](const Node& node) { return node.op == Op::batch_norm; });
        QCOMPARE(any, !fold);
        QCOMPARE(outcome->plan.folds_batch_norm(), fold);
    }
}

void TestTrainingOptions::options_out_of_range_are_refused() {
    const ToyDataset data(32, 1);
    const auto refused = [&](auto change) {
        Options options = quick();
        change(options);
        auto outcome = train::train(toy_network(), data, nullptr, options, {});
        return !outcome && outcome.error().code == ErrorCode::usage;
    };
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    QVERIFY(refused([](Options& o) { o.epochs = 0; }));
    QVERIFY(refused([](Options& o) { o.steps = -1; }));
    QVERIFY(refused([](Options& o) { o.steps = INT64_MAX; }));
    QVERIFY(refused([](Options& o) { o.batch_size = 0; }));
    QVERIFY(refused([](Options& o) { o.batch_size = 65537; }));
    QVERIFY(refused([](Options& o) { o.learning_rate = 0; }));
    QVERIFY(refused([](Options& o) { o.learning_rate = nan; }));
    QVERIFY(refused([](Options& o) { o.learning_rate = infinity; }));
    QVERIFY(refused([](Options& o) { o.momentum = 1; }));
    QVERIFY(refused([](Options& o) { o.momentum = nan; }));
    QVERIFY(refused([](Options& o) { o.nesterov = true, o.momentum = 0; }));
    QVERIFY(refused([](Options& o) { o.nesterov = true, o.optimizer = OptimizerType::adam; }));
    QVERIFY(refused([](Options& o) { o.weight_decay = -1; }));
    QVERIFY(refused([](Options& o) { o.label_smoothing = 1; }));
    QVERIFY(refused([](Options& o) { o.label_smoothing = -0.1; }));
    QVERIFY(refused([](Options& o) { o.distillation = 1.1; }));
    QVERIFY(refused([](Options& o) { o.weight_average = 1; }));
    QVERIFY(refused([](Options& o) { o.weight_average = -0.1; }));
    QVERIFY(refused([](Options& o) { o.distillation = nan; }));
    QVERIFY(refused([](Options& o) { o.augmentation.cutout = -1; }));
    QVERIFY(refused([](Options& o) { o.validation_split = 1; }));
    QVERIFY(refused([](Options& o) { o.patience = -1; }));
    QVERIFY(refused([](Options& o) { o.patience = 1; })); // nothing to measure on
    QVERIFY(refused([](Options& o) { o.reestimate_images = -1; }));
    QVERIFY(refused([](Options& o) { o.checkpoint.every_steps = 1; })); // no file
    QVERIFY(refused([](Options& o) { o.checkpoint.resume = true; }));
    QVERIFY(refused([](Options& o) { o.qat.emplace(), o.compute = ComputeType::bf16; }));
    QVERIFY(refused([](Options& o) { o.qat.emplace().weights = ScaleLearning::pact; }));
    QVERIFY(refused([](Options& o) { o.qat.emplace().plan.set_passes({Pass::equalize}); }));
}

QTEST_APPLESS_MAIN(TestTrainingOptions)
#include "tst_training_options.moc"
