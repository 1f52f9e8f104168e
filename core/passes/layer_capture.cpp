#include "core/passes/layer_capture.h"

#include "core/engine/batches.h"
#include "core/passes/graph_copy.h"

#include <algorithm>

namespace widthwise::passes {

Result<void> watch_outputs(const Graph& graph, const PrecisionPlan& resolved, const Images& images,
                           const WorkControl& control, const Watch& seen) {
    Result<engine::Program> program = engine::lower(graph, resolved);
    if (!program) return forward_error(program);
    auto executor = engine::Executor::create(std::move(*program));
    if (!executor) return forward_error(executor);
    const std::vector<engine::BufferId>& outputs = (*executor)->program().outputs;
    return engine::for_each_batch(
        graph, *executor, *images.data, images.samples, control,
        [&](const engine::Batch& batch) -> Result<void> {
            batch.context.run();
            for (size_t which = 0; which < outputs.size(); ++which) {
                const std::span<const float> all = batch.context.f32(outputs[which]);
                const size_t each = all.size() / static_cast<size_t>((*executor)->batch());
                for (int64_t i = 0; i < batch.count; ++i)
                    seen(batch.first + i, which, all.subspan(static_cast<size_t>(i) * each, each));
            }
            return {};
        });
}

Result<void> watch(const Graph& graph, const PrecisionPlan& resolved, std::span<const ValueId> values,
                   const Images& images, const WorkControl& control, const Watch& seen) {
    Result<GraphPtr> part = up_to(graph, values);
    if (!part) return forward_error(part);
    return watch_outputs(**part, resolved, images, control, seen);
}

double ChannelSums::variance(size_t c) const {
    return std::max(0.0, square[c] / count - mean(c) * mean(c));
}

Result<std::vector<ChannelSums>> channel_sums(const Graph& graph, const PrecisionPlan& resolved,
                                              std::span<const ValueId> values, const Images& images,
                                              const WorkControl& control) {
    const auto samples = static_cast<size_t>(images.samples);
    std::vector<ChannelSums> sums(values.size());
    std::vector<std::vector<double>> each(values.size()); // samples x channels x {sum, square}
    for (size_t v = 0; v < values.size(); ++v) {
        const Shape& shape = graph.value(values[v]).shape;
        const auto channels = static_cast<size_t>(shape[shape.rank() == 4 ? 1 : shape.rank() - 1]);
        sums[v].sum.assign(channels, 0.0);
        sums[v].square.assign(channels, 0.0);
        sums[v].count = static_cast<double>(samples * (static_cast<size_t>(shape.elements()) / channels));
        each[v].assign(samples * channels * 2, 0.0);
    }
    Result<void> ok = watch(graph, resolved, values, images, control,
                            [&](int64_t image, size_t which, std::span<const float> seen) {
                                const size_t channels = sums[which].sum.size();
                                double* own = &each[which][static_cast<size_t>(image) * channels * 2];
                                for (size_t i = 0; i < seen.size(); ++i) {
                                    const double x = seen[i];
                                    own[i % channels * 2] += x;
                                    own[i % channels * 2 + 1] += x * x;
                                }
                            });
    if (!ok) return forward_error(ok);
    for (size_t v = 0; v < values.size(); ++v)
        for (size_t i = 0; i < each[v].size(); ++i) {
            const size_t c = i / 2 % sums[v].sum.size();
            (i % 2 == 0 ? sums[v].sum : sums[v].square)[c] += each[v][i];
        }
    return sums;
}

} // namespace widthwise::passes
