#include "core/train/validation.h"

#include "core/base/worker_pool.h"
#include "core/train/loss.h"
#include "core/train/shards.h"

#include <algorithm>

namespace widthwise::train {

Result<std::unique_ptr<Validation>> Validation::create(const Model& model, const Dataset& data, int workers) {
    std::unique_ptr<Validation> validation(new Validation(data));
    const int64_t shards = shard_count(data.size());
    validation->m_tapes.resize(static_cast<size_t>(std::clamp<int64_t>(workers, 1, shards)));
    TapeOptions options;
    options.batch = shard_size(data.size());
    options.mode = TapeMode::evaluation;
    options.nhwc_network = data.network_is_nhwc();
    options.quantization = model.rounding();
    Result<void> made =
        parallel_for(std::ssize(validation->m_tapes), workers, [&](int64_t item, int) -> Result<void> {
            const SingleThreadedKernels single;
            auto tape = Tape::create(*model.graph, model.scope, model.layout, options);
            if (!tape) return forward_error(tape);
            validation->m_tapes[static_cast<size_t>(item)] = std::move(*tape);
            return {};
        });
    if (!made) return forward_error(made);
    return validation;
}

Result<double> Validation::top1(const Model& model, std::span<const float> statistics,
                                const CancelToken& cancel) {
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
            if (Result<void> ran = tape.forward(model.effective, statistics, {}); !ran) return ran;
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
