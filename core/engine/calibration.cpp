#include "core/engine/calibration.h"

#include "core/base/worker_pool.h"
#include "core/engine/batches.h"
#include "core/engine/quantization_groups.h"
#include "core/graph/layer_work.h"

#include <mutex>

namespace widthwise::engine {
namespace {

/// Groups that some layer may read quantized.
std::vector<bool> wanted_groups(const Graph& graph, const QuantizationGroups& groups) {
    std::vector<bool> wanted(graph.values().size(), false);
    for (const NodeId id : graph.node_ids()) {
        if (!reads_activations(graph, id)) continue;
        for (const ValueId input : graph.node(id).inputs)
            if (!graph.value(input).constant) wanted[static_cast<size_t>(groups.of(input))] = true;
    }
    return wanted;
}

} // namespace

Result<Statistics> calibrate(const GraphPtr& graph, const Dataset& data, int64_t samples,
                             const WorkControl& control) {
    samples = std::min(samples, data.size());
    if (samples <= 0) return fail(ErrorCode::invalid_input, "no images to calibrate on", data.name());
    Result<Program> program = lower(*graph, PrecisionPlan());
    if (!program) return forward_error(program);
    auto executor = Executor::create(std::move(*program));
    if (!executor) return forward_error(executor);

    const QuantizationGroups groups(*graph);
    const std::vector<bool> wanted = wanted_groups(*graph, groups);
    // Values that were only moved repeat what their group's makers have shown already.
    std::vector<int> group_of_buffer;
    for (const Buffer& buffer : (*executor)->program().buffers) {
        int group = -1;
        if (buffer.value.valid()) {
            const NodeId producer = graph->producer(buffer.value);
            const int of = groups.of(buffer.value);
            if (wanted[static_cast<size_t>(of)] &&
                !(producer.valid() && moves_elements(graph->node(producer).op)))
                group = of;
        }
        group_of_buffer.push_back(group);
    }

    const int threads = control.threads > 0 ? control.threads : default_thread_count();
    std::vector<std::map<int, Histogram>> partial(static_cast<size_t>(threads));
    std::mutex mutex;
    int64_t done = 0;
    const auto observe_batch = [&](const Batch& batch) -> Result<void> {
        auto& histograms = partial[static_cast<size_t>(batch.worker)];
        const auto observe = [&](BufferId id) {
            const int group = group_of_buffer[id.position()];
            if (group < 0) return;
            const auto values = batch.context.f32(id);
            const size_t real =
                values.size() / static_cast<size_t>((*executor)->batch()) * static_cast<size_t>(batch.count);
            histograms[group].add(values.first(real));
        };
        observe((*executor)->program().input);
        batch.context.run(observe);
        const std::scoped_lock lock(mutex);
        done += batch.count;
        control.report("calibrating", done, samples);
        return {};
    };
    if (Result<void> ok = for_each_batch(*graph, *executor, data, samples, control, observe_batch); !ok)
        return forward_error(ok);

    Statistics statistics;
    statistics.samples = samples;
    for (const auto& histograms : partial)
        for (const auto& [group, histogram] : histograms) statistics.groups[group].merge(histogram);
    return statistics;
}

} // namespace widthwise::engine
