// A run that is interrupted after any step and resumed ends with the bits of one that never was.

#include "core/train/checkpoint.h"
#include "core/train/parameters.h"
#include "core/train/trainer.h"
#include "tests/core/train/toy_design.h"
#include "tests/core/train/toy_problem.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace widthwise;
using namespace widthwise::train;
using widthwise::test::resolved_plan;
using widthwise::test::toy_network;
using widthwise::test::ToyDataset;

namespace {

constexpr int64_t k_steps = 6; // two epochs of three batches of 32

/// Everything that an outcome says, but for the time it took.
struct Bits {
    std::vector<float> numbers;
    std::string plan;
    std::vector<Epoch> epochs;
    int best_epoch = 0;
    bool operator==(const Bits&) const = default;
};

Bits bits(const Outcome& outcome) {
    const ParameterLayout layout(*outcome.graph);
    Bits bits{layout.read_trained(*outcome.graph), plan_to_json(outcome.plan), outcome.epochs,
              outcome.best_epoch};
    const std::vector<float> statistics = layout.read_statistics(*outcome.graph);
    bits.numbers.insert(bits.numbers.end(), statistics.begin(), statistics.end());
    for (Epoch& epoch : bits.epochs) epoch.seconds = 0;
    return bits;
}

} // namespace

class TestResume : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void after_any_step_data();
    void after_any_step();
    void after_the_end();
    void without_a_file_it_starts();
    void while_validating();
    void patience_goes_on_counting();
    void checkpoints_in_between();
    void another_run_is_refused();
    void divergence_leaves_the_last_good_one();

private:
    Options options() const {
        Options options;
        options.epochs = 2;
        options.batch_size = 32;
        options.learning_rate = 0.05;
        options.checkpoint.file = m_folder.filePath("run.checkpoint").toStdString();
        return options;
    }
    Result<Outcome> run(const Options& options, int threads, int64_t stop_after = 0) const {
        WorkControl control;
        control.threads = threads;
        Observer observer;
        observer.on_step = [&](const StepReport& report) {
            if (report.step == stop_after) control.cancel.cancel();
        };
        return train::train(m_graph, m_training, &m_validation, options, control, observer);
    }
    Result<Outcome> resumed(Options options, int threads, int64_t stop_after = 0) const {
        options.checkpoint.resume = true;
        return run(options, threads, stop_after);
    }
    void forget() const { QFile::remove(m_folder.filePath("run.checkpoint")); }

    QTemporaryDir m_folder;
    GraphPtr m_graph = toy_network();
    ToyDataset m_training{70, 1}, m_validation{60, 2};
};

void TestResume::initTestCase() {
    // Something to start from: scales of a network that knows nothing yet are poor ones.
    Options start;
    start.epochs = 2;
    start.batch_size = 16;
    auto outcome = train::train(m_graph, m_training, nullptr, start, {});
    QVERIFY(outcome);
    m_graph = outcome->graph;
}

void TestResume::after_any_step_data() {
    QTest::addColumn<bool>("adam");
    QTest::addColumn<bool>("quantized");
    QTest::addColumn<bool>("fold");
    QTest::newRow("sgd") << false << false << false;
    QTest::newRow("adam") << true << false << false;
    QTest::newRow("sgd, quantized") << false << true << false;
    QTest::newRow("adam, quantized, folded") << true << true << true;
}

void TestResume::after_any_step() {
    QFETCH(bool, adam);
    QFETCH(bool, quantized);
    QFETCH(bool, fold);
    Options options = this->options();
    options.nesterov = !adam;
    if (adam) {
        options.optimizer = OptimizerType::adam;
        options.learning_rate = 0.003;
    }
    if (quantized) {
        options.qat = QatOptions{.plan = resolved_plan(m_graph, "w4a4", fold, m_training)};
        options.reestimate_images = 32;
        options.distillation = 0.5;
        options.weight_average = 0.9;
    }
    forget();
    const auto whole = run(options, 2);
    QVERIFY2(whole, whole ? "" : whole.error().to_line().c_str());
    for (int64_t stop = 1; stop < k_steps; ++stop) {
        forget();
        const auto stopped = run(options, static_cast<int>(1 + stop % 3), stop);
        QVERIFY(!stopped && stopped.error().code == ErrorCode::cancelled);
        const auto end = resumed(options, static_cast<int>(1 + (stop + 1) % 3));
        QVERIFY2(end, end ? "" : end.error().to_line().c_str());
        QVERIFY2(bits(*end) == bits(*whole), qPrintable(QString::number(stop)));
    }
    // Interrupted after every single step.
    forget();
    (void)run(options, 1, 1);
    for (int64_t stop = 2; stop < k_steps; ++stop) QVERIFY(!resumed(options, 2, stop));
    const auto end = resumed(options, 2);
    QVERIFY(end && bits(*end) == bits(*whole));
}

void TestResume::after_the_end() {
    forget();
    const auto whole = run(options(), 2);
    QVERIFY(whole);
    const auto again = resumed(options(), 1);
    QVERIFY(again && bits(*again) == bits(*whole));
}

void TestResume::without_a_file_it_starts() {
    forget();
    const auto first = resumed(options(), 2);
    QVERIFY(first);
    const auto second = run(options(), 2); // there is a checkpoint now, but nobody asked for it
    QVERIFY(second && bits(*first) == bits(*second));
}

void TestResume::while_validating() {
    // The run stops while the first epoch's validation waits to begin.
    forget();
    const auto whole = run(options(), 2);
    forget();
    QVERIFY(!run(options(), 2, k_steps / 2));
    const auto end = resumed(options(), 2);
    QVERIFY(whole && end && bits(*end) == bits(*whole));
    QCOMPARE(end->epochs.size(), size_t{2});
}

void TestResume::patience_goes_on_counting() {
    Options options = this->options();
    options.epochs = 50;
    options.learning_rate = 1e-12; // nothing gets better
    options.patience = 3;
    forget();
    const auto whole = run(options, 2);
    QVERIFY(whole && whole->stopped_early);
    QCOMPARE(whole->epochs.size(), size_t{4});
    QCOMPARE(whole->best_epoch, 0);
    forget();
    QVERIFY(!run(options, 2, 8)); // in the third epoch
    const auto end = resumed(options, 2);
    QVERIFY(end && end->stopped_early && bits(*end) == bits(*whole));
}

void TestResume::checkpoints_in_between() {
    Options options = this->options();
    options.checkpoint.every_steps = 2;
    const QString path = m_folder.filePath("run.checkpoint");
    forget();
    std::vector<bool> present;
    Observer observer;
    observer.on_step = [&](const StepReport&) { present.push_back(QFile::exists(path)); };
    QVERIFY(train::train(m_graph, m_training, nullptr, options, {}, observer));
    // Written after the observer has seen the second step.
    QVERIFY((present == std::vector<bool>{false, false, true, true, true, true}));
}

void TestResume::another_run_is_refused() {
    forget();
    QVERIFY(!run(options(), 2, 2));
    const auto message = [](const Result<Outcome>& outcome) {
        return outcome || outcome.error().code != ErrorCode::invalid_input ? std::string()
                                                                           : outcome.error().message;
    };
    Options other = options();
    other.checkpoint.resume = true;
    other.seed = 2;
    QCOMPARE(message(run(other, 2)), std::string("the checkpoint was made with seed 1, not 2"));
    other = options();
    other.checkpoint.resume = true;
    QVERIFY(message(train::train(toy_network(7), m_training, &m_validation, other, {})).find("network") !=
            std::string::npos);
    QVERIFY(message(train::train(m_graph, m_validation, &m_validation, other, {})).find("images") !=
            std::string::npos);
    QVERIFY(message(train::train(m_graph, m_training, nullptr, other, {})).find("images") !=
            std::string::npos);
}

void TestResume::divergence_leaves_the_last_good_one() {
    Options options = this->options();
    options.schedule = Schedule::constant;
    options.checkpoint.every_steps = 1;
    options.learning_rate = 1e12;
    forget();
    const auto outcome = run(options, 2);
    QVERIFY(!outcome && outcome.error().code == ErrorCode::failed);
    // What is there resumes, and diverges at the same place.
    const auto again = resumed(options, 1);
    QVERIFY(!again && again.error().to_line() == outcome.error().to_line());
}

QTEST_APPLESS_MAIN(TestResume)
#include "tst_resume.moc"
