#include "core/engine/batches.h"

#include "core/base/worker_pool.h"

#include <algorithm>

namespace widthwise::engine {

Result<void> for_each_batch(const Graph& graph, const std::shared_ptr<const Executor>& executor,
                            const Dataset& data, int64_t samples, const WorkControl& control,
                            const std::function<Result<void>(const Batch&)>& run) {
    Result<InputReader> reader = InputReader::create(graph, data);
    if (!reader) return forward_error(reader);
    struct Worker {
        std::unique_ptr<Executor::Context> context;
        std::vector<float> scratch;
    };
    const int threads = control.threads > 0 ? control.threads : default_thread_count();
    std::vector<Worker> workers(static_cast<size_t>(threads));
    const int64_t per_batch = executor->batch();
    const int64_t batches = (samples + per_batch - 1) / per_batch;
    return parallel_for(batches, threads, [&](int64_t item, int index) -> Result<void> {
        if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
        Worker& worker = workers[static_cast<size_t>(index)];
        if (!worker.context) {
            use_one_openmp_thread();
            worker.context = std::make_unique<Executor::Context>(executor);
        }
        const int64_t first = item * per_batch, count = std::min(per_batch, samples - first);
        const std::span<float> input = worker.context->input();
        for (int64_t i = 0; i < count; ++i) {
            const auto target =
                input.subspan(static_cast<size_t>(i) * reader->elements(), reader->elements());
            if (Result<void> read = reader->read(first + i, target, worker.scratch); !read) return read;
        }
        return run(Batch{first, count, index, *worker.context});
    });
}

} // namespace widthwise::engine
