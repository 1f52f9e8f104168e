#include "core/train/shards.h"

#include "core/base/worker_pool.h"
#include "core/quant/isa_clones.h"
#include "core/train/augment.h"
#include "core/train/finite.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace widthwise::train {
namespace {

constexpr int64_t k_shard_images = 16;
constexpr int64_t k_wave_bytes = int64_t{512} << 20; // about what the shards' gradients may take
constexpr float k_statistics_keep = 0.9F;            // of the running statistics, per shard
constexpr size_t k_reduced_at_once = 4096;           // floats: a slice's sums stay in the first cache
constexpr size_t k_slice = 16 * k_reduced_at_once;   // floats that one thread reduces at a time

/// Shards whose gradients are held at a time. Sums are in the shards' order, so that it changes no bit.
size_t wave_size(const Model& model, int64_t shards, int workers) {
    const auto bytes = std::max<int64_t>(1, std::ssize(model.trained) * int64_t{sizeof(float)});
    return static_cast<size_t>(std::min(shards, std::max<int64_t>(workers, k_wave_bytes / bytes)));
}

WIDTHWISE_CLONES
void add_to(float* sum, const float* part, size_t n) {
    WIDTHWISE_IN_PLACE
    for (size_t i = 0; i < n; ++i) sum[i] += part[i];
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
                                                         const Options& options, int workers,
                                                         const Model* teacher) {
    assert(teacher || options.distillation == 0);
    std::unique_ptr<ShardedStep> step(new ShardedStep(data, options));
    step->m_teacher = options.distillation > 0 ? teacher : nullptr;
    step->m_gradients.resize(model.trained.size());
    step->m_shards.resize(wave_size(model, shard_count(options.batch_size), workers));
    for (Shard& shard : step->m_shards) {
        shard.gradients.resize(model.trained.size());
        shard.statistics.resize(model.running.size());
    }
    step->m_workers.resize(std::min(static_cast<size_t>(std::max(1, workers)), step->m_shards.size()));
    Result<void> made = parallel_for(std::ssize(step->m_workers), workers, [&](int64_t item, int) {
        return step->create_worker(model, step->m_teacher, step->m_workers[static_cast<size_t>(item)]);
    });
    if (!made) return forward_error(made);
    return step;
}

Result<void> ShardedStep::create_worker(const Model& model, const Model* teacher, Worker& worker) const {
    const SingleThreadedKernels single;
    TapeOptions options;
    options.batch = shard_size(m_options.batch_size);
    options.nhwc_network = m_data.network_is_nhwc();
    if (teacher) {
        options.mode = TapeMode::evaluation;
        auto tape = Tape::create(*teacher->graph, teacher->scope, teacher->layout, options);
        if (!tape) return forward_error(tape);
        worker.teacher = std::move(*tape);
    }
    options.mode = TapeMode::training;
    options.compute = m_options.compute;
    options.quantization = model.rounding();
    auto tape = Tape::create(*model.graph, model.scope, model.layout, options);
    if (!tape) return forward_error(tape);
    worker.tape = std::move(*tape);
    worker.labels.resize(static_cast<size_t>(options.batch));
    worker.image.resize(worker.tape->input().size() / worker.labels.size());
    worker.logits_gradient.resize(worker.tape->logits().size());
    return {};
}

template <typename Work> Result<void> ShardedStep::for_shards(size_t first, size_t shards, const Work& work) {
    assert(shards <= m_shards.size());
    return parallel_for(static_cast<int64_t>(shards), static_cast<int>(m_workers.size()),
                        [&](int64_t item, int worker) -> Result<void> {
                            const SingleThreadedKernels single;
                            const auto shard = static_cast<size_t>(item);
                            return work(first + shard, m_workers[static_cast<size_t>(worker)],
                                        m_shards[shard]);
                        });
}

Result<void> ShardedStep::read_images(std::span<const Sample> samples, Worker& worker) const {
    const std::array<int64_t, 3> chw = m_data.image_shape();
    const size_t size = worker.image.size();
    for (size_t i = 0; i < samples.size(); ++i) {
        if (Result<void> read = m_data.read(samples[i].index, worker.image); !read) return read;
        Rng rng = Rng::stream(m_options.seed, samples[i].variation);
        augment(m_options.augmentation, worker.image, worker.tape->input().subspan(i * size, size), chw, rng);
        worker.labels[i] = m_data.label(samples[i].index);
    }
    return {};
}

Result<void> ShardedStep::run_shard(const Model& model, std::span<const Sample> samples, double weight,
                                    Worker& worker, Shard& shard) const {
    if (Result<void> read = read_images(samples, worker); !read) return read;
    SoftTargets targets{m_options.label_smoothing, m_options.distillation, {}};
    if (m_teacher) {
        std::ranges::copy(worker.tape->input(), worker.teacher->input().begin());
        Result<void> taught = worker.teacher->forward(m_teacher->effective, m_teacher->running, {});
        if (!taught) return taught;
        targets.teacher = worker.teacher->logits();
    }
    Result<void> done = worker.tape->forward(model.effective, model.running, shard.statistics);
    if (!done) return done;
    shard.loss = cross_entropy(worker.tape->logits(), worker.labels, weight, worker.logits_gradient, targets);
    bool finite = std::isfinite(shard.loss.loss) && are_finite(shard.statistics);
    const bool backwards = finite;
    if (backwards) {
        std::ranges::fill(shard.gradients, 0.0F);
        done = worker.tape->backward(model.effective, worker.logits_gradient, shard.gradients);
        if (!done) return done;
        finite = are_finite(shard.gradients);
    }
    shard.divergence.reset();
    if (finite) return {};
    Result<Divergence> found = find_divergence(model, worker, shard, backwards);
    if (!found) return forward_error(found);
    shard.divergence = std::move(*found);
    return {};
}

Result<Divergence> ShardedStep::find_divergence(const Model& model, const Worker& worker, const Shard& shard,
                                                bool backwards) const {
    const std::span<const float> derivatives = worker.logits_gradient;
    const auto broken = worker.tape->find_non_finite(model.effective, model.running,
                                                     backwards ? derivatives : std::span<const float>());
    if (!broken) return tl::unexpected<Error>(broken.error());
    const NodeId layer = *broken ? model.graph->find_node((*broken)->node) : NodeId{};
    if (layer.valid() && (*broken)->in_gradients)
        return Divergence{"the gradients are not finite", (*broken)->node};
    // Numbers whose square is beyond float leave infinite variances, and outputs that are 0.
    const size_t bad = first_not_finite(shard.statistics);
    const NodeId norm = bad < shard.statistics.size() ? model.layer_of_statistic(bad) : NodeId{};
    if (norm.valid() && (!layer.valid() || norm.position() < layer.position()))
        return Divergence{"BatchNormalization's statistics are not finite", model.graph->node(norm).name};
    const std::string what = std::string(backwards ? "the gradients are" : "the loss is") + " not finite";
    if (layer.valid()) return Divergence{what, (*broken)->node};
    // Every layer's numbers are finite, and yet the loss is not.
    const NodeId last = model.graph->producer(model.scope.logits);
    return Divergence{what, model.graph->node(last).name};
}

Result<LossSum> ShardedStep::run(Model& model, std::span<const Sample> batch, const CancelToken& cancel) {
    const auto images = static_cast<size_t>(shard_size(m_options.batch_size));
    const auto shards = static_cast<size_t>(shard_count(m_options.batch_size));
    assert(batch.size() == images * shards);
    const double weight = 1.0 / static_cast<double>(batch.size());
    model.update_effective();
    m_divergence.reset();
    std::ranges::fill(m_gradients, 0.0F);
    std::vector<float> running = model.running;
    LossSum sum;
    for (size_t first = 0; first < shards; first += m_shards.size()) {
        const size_t wave = std::min(m_shards.size(), shards - first);
        Result<void> done = for_shards(first, wave, [&](size_t number, Worker& worker, Shard& shard) {
            if (cancel.cancelled()) return Result<void>(fail(ErrorCode::cancelled, "training was cancelled"));
            return run_shard(model, batch.subspan(number * images, images), weight, worker, shard);
        });
        if (!done) return forward_error(done);
        for (const Shard& shard : std::span(m_shards).first(wave)) {
            if (shard.divergence) {
                m_divergence = shard.divergence;
                return fail(ErrorCode::failed, m_divergence->what, m_divergence->layer);
            }
            sum.loss += shard.loss.loss;
            sum.correct += shard.loss.correct;
            for (size_t i = 0; i < running.size(); ++i)
                running[i] = k_statistics_keep * running[i] + (1 - k_statistics_keep) * shard.statistics[i];
        }
        if (Result<void> added = reduce(wave); !added) return forward_error(added);
    }
    model.running = std::move(running);
    model.transform.backward(model.trained, model.effective, m_gradients);
    return sum;
}

Result<void> ShardedStep::reduce(size_t shards) {
    const size_t size = m_gradients.size();
    const auto add_slice = [&](size_t begin) {
        for (const size_t end = std::min(size, begin + k_slice); begin < end; begin += k_reduced_at_once) {
            const size_t count = std::min(k_reduced_at_once, end - begin);
            for (size_t shard = 0; shard < shards; ++shard)
                add_to(m_gradients.data() + begin, m_shards[shard].gradients.data() + begin, count);
        }
    };
    const size_t slices = (size + k_slice - 1) / k_slice;
    if (slices <= 1) { // not worth a thread
        add_slice(0);
        return {};
    }
    return parallel_for(static_cast<int64_t>(slices), static_cast<int>(m_workers.size()),
                        [&](int64_t slice, int) -> Result<void> {
                            add_slice(static_cast<size_t>(slice) * k_slice);
                            return {};
                        });
}

Result<std::vector<float>> ShardedStep::measure_statistics(Model& model, int64_t images,
                                                           const CancelToken& cancel) {
    const int64_t size = shard_size(m_options.batch_size);
    const auto shards =
        static_cast<size_t>((std::clamp<int64_t>(images, 1, m_data.size()) + size - 1) / size);
    std::vector<double> sums(model.running.size());
    for (size_t first = 0; first < shards; first += m_shards.size()) {
        const size_t wave = std::min(m_shards.size(), shards - first);
        Result<void> done =
            for_shards(first, wave, [&](size_t number, Worker& worker, Shard& shard) -> Result<void> {
                if (cancel.cancelled()) return fail(ErrorCode::cancelled, "training was cancelled");
                const size_t floats = worker.image.size();
                for (int64_t i = 0; i < size; ++i) {
                    const int64_t image = (static_cast<int64_t>(number) * size + i) % m_data.size();
                    Result<void> read = m_data.read(
                        image, worker.tape->input().subspan(static_cast<size_t>(i) * floats, floats));
                    if (!read) return read;
                }
                return worker.tape->forward(model.effective, model.running, shard.statistics);
            });
        if (!done) return forward_error(done);
        for (const Shard& shard : std::span(m_shards).first(wave))
            for (size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(shard.statistics[i]);
    }
    std::vector<float> means(sums.size());
    std::ranges::transform(sums, means.begin(),
                           [&](double sum) { return static_cast<float>(sum / static_cast<double>(shards)); });
    return means;
}

} // namespace widthwise::train
