#pragma once
// Streams a data set through an Executor: images are spread over all threads in micro-batches of fixed
// content, so results do not depend on the thread count.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/engine/executor.h"
#include "core/engine/input_reader.h"
#include "core/graph/graph.h"

#include <functional>
#include <memory>

namespace widthwise::engine {

struct Batch {
    int64_t first = 0; ///< index of its first image
    int64_t count = 0; ///< images that are real; the rest of the micro-batch is stale
    int worker = 0;
    Executor::Context& context;
};

/// Fills each micro-batch with preprocessed images [0, samples) and calls `run` on the worker's thread, which
/// runs the context. Errors: of the data set, of `run`, invalid_input when images do not fit the network's
/// input, cancelled.
[[nodiscard]] Result<void> for_each_batch(const Graph& graph, const std::shared_ptr<const Executor>& executor,
                                          const Dataset& data, int64_t samples, const WorkControl& control,
                                          const std::function<Result<void>(const Batch&)>& run);

} // namespace widthwise::engine
