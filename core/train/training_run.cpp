#include "core/train/training_run.h"

#include "core/base/output_file.h"
#include "core/base/worker_pool.h"
#include "core/train/finite.h"
#include "core/train/options_json.h"
#include "core/train/schedule.h"

#include <algorithm>

namespace widthwise::train {
namespace {

Result<void> check_data(const Model& model, const Dataset& data) {
    if (data.size() < 1) return fail(ErrorCode::invalid_input, "there are no images", data.name());
    const auto [channels, height, width] = data.image_shape();
    const Shape image =
        data.network_is_nhwc() ? Shape{1, height, width, channels} : Shape{1, channels, height, width};
    const Shape& wanted = model.graph->value(model.scope.input).shape;
    if (image != wanted)
        return fail(ErrorCode::invalid_input,
                    "the images are " + image.to_string() + " but the network reads " + wanted.to_string(),
                    data.name(), "resize or crop in the dataset card");
    for (int64_t i = 0; i < data.size(); ++i)
        if (data.label(i) < 0 || data.label(i) >= model.scope.classes)
            return fail(ErrorCode::invalid_input,
                        "image " + std::to_string(i) + " has label " + std::to_string(data.label(i)) +
                            " but the network has " + std::to_string(model.scope.classes) + " classes",
                        data.name(), "train a network with as many classes as the data");
    return {};
}

constexpr const char* k_remedy = "use a lower learning rate";

} // namespace

Result<void> TrainingRun::prepare(const GraphPtr& graph, const Dataset& training, const Dataset* validation) {
    if (!m_options.checkpoint.file.empty())
        if (Result<void> ok = check_writable(m_options.checkpoint.file); !ok) return ok;
    Result<std::unique_ptr<Model>> model = Model::create(graph, m_options);
    if (!model) return forward_error(model);
    m_model = std::move(*model);
    if (Result<void> ok = prepare_data(training, validation); !ok) return ok;
    if (Result<void> ok = prepare_workers(graph); !ok) return ok;
    if (m_options.checkpoint.file.empty()) return {};
    m_identity = {network_hash(*graph), data_hash(*m_training, m_validation), option_values(m_options)};
    return m_options.checkpoint.resume ? resume() : Result<void>();
}

Result<void> TrainingRun::prepare_data(const Dataset& training, const Dataset* validation) {
    m_training = &training;
    m_validation = validation;
    if (Result<void> ok = check_data(*m_model, training); !ok) return ok;
    if (validation) {
        if (Result<void> ok = check_data(*m_model, *validation); !ok) return ok;
    } else if (m_options.validation_split > 0) {
        if (training.size() < 2)
            return fail(ErrorCode::invalid_input, "one image cannot be split", training.name());
        m_split = split(training, m_options.validation_split, m_options.seed);
        m_training = m_split.training.get();
        m_validation = m_split.held_out.get();
    } else if (m_options.patience > 0) {
        return fail(ErrorCode::usage, "patience needs validation images", "training options",
                    "name validation data or split some off");
    }
    m_batch = shard_count(m_options.batch_size) * shard_size(m_options.batch_size);
    m_steps_per_epoch = (m_training->size() + m_batch - 1) / m_batch;
    m_steps = m_options.steps > 0 ? m_options.steps : m_options.epochs * m_steps_per_epoch;
    return {};
}

Result<void> TrainingRun::prepare_workers(const GraphPtr& graph) {
    const int workers = m_control.threads > 0 ? m_control.threads : default_thread_count();
    if (m_options.distillation > 0) {
        auto teacher = Model::create(graph, Options{});
        if (!teacher) return forward_error(teacher);
        m_teacher = std::move(*teacher);
    }
    auto sharded = ShardedStep::create(*m_model, *m_training, m_options, workers, m_teacher.get());
    if (!sharded) return forward_error(sharded);
    m_sharded = std::move(*sharded);
    if (m_validation) {
        auto check = Validation::create(*m_model, *m_validation, workers);
        if (!check) return forward_error(check);
        m_check = std::move(*check);
    }
    auto scaled = input_scales(*m_model, *m_training);
    if (!scaled) return forward_error(scaled);
    m_optimizer = std::make_unique<Optimizer>(m_model->layout, m_options, *scaled);
    return {};
}

Result<void> TrainingRun::resume() {
    std::error_code error;
    if (!std::filesystem::exists(m_options.checkpoint.file, error)) return {};
    Result<TrainingState> state = read_checkpoint(
        m_options.checkpoint.file, m_identity,
        {m_model->trained.size(), m_model->running.size(), m_options.optimizer == OptimizerType::adam,
         m_options.keep_best, m_options.weight_average > 0, m_steps, m_steps_per_epoch});
    if (!state) return forward_error(state);
    m_model->trained = std::move(state->trained);
    m_model->running = std::move(state->running);
    m_optimizer->set_state(std::move(state->optimizer));
    m_progress = std::move(state->progress);
    m_best_trained = std::move(state->best_trained);
    m_best_running = std::move(state->best_running);
    m_average.set(std::move(state->average_trained), std::move(state->average_running));
    return {};
}

Result<void> TrainingRun::save() {
    if (m_options.checkpoint.file.empty()) return {};
    return write_checkpoint(m_options.checkpoint.file, m_identity,
                            {m_model->trained, m_model->running, m_optimizer->state(), m_progress,
                             m_best_trained, m_best_running, m_average.trained(), m_average.running()});
}

tl::unexpected<Error> TrainingRun::stopped(Error error) {
    if (error.code == ErrorCode::cancelled)
        if (Result<void> saved = save(); !saved) return forward_error(saved);
    return tl::unexpected<Error>(std::move(error));
}

double TrainingRun::lap() {
    const Clock::time_point now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - m_lap).count();
    m_lap = now;
    m_progress.epoch_seconds += seconds;
    return seconds;
}

std::string TrainingRun::place(std::string layer, int64_t step) const {
    return (layer.empty() ? std::string() : "layer " + layer + ", ") + "epoch " +
           std::to_string(epoch() + 1) + ", step " + std::to_string(step + 1);
}

bool TrainingRun::finished() const {
    if (std::min(epoch() * m_steps_per_epoch, m_steps) >= m_steps) return true;
    return m_options.patience > 0 && epoch() - 1 - m_progress.best_epoch >= m_options.patience;
}

Result<Outcome> TrainingRun::run() {
    while (!finished())
        if (Result<void> done = run_epoch(); !done) return stopped(std::move(done.error()));
    Result<Outcome> outcome = finish();
    if (!outcome) return stopped(std::move(outcome.error()));
    return outcome;
}

Result<void> TrainingRun::run_epoch() {
    const std::vector<Sample> samples = epoch_order(m_training->size(), m_batch, m_options.seed, epoch());
    const int64_t start = epoch() * m_steps_per_epoch;
    const int64_t end = std::min(m_steps, start + m_steps_per_epoch);
    m_lap = Clock::now();
    while (m_progress.step < end) {
        if (m_control.cancel.cancelled()) return fail(ErrorCode::cancelled, "training was cancelled");
        const auto first = static_cast<size_t>((m_progress.step - start) * m_batch);
        const auto batch = std::span<const Sample>(samples).subspan(first, static_cast<size_t>(m_batch));
        if (Result<void> done = step(batch); !done) return done;
        const int64_t every = m_options.checkpoint.every_steps;
        if (every > 0 && m_progress.step % every == 0 && m_progress.step < end)
            if (Result<void> saved = save(); !saved) return saved;
    }
    return finish_epoch();
}

Result<void> TrainingRun::step(std::span<const Sample> batch) {
    Result<LossSum> loss = m_sharded->run(*m_model, batch, m_control.cancel);
    if (!loss) {
        const std::optional<Divergence>& divergence = m_sharded->divergence();
        if (!divergence) return forward_error(loss);
        return fail(ErrorCode::failed, "training diverged: " + divergence->what,
                    place(divergence->layer, m_progress.step), k_remedy);
    }
    const double rate = learning_rate(m_options.schedule, m_options.learning_rate, m_progress.step, m_steps);
    m_optimizer->step(m_model->trained, m_sharded->gradients(), rate);
    if (Result<void> finite = check_numbers(); !finite) return finite;
    ++m_progress.step;
    m_average.add(m_model->trained, m_model->running, m_progress.step);
    m_progress.epoch_sum.loss += loss->loss;
    m_progress.epoch_sum.correct += loss->correct;
    m_progress.learning_rate = rate;
    m_throughput.add(m_batch, lap());
    m_control.report("training", m_progress.step * m_batch, m_steps * m_batch);
    if (!m_observer.on_step) return {};
    const auto images = static_cast<double>(m_batch);
    m_observer.on_step({m_progress.step, m_steps, m_steps_per_epoch, loss->loss / images,
                        static_cast<double>(loss->correct) / images, rate, m_throughput.images_per_second()});
    m_lap = Clock::now(); // a pause is no work
    return {};
}

Result<void> TrainingRun::check_numbers() const {
    if (const size_t bad = first_not_finite(m_model->trained); bad < m_model->trained.size())
        return fail(ErrorCode::failed, "training diverged: the weights are not finite",
                    place(m_model->layer_of(bad), m_progress.step), k_remedy);
    // Batches' own are found finite before; the network may have come with others.
    if (const size_t bad = first_not_finite(m_model->running); bad < m_model->running.size())
        return fail(
            ErrorCode::failed, "training diverged: BatchNormalization's running statistics are not finite",
            place(m_model->graph->node(m_model->layer_of_statistic(bad)).name, m_progress.step), k_remedy);
    return {};
}

/// What BatchNormalization evaluates with: the running averages, or measured again.
Result<std::vector<float>> TrainingRun::present_statistics() {
    if (m_options.reestimate_images == 0 || m_model->running.empty()) return m_model->running;
    return m_sharded->measure_statistics(*m_model, m_options.reestimate_images, m_control.cancel);
}

const std::vector<float>& TrainingRun::present_trained() const {
    return m_average.trained().empty() ? m_model->trained : m_average.trained();
}

const std::vector<float>& TrainingRun::present_running() const {
    return m_average.trained().empty() ? m_model->running : m_average.running();
}

Result<double> TrainingRun::validate_present() {
    std::vector<float> trained = present_trained(), running = present_running();
    m_model->trained.swap(trained);
    m_model->running.swap(running);
    Result<double> top1 = validate();
    m_model->trained.swap(trained);
    m_model->running.swap(running);
    return top1;
}

Result<double> TrainingRun::validate() {
    m_model->update_effective();
    Result<std::vector<float>> statistics =
        m_options.qat ? present_statistics() : Result<std::vector<float>>(m_model->running);
    if (!statistics) return forward_error(statistics);
    return m_check->top1(*m_model, *statistics, m_control.cancel);
}

Result<void> TrainingRun::finish_epoch() {
    const int64_t steps = m_progress.step - epoch() * m_steps_per_epoch;
    const auto images = static_cast<double>(steps * m_batch);
    Epoch done;
    done.loss = m_progress.epoch_sum.loss / images;
    done.train_top1 = static_cast<double>(m_progress.epoch_sum.correct) / images;
    done.learning_rate = m_progress.learning_rate;
    if (m_check) {
        Result<double> top1 = validate_present();
        if (!top1) return forward_error(top1);
        done.validation_top1 = *top1;
    }
    lap();
    done.seconds = m_progress.epoch_seconds;
    const int best = m_progress.best_epoch;
    const bool better =
        m_check &&
        (best < 0 || done.validation_top1 > m_progress.epochs[static_cast<size_t>(best)].validation_top1);
    if (better) {
        m_progress.best_epoch = epoch();
        if (m_options.keep_best) {
            m_best_trained = present_trained();
            m_best_running = present_running();
        }
    }
    m_progress.epochs.push_back(done);
    m_progress.epoch_sum = {};
    m_progress.epoch_seconds = 0;
    if (Result<void> saved = save(); !saved) return saved;
    if (m_observer.on_epoch) m_observer.on_epoch(done);
    return {};
}

Result<Outcome> TrainingRun::finish() {
    Outcome outcome;
    outcome.epochs = m_progress.epochs;
    outcome.stopped_early = m_progress.step < m_steps;
    const std::vector<float> last_trained = m_model->trained, last_running = m_model->running;
    if (!m_best_trained.empty()) {
        outcome.best_epoch = m_progress.best_epoch;
        m_model->trained = m_best_trained;
        m_model->running = m_best_running;
    } else if (!m_average.trained().empty()) {
        m_model->trained = m_average.trained();
        m_model->running = m_average.running();
    }
    m_model->update_effective();
    Result<std::vector<float>> statistics = present_statistics();
    if (!statistics) { // what a cancellation saves is the last step
        m_model->trained = last_trained;
        m_model->running = last_running;
        return forward_error(statistics);
    }
    Result<GraphPtr> rebuilt = m_model->layout.rebuild(*m_model->graph, m_model->trained, *statistics);
    if (!rebuilt) return forward_error(rebuilt);
    outcome.plan = m_model->quantization.plan(*m_model->graph, m_model->trained);
    outcome.graph = std::move(*rebuilt);
    return outcome;
}

} // namespace widthwise::train
