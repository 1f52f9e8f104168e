#pragma once
// One run of the trainer from its data to its outcome, step by step.

#include "core/train/checkpoint.h"
#include "core/train/optimizer.h"
#include "core/train/shards.h"
#include "core/train/throughput.h"
#include "core/train/trainer.h"
#include "core/train/validation.h"
#include "core/train/weight_average.h"

#include <chrono>
#include <memory>

namespace widthwise::train {

class TrainingRun {
public:
    TrainingRun(const Options& options, const WorkControl& control, const Observer& observer)
        : m_options(options), m_control(control), m_observer(observer), m_average(options.weight_average) {}

    /// Everything that a run needs, and its state where it resumes. The data outlive the run.
    Result<void> prepare(const GraphPtr& graph, const Dataset& training, const Dataset* validation);
    Result<Outcome> run();

private:
    using Clock = std::chrono::steady_clock;

    Result<void> prepare_data(const Dataset& training, const Dataset* validation);
    Result<void> prepare_workers(const GraphPtr& graph);
    Result<void> resume();
    [[nodiscard]] int epoch() const { return static_cast<int>(std::ssize(m_progress.epochs)); }
    [[nodiscard]] bool finished() const;
    Result<void> run_epoch();
    Result<void> step(std::span<const Sample> batch);
    Result<void> check_numbers() const;
    Result<void> finish_epoch();
    /// Numbers that the run would end with now.
    [[nodiscard]] const std::vector<float>& present_trained() const;
    [[nodiscard]] const std::vector<float>& present_running() const;
    /// Of the numbers that the model has.
    Result<double> validate();
    Result<double> validate_present();
    Result<std::vector<float>> present_statistics();
    Result<Outcome> finish();
    Result<void> save();
    /// `error`, after the last whole step has been saved where it is a cancellation.
    tl::unexpected<Error> stopped(Error error);
    [[nodiscard]] std::string place(std::string layer, int64_t step) const;
    /// Seconds since the last call: the epoch's and the throughput's clock.
    double lap();

    const Options& m_options;
    const WorkControl& m_control;
    const Observer& m_observer;

    Split m_split;
    const Dataset* m_training = nullptr;
    const Dataset* m_validation = nullptr; ///< null: none
    int64_t m_batch = 0;                   ///< images, whole shards
    int64_t m_steps_per_epoch = 0, m_steps = 0;

    RunIdentity m_identity; ///< filled in only where checkpoints are kept
    std::unique_ptr<Model> m_model, m_teacher;
    std::unique_ptr<ShardedStep> m_sharded;
    std::unique_ptr<Validation> m_check;
    std::unique_ptr<Optimizer> m_optimizer;

    RunProgress m_progress;
    WeightAverage m_average;
    std::vector<float> m_best_trained, m_best_running;
    Throughput m_throughput;
    Clock::time_point m_lap;
};

} // namespace widthwise::train
