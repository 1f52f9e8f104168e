#include "core/train/shards.h"

#include "core/base/worker_pool.h"
#include "core/train/augment.h"

#include <algorithm>
#include <cassert>

namespace widthwise::train {
namespace {

constexpr int64_t k_shard_images = 16;
constexpr int64_t k_wave_shards = 64;     // at most this many gradients of all weights in memory
constexpr int64_t k_crop_pad = 4;         // pixels
constexpr float k_statistics_keep = 0.9F; // of the running statistics, per shard

Result<std::unique_ptr<Tape>> make_tape(const Model& model, const Dataset& data, TapeMode mode,
                                        int64_t batch) {
    const SingleThreadedKernels single;
    return Tape::create(*model.graph, model.scope, model.layout,
                        {batch, mode, data.network_is_nhwc(), false, ComputeType::f32, nullptr});
}

} // namespace

int64_t shard_size(int64_t batch_size) {
    return std::min(batch_size, k_shard_images);
}

int64_t shard_count(int64_t batch_size) {
    const int64_t size = shard_size(batch_size);
    return (batch_size + size - 1) / size;
}

Result<std::unique_ptr<ShardedStep>> ShardedStep::create(const Model& model, const Dataset& data,
                                                         const Options& options, int workers) {
    std::unique_ptr<ShardedStep> step(new ShardedStep(data, options));
    const int64_t shards = std::min(shard_count(options.batch_size), k_wave_shards);
    const auto images = static_cast<size_t>(shard_size(options.batch_size));
    step->m_gradients.resize(model.trained.size());
    step->m_shards.resize(static_cast<size_t>(shards));
    for (Shard& shard : step->m_shards) {
        shard.gradients.resize(model.trained.size());
        shard.statistics.resize(model.running.size());
    }
    step->m_workers.resize(static_cast<size_t>(std::clamp<int64_t>(workers, 1, shards)));
    Result<void> made =
        parallel_for(std::ssize(step->m_workers), workers, [&](int64_t item, int) -> Result<void> {
            Worker& worker = step->m_workers[static_cast<size_t>(item)];
            auto tape = make_tape(model, data, TapeMode::training, shard_size(options.batch_size));
            if (!tape) return forward_error(tape);
            worker.tape = std::move(*tape);
            worker.image.resize(worker.tape->input().size() / images);
            worker.logits_gradient.resize(worker.tape->logits().size());
            worker.labels.resize(images);
            return {};
        });
    if (!made) return forward_error(made);
    return step;
}

Result<void> ShardedStep::read_images(std::span<const Sample> samples, Worker& worker) const {
    const std::array<int64_t, 3> chw = m_data.image_shape();
    const size_t size = worker.image.size();
    for (size_t i = 0; i < samples.size(); ++i) {
        const std::span<float> target = worker.tape->input().subspan(i * size, size);
        const std::span<float> read_into =
            m_options.augmentation.crop ? std::span<float>(worker.image) : target;
        if (Result<void> read = m_data.read(samples[i].index, read_into); !read) return read;
        Rng rng = Rng::stream(m_options.seed, samples[i].variation);
        if (m_options.augmentation.crop) random_crop(worker.image, target, chw, k_crop_pad, rng);
        if (m_options.augmentation.flip) random_flip(target, chw, rng);
        worker.labels[i] = m_data.label(samples[i].index);
    }
    return {};
}

Result<void> ShardedStep::run_shard(const Model& model, std::span<const Sample> samples, double weight,
                                    Worker& worker, Shard& shard) const {
    const SingleThreadedKernels single;
    if (Result<void> read = read_images(samples, worker); !read) return read;
    Result<void> done = worker.tape->forward(model.trained, model.running, shard.statistics);
    if (!done) return done;
    shard.loss = cross_entropy(worker.tape->logits(), worker.labels, weight, worker.logits_gradient);
    std::ranges::fill(shard.gradients, 0.0F);
    return worker.tape->backward(model.trained, worker.logits_gradient, shard.gradients);
}

Result<LossSum> ShardedStep::run(Model& model, std::span<const Sample> batch) {
    const auto images = static_cast<size_t>(shard_size(m_options.batch_size));
    assert(batch.size() == images * static_cast<size_t>(shard_count(m_options.batch_size)));
    const double weight = 1.0 / static_cast<double>(batch.size());
    std::ranges::fill(m_gradients, 0.0F);
    LossSum sum;
    while (!batch.empty()) {
        const size_t shards = std::min(m_shards.size(), batch.size() / images);
        Result<void> done =
            parallel_for(static_cast<int64_t>(shards), static_cast<int>(m_workers.size()),
                         [&](int64_t item, int worker) -> Result<void> {
                             const auto shard = static_cast<size_t>(item);
                             return run_shard(model, batch.subspan(shard * images, images), weight,
                                              m_workers[static_cast<size_t>(worker)], m_shards[shard]);
                         });
        if (!done) return forward_error(done);
        for (size_t shard = 0; shard < shards; ++shard) add(m_shards[shard], model, sum);
        batch = batch.subspan(shards * images);
    }
    return sum;
}

void ShardedStep::add(const Shard& shard, Model& model, LossSum& sum) {
    sum.loss += shard.loss.loss;
    sum.correct += shard.loss.correct;
    for (size_t i = 0; i < model.running.size(); ++i)
        model.running[i] =
            k_statistics_keep * model.running[i] + (1 - k_statistics_keep) * shard.statistics[i];
    for (size_t i = 0; i < m_gradients.size(); ++i) m_gradients[i] += shard.gradients[i];
}

Result<std::unique_ptr<Validation>> Validation::create(const Model& model, const Dataset& data, int workers) {
    std::unique_ptr<Validation> validation(new Validation(data));
    const int64_t shards = shard_count(data.size());
    validation->m_tapes.resize(static_cast<size_t>(std::clamp<int64_t>(workers, 1, shards)));
    Result<void> made =
        parallel_for(std::ssize(validation->m_tapes), workers, [&](int64_t item, int) -> Result<void> {
            auto tape = make_tape(model, data, TapeMode::evaluation, shard_size(data.size()));
            if (!tape) return forward_error(tape);
            validation->m_tapes[static_cast<size_t>(item)] = std::move(*tape);
            return {};
        });
    if (!made) return forward_error(made);
    return validation;
}

Result<double> Validation::top1(const Model& model, const CancelToken& cancel) {
    const int64_t images = shard_size(m_data.size());
    std::vector<int64_t> correct(static_cast<size_t>(shard_count(m_data.size())));
    Result<void> done = parallel_for(
        std::ssize(correct), static_cast<int>(m_tapes.size()), [&](int64_t item, int worker) -> Result<void> {
            if (cancel.cancelled()) return fail(ErrorCode::cancelled, "training was cancelled");
            const SingleThreadedKernels single;
            Tape& tape = *m_tapes[static_cast<size_t>(worker)];
            const int64_t first = item * images;
            const int64_t count = std::min(images, m_data.size() - first);
            const size_t size = tape.input().size() / static_cast<size_t>(images);
            std::vector<int64_t> labels;
            // What the last shard lacks keeps the pixels of an earlier one; nobody looks at its logits.
            for (int64_t i = 0; i < count; ++i) {
                Result<void> read =
                    m_data.read(first + i, tape.input().subspan(static_cast<size_t>(i) * size, size));
                if (!read) return read;
                labels.push_back(m_data.label(first + i));
            }
            if (Result<void> ran = tape.forward(model.trained, model.running, {}); !ran) return ran;
            const std::span<const float> logits =
                tape.logits().first(static_cast<size_t>(count * model.scope.classes));
            correct[static_cast<size_t>(item)] = cross_entropy(logits, labels, 0, {}).correct;
            return {};
        });
    if (!done) return forward_error(done);
    int64_t total = 0;
    for (const int64_t shard : correct) total += shard;
    return static_cast<double>(total) / static_cast<double>(m_data.size());
}

} // namespace widthwise::train
