#include "core/train/trainer.h"

#include "core/base/rng.h"
#include "core/base/worker_pool.h"
#include "core/train/sgd.h"
#include "core/train/shards.h"
#include "core/train/trainability.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace widthwise::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

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

/// Every image once, in random order, then the first ones again until the last batch is full.
std::vector<Sample> epoch_order(int64_t images, int64_t batch, uint64_t seed, int epoch) {
    // Streams of their own, far from those of the images' variations.
    Rng rng = Rng::stream(~seed, static_cast<uint64_t>(epoch));
    std::vector<int64_t> order(static_cast<size_t>(images));
    std::iota(order.begin(), order.end(), 0);
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
    const auto total = static_cast<size_t>((images + batch - 1) / batch * batch);
    std::vector<Sample> samples(total);
    for (size_t i = 0; i < total; ++i)
        samples[i] = {order[i % order.size()], static_cast<uint64_t>(epoch) * total + i};
    return samples;
}

/// What one epoch needs besides the model.
struct Run {
    const Dataset& training;
    const Options& options;
    const WorkControl& control;
    ShardedStep& step;
    Sgd& optimizer;
};

tl::unexpected<Error> diverged(const std::string& what, int epoch, int64_t step) {
    return fail(ErrorCode::failed, "training diverged: " + what + " not finite",
                "epoch " + std::to_string(epoch + 1) + ", step " + std::to_string(step + 1),
                "use a lower learning rate");
}

Result<Epoch> run_epoch(Model& model, Run& run, int epoch) {
    const int64_t batch = shard_count(run.options.batch_size) * shard_size(run.options.batch_size);
    const std::vector<Sample> samples = epoch_order(run.training.size(), batch, run.options.seed, epoch);
    const int64_t steps = std::ssize(samples) / batch;
    const int64_t all_images = std::ssize(samples) * run.options.epochs;
    LossSum total;
    for (int64_t s = 0; s < steps; ++s) {
        if (run.control.cancel.cancelled()) return fail(ErrorCode::cancelled, "training was cancelled");
        const auto part = std::span<const Sample>(samples).subspan(static_cast<size_t>(s * batch),
                                                                   static_cast<size_t>(batch));
        Result<LossSum> loss = run.step.run(model, part);
        if (!loss) return forward_error(loss);
        if (!std::isfinite(loss->loss)) return diverged("the loss is", epoch, s);
        total.loss += loss->loss;
        total.correct += loss->correct;
        const double rate = learning_rate(run.options.schedule, run.options.learning_rate, epoch * steps + s,
                                          steps * run.options.epochs);
        run.optimizer.step(model.trained, run.step.gradients(), rate);
        run.control.report("training", epoch * std::ssize(samples) + (s + 1) * batch, all_images);
    }
    // The last step's weights have not been through a loss yet.
    const auto finite = [](float v) { return std::isfinite(v); };
    if (!std::ranges::all_of(model.trained, finite) || !std::ranges::all_of(model.running, finite))
        return diverged("the weights are", epoch, steps - 1);
    Epoch result;
    result.loss = total.loss / static_cast<double>(samples.size());
    result.train_top1 = static_cast<double>(total.correct) / static_cast<double>(samples.size());
    return result;
}

} // namespace

Result<Outcome> train(GraphPtr graph, const Dataset& training, const Dataset* validation,
                      const Options& options, const WorkControl& control, const Observer& observer) {
    if (Result<void> checked = validate(options); !checked) return forward_error(checked);
    Result<TrainingScope> scope = training_scope(*graph);
    if (!scope) return forward_error(scope);
    Model model(std::move(graph), std::move(*scope));
    if (Result<void> checked = check_data(model, training); !checked) return forward_error(checked);
    if (validation)
        if (Result<void> checked = check_data(model, *validation); !checked) return forward_error(checked);

    const int workers = control.threads > 0 ? control.threads : default_thread_count();
    Result<std::unique_ptr<ShardedStep>> step = ShardedStep::create(model, training, options, workers);
    if (!step) return forward_error(step);
    std::unique_ptr<Validation> check;
    if (validation) {
        Result<std::unique_ptr<Validation>> made = Validation::create(model, *validation, workers);
        if (!made) return forward_error(made);
        check = std::move(*made);
    }

    Sgd optimizer(model.layout, options.momentum, options.weight_decay);
    Run run{training, options, control, **step, optimizer};
    std::vector<Epoch> epochs;
    for (int epoch = 0; epoch < options.epochs; ++epoch) {
        const Clock::time_point start = Clock::now();
        Result<Epoch> done = run_epoch(model, run, epoch);
        if (!done) return forward_error(done);
        if (check) {
            Result<double> top1 = check->top1(model, control.cancel);
            if (!top1) return forward_error(top1);
            done->validation_top1 = *top1;
        }
        done->seconds = seconds_since(start);
        epochs.push_back(*done);
        if (observer.on_epoch) observer.on_epoch(*done);
    }
    Result<GraphPtr> rebuilt = model.layout.rebuild(*model.graph, model.trained, model.running);
    if (!rebuilt) return forward_error(rebuilt);
    Outcome outcome;
    outcome.graph = std::move(*rebuilt);
    outcome.epochs = std::move(epochs);
    return outcome;
}

} // namespace widthwise::train
