#pragma once
// One batch in fixed shards, spread over workers: the same bits whatever the number of workers.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/train/loss.h"
#include "core/train/model.h"
#include "core/train/sampler.h"
#include "core/train/tape.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace widthwise::train {

/// Images of a shard: 16, or the whole batch where that is smaller.
[[nodiscard]] int64_t shard_size(int64_t batch_size);
/// Of a batch, after rounding up.
[[nodiscard]] int64_t shard_count(int64_t batch_size);

/// Numbers that were not finite.
struct Divergence {
    std::string what;  ///< "the loss is not finite"
    std::string layer; ///< whose numbers first were not
};

/// Forward and backward of whole batches, one tape per worker.
class ShardedStep {
public:
    /// `workers` >= 1. `teacher`: what Options::distillation learns from, an unrounded model that reads the
    /// same images; null without it. All but `options` outlive the step. Errors as Tape::create.
    [[nodiscard]] static Result<std::unique_ptr<ShardedStep>> create(const Model& model, const Dataset& data,
                                                                     const Options& options, int workers,
                                                                     const Model* teacher = nullptr);

    /// `batch` has shard_count * shard_size samples. Brings the model's effective numbers up to date, and its
    /// running statistics; the mean loss's gradients by the trained numbers are in gradients() afterwards.
    /// Errors, which leave the running statistics as they were: those of reading; cancelled; failed where
    /// statistics, loss or gradients are not finite: that alone sets divergence().
    [[nodiscard]] Result<LossSum> run(Model& model, std::span<const Sample> batch,
                                      const CancelToken& cancel = {});
    [[nodiscard]] std::span<const float> gradients() const { return m_gradients; }
    /// Of the last run().
    [[nodiscard]] const std::optional<Divergence>& divergence() const { return m_divergence; }

    /// Statistics of BatchNormalization over the first `images` images, as they are, through the effective
    /// numbers as they are now: the means of the shards' means and unbiased variances. Whole shards, at least
    /// one; the last one is filled up with the first images. Errors: those of reading; cancelled.
    [[nodiscard]] Result<std::vector<float>> measure_statistics(Model& model, int64_t images,
                                                                const CancelToken& cancel = {});

private:
    struct Shard {
        std::vector<float> gradients, statistics;
        LossSum loss;
        std::optional<Divergence> divergence;
    };
    struct Worker {
        std::unique_ptr<Tape> tape, teacher;
        std::vector<float> image, logits_gradient; ///< one image as read; one shard
        std::vector<int64_t> labels;
    };
    ShardedStep(const Dataset& data, const Options& options) : m_data(data), m_options(options) {}
    Result<void> create_worker(const Model& model, const Model* teacher, Worker& worker) const;
    /// `work(shard's number in the whole, worker, shard)` over `shards` shards, at most a wave.
    template <typename Work> Result<void> for_shards(size_t first, size_t shards, const Work& work);
    Result<void> run_shard(const Model& model, std::span<const Sample> samples, double weight, Worker& worker,
                           Shard& shard) const;
    /// What was not finite in the shard that the worker has just run: its gradients where `backwards`.
    Result<Divergence> find_divergence(const Model& model, const Worker& worker, const Shard& shard,
                                       bool backwards) const;
    Result<void> read_images(std::span<const Sample> samples, Worker& worker) const;
    /// Adds the first `shards` shards' gradients, in their order.
    Result<void> reduce(size_t shards);

    const Dataset& m_data;
    Options m_options;
    const Model* m_teacher = nullptr;
    std::vector<Worker> m_workers;
    std::vector<Shard> m_shards; ///< of one wave: a large batch takes several, so that memory is bounded
    std::vector<float> m_gradients;
    std::optional<Divergence> m_divergence;
};

} // namespace widthwise::train
