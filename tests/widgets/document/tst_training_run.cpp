// Curves in bounded memory, and runs that are kept and read back.
#include "widgets/document/training_feed.h"
#include "widgets/document/training_run.h"
#include "widgets/document/training_setup.h"

#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include <mutex>
#include <thread>

using namespace widthwise;
using namespace widthwise::gui;

class TestTrainingRun : public QObject {
    Q_OBJECT
private slots:
    void a_short_curve_is_kept_as_it_is() {
        DecimatedCurve curve;
        QVERIFY(curve.empty());
        for (const double value : {3.0, 2.0, 1.5}) curve.add(value);
        const auto points = curve.points();
        QCOMPARE(points.size(), size_t(3));
        QCOMPARE(points[0].step, 1.0);
        QCOMPARE(points[2].step, 3.0);
        QCOMPARE(points[2].value, 1.5);
    }

    void a_long_curve_stays_small_and_true() {
        // A straight line: the mean of any run of steps is the value in its middle.
        for (const int64_t count :
             {int64_t(1023), int64_t(1024), int64_t(1025), int64_t(100000), int64_t(123457)}) {
            DecimatedCurve curve;
            for (int64_t i = 1; i <= count; ++i) curve.add(static_cast<double>(i) * 0.5);
            const auto points = curve.points();
            QVERIFY(points.size() <= 2 * DecimatedCurve::k_most);
            QVERIFY(points.size() >= std::min<size_t>(DecimatedCurve::k_most, static_cast<size_t>(count)));
            double last = 0;
            for (size_t i = 0; i + 1 < points.size(); ++i) {
                QVERIFY(points[i].step > last);
                last = points[i].step;
                QVERIFY(std::abs(points[i].value - points[i].step * 0.5) < 1e-6 * static_cast<double>(count));
            }
            QVERIFY(points.back().step <= static_cast<double>(count));
        }
    }

    void a_paused_feed_holds_its_worker() {
        TrainingFeed feed;
        feed.begin();
        feed.setPaused(true);
        std::mutex mutex;
        std::string order;
        const auto note = [&](char what) {
            const std::lock_guard lock(mutex);
            order += what;
        };
        const CancelToken cancel;
        std::thread worker([&] {
            train::StepReport step;
            step.loss = 1.5;
            feed.add(step, cancel);
            note('w');
        });
        // The step is told before the worker rests.
        std::vector<double> told;
        const auto look = [&] {
            const std::vector<double> losses = feed.take().losses;
            told.insert(told.end(), losses.begin(), losses.end());
            return told.size();
        };
        QTRY_COMPARE(look(), size_t(1));
        note('r');
        feed.setPaused(false);
        worker.join();
        QCOMPARE(order, std::string("rw"));
    }

    void a_paused_feed_lets_a_cancelled_worker_go() {
        TrainingFeed feed;
        feed.setPaused(true);
        const CancelToken cancel;
        std::thread worker([&] { feed.add(train::StepReport(), cancel); });
        cancel.cancel();
        worker.join();
        QVERIFY(feed.paused());
    }

    void time_left_is_in_proportion() {
        TrainingRun run;
        run.status = TrainingRun::Status::running;
        QVERIFY(run.remaining_s() < 0);
        run.last.step = 25;
        run.last.steps = 100;
        run.seconds = 10;
        QCOMPARE(run.remaining_s(), 30.0);
        run.status = TrainingRun::Status::finished;
        QVERIFY(run.remaining_s() < 0);
    }

    void the_best_epoch_is_of_the_validation_images_where_there_are_any() {
        TrainingRun run;
        QVERIFY(!run.best_top1());
        run.epochs = {{1.0, 0.9, 0.5, 0, 1}, {0.9, 0.95, 0.7, 0, 1}, {0.8, 0.99, 0.6, 0, 1}};
        QCOMPARE(*run.best_top1(), 0.99);
        run.validated = true;
        QCOMPARE(*run.best_top1(), 0.7);
        QCOMPARE(*run.loss_now(), 0.8);
    }

    void a_run_comes_back_as_it_was_stored() {
        TrainingRun run;
        run.stored_id = 7;
        run.parent = 2;
        run.version = 3;
        run.label = "QAT w4a4, 2 epochs";
        run.kind = "qat";
        run.validated = true;
        run.status = TrainingRun::Status::failed;
        run.problem = "the loss diverges: conv2, step 17";
        run.epochs = {{1.25, 0.5, 0.625, 0.1, 2}, {1.0, 0.75, 0.5, 0.1, 2}};
        const TrainingRun back = from_stored(to_stored(run));
        QCOMPARE(back.stored_id, run.stored_id);
        QCOMPARE(back.version, run.version);
        QCOMPARE(back.label, run.label);
        QVERIFY(back.status == TrainingRun::Status::failed);
        QCOMPARE(back.problem, run.problem);
        QCOMPARE(back.epochs.size(), size_t(2));
        QCOMPARE(*back.best_top1(), 0.625);
        QCOMPARE(back.epochs[1].loss, 1.0);
        QCOMPARE(back.seconds, 4.0);
        run.validated = false;
        QVERIFY(!from_stored(to_stored(run)).validated);
    }

    void rubbish_in_a_stored_run_is_no_epoch() {
        StoredRun stored;
        for (const char* text : {"", "[", "{\"loss\": 1}", "[1, \"x\", null]", "not json"}) {
            stored.epochs_json = text;
            stored.status = "running";
            const TrainingRun run = from_stored(stored);
            QVERIFY(run.status == TrainingRun::Status::cancelled);
            for (const train::Epoch& epoch : run.epochs) QCOMPARE(epoch.loss, 0.0);
        }
    }

    void what_was_started_comes_up_again_mode_by_mode() {
        QTemporaryDir folder;
        QSettings settings(folder.filePath("s.ini"), QSettings::IniFormat);
        const flow::Model model;
        TrainingSetup setup = recommended_setup(TrainingMode::quantized, model);
        setup.options.learning_rate = 0.0123;
        setup.options.schedule = train::Schedule::constant;
        setup.options.augmentation.cutout = 5;
        setup.activation_scales = train::ScaleLearning::pact;
        store_setup(setup, model, settings);
        TrainingSetup back = recommended_setup(TrainingMode::quantized, model);
        restore_setup(back, model, settings);
        QCOMPARE(back.options.learning_rate, 0.0123);
        QVERIFY(back.options.schedule == train::Schedule::constant);
        QCOMPARE(back.options.augmentation.cutout, 5);
        QVERIFY(back.activation_scales == train::ScaleLearning::pact);
        TrainingSetup other = recommended_setup(TrainingMode::plain, model);
        const double rate = other.options.learning_rate;
        restore_setup(other, model, settings);
        QCOMPARE(other.options.learning_rate, rate);
        // A settings file that someone edited.
        settings.setValue("training/qat/learningRate", -4.0);
        restore_setup(back, model, settings);
        QVERIFY(train::validate(back.options).has_value());
    }

    void every_mode_recommends_what_the_trainer_takes() {
        flow::Model untrained;
        untrained.trained = false;
        for (const TrainingMode mode :
             {TrainingMode::plain, TrainingMode::quantized, TrainingMode::adapt, TrainingMode::meta}) {
            QVERIFY(train::validate(recommended_setup(mode, {}).options).has_value());
            QVERIFY(train::validate(recommended_setup(mode, untrained).options).has_value());
        }
        QCOMPARE(recommended_setup(TrainingMode::adapt, {}).options.steps, int64_t(20));
    }
};

QTEST_GUILESS_MAIN(TestTrainingRun)
#include "tst_training_run.moc"
