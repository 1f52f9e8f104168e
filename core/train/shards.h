#pragma once
// One batch in fixed shards, spread over workers: the same bits whatever the number of workers.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/train/loss.h"
#include "core/train/tape.h"
#include "core/train/trainer.h"

#include <memory>
#include <vector>

namespace widthwise::train {

/// The graph as the trainer sees it; the graph outlives it.
struct Model {
    explicit Model(GraphPtr network, TrainingScope its_scope)
        : graph(std::move(network))
        , scope(std::move(its_scope))
        , layout(*graph)
        , trained(layout.read_trained(*graph))
        , running(layout.read_statistics(*graph)) {}

    GraphPtr graph;
    TrainingScope scope;
    ParameterLayout layout;
    std::vector<float> trained; ///< by the layout
    std::vector<float> running; ///< by the layout
};

/// One image of a batch and the stream of its random variations.
struct Sample {
    int64_t index = 0;
    uint64_t variation = 0;
};

/// Images of a shard: 16, or the whole batch where that is smaller.
[[nodiscard]] int64_t shard_size(int64_t batch_size);
/// Of a batch, after rounding up.
[[nodiscard]] int64_t shard_count(int64_t batch_size);

/// Forward and backward of whole batches, one tape per worker.
class ShardedStep {
public:
    /// `workers` >= 1. Errors as Tape::create.
    [[nodiscard]] static Result<std::unique_ptr<ShardedStep>> create(const Model& model, const Dataset& data,
                                                                     const Options& options, int workers);

    /// `batch` has shard_count * shard_size samples. Updates the model's running statistics; the mean loss's
    /// gradients are in gradients() afterwards.
    [[nodiscard]] Result<LossSum> run(Model& model, std::span<const Sample> batch);
    [[nodiscard]] std::span<const float> gradients() const { return m_gradients; }

private:
    struct Shard {
        std::vector<float> gradients, statistics;
        LossSum loss;
    };
    struct Worker {
        std::unique_ptr<Tape> tape;
        std::vector<float> image, logits_gradient; ///< one image as read; one shard
        std::vector<int64_t> labels;
    };
    ShardedStep(const Dataset& data, const Options& options) : m_data(data), m_options(options) {}
    Result<void> run_shard(const Model& model, std::span<const Sample> samples, double weight, Worker& worker,
                           Shard& shard) const;
    Result<void> read_images(std::span<const Sample> samples, Worker& worker) const;
    void add(const Shard& shard, Model& model, LossSum& sum);

    const Dataset& m_data;
    Options m_options;
    std::vector<Worker> m_workers;
    std::vector<Shard> m_shards; ///< of one wave: a large batch takes several, so that memory is bounded
    std::vector<float> m_gradients;
};

/// Share of the images whose highest logit is the label, by the running statistics. 0..1.
class Validation {
public:
    /// Errors as Tape::create.
    [[nodiscard]] static Result<std::unique_ptr<Validation>> create(const Model& model, const Dataset& data,
                                                                    int workers);
    /// Errors: those of reading; cancelled.
    [[nodiscard]] Result<double> top1(const Model& model, const CancelToken& cancel);

private:
    explicit Validation(const Dataset& data) : m_data(data) {}
    const Dataset& m_data;
    std::vector<std::unique_ptr<Tape>> m_tapes;
};

} // namespace widthwise::train
