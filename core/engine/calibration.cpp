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

/// What is taken from a buffer when the step that fills it has run.
struct Watch {
    BufferId buffer; ///< itself or one that is the same memory
    int group = -1;  ///< -1: not this buffer's own
    int by_channel = -1;
};

std::vector<std::vector<Watch>> plan_watches(const Graph& graph, const Program& program,
                                             const std::set<int>& by_channel) {
    const QuantizationGroups groups(graph);
    const std::vector<bool> wanted = wanted_groups(graph, groups);
    std::vector<std::vector<Watch>> watches(program.buffers.size());
    for (size_t b = 0; b < program.buffers.size(); ++b) {
        const Buffer& buffer = program.buffers[b];
        if (!buffer.value.valid()) continue;
        Watch watch{{static_cast<int>(b)}, -1, -1};
        // Values that were only moved repeat what their group's makers have shown already.
        const NodeId producer = graph.producer(buffer.value);
        const int group = groups.of(buffer.value);
        if (wanted[static_cast<size_t>(group)] && !(producer.valid() && moves_elements(graph.node(producer))))
            watch.group = group;
        if (by_channel.contains(buffer.value.index)) watch.by_channel = buffer.value.index;
        BufferId root = watch.buffer;
        while (program.buffers[root.position()].alias.valid()) root = program.buffers[root.position()].alias;
        if (watch.group >= 0 || watch.by_channel >= 0) watches[root.position()].push_back(watch);
    }
    return watches;
}

/// Channels are innermost.
void add_channels(std::vector<TensorStatistics>& statistics, int64_t channels, int64_t first_image,
                  int64_t images, std::span<const float> values) {
    const auto count = static_cast<size_t>(channels);
    statistics.resize(count);
    std::vector<float> one(values.size() / count);
    for (size_t c = 0; c < count; ++c) {
        for (size_t i = 0; i < one.size(); ++i) one[i] = values[i * count + c];
        statistics[c].add(first_image, images, one);
    }
}

} // namespace

std::set<int> values_read_by_channel(const Graph& graph, const PrecisionPlan& plan) {
    std::set<int> values;
    for (const NodeId id : graph.node_ids()) {
        if (!reads_activations(graph, id)) continue;
        const NumberFormat& format = plan.at(graph.node(id).name).activations;
        if (format.granularity == Granularity::tensor || format.is_resolved()) continue;
        for (const ValueId input : graph.node(id).inputs)
            if (!graph.value(input).constant) values.insert(input.index);
    }
    return values;
}

Result<Statistics> calibrate(const GraphPtr& graph, const Dataset& data, int64_t samples,
                             const WorkControl& control, const std::set<int>& by_channel) {
    samples = std::min(samples, data.size());
    if (samples <= 0) return fail(ErrorCode::invalid_input, "no images to calibrate on", data.name());
    Result<Program> program = lower(*graph, PrecisionPlan());
    if (!program) return forward_error(program);
    auto executor = Executor::create(std::move(*program));
    if (!executor) return forward_error(executor);
    const Program& p = (*executor)->program();
    const auto watches = plan_watches(*graph, p, by_channel);

    const int threads = control.threads > 0 ? control.threads : default_thread_count();
    std::vector<Statistics> partial(static_cast<size_t>(threads));
    std::mutex mutex;
    int64_t done = 0;
    const auto observe_batch = [&](const Batch& batch) -> Result<void> {
        Statistics& mine = partial[static_cast<size_t>(batch.worker)];
        const auto observe = [&](BufferId id) {
            for (const Watch& watch : watches[id.position()]) {
                const auto all = batch.context.f32(watch.buffer);
                const auto values = all.first(all.size() / static_cast<size_t>((*executor)->batch()) *
                                              static_cast<size_t>(batch.count));
                if (watch.group >= 0) mine.groups[watch.group].add(batch.first, batch.count, values);
                if (watch.by_channel >= 0)
                    add_channels(mine.channels[watch.by_channel],
                                 p.buffers[watch.buffer.position()].extent.channels, batch.first, batch.count,
                                 values);
            }
        };
        observe(p.input);
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
    for (const Statistics& part : partial) {
        for (const auto& [group, of_group] : part.groups) statistics.groups[group].merge(of_group);
        for (const auto& [value, channels] : part.channels) {
            auto& merged = statistics.channels[value];
            merged.resize(channels.size());
            for (size_t c = 0; c < channels.size(); ++c) merged[c].merge(channels[c]);
        }
    }
    return statistics;
}

} // namespace widthwise::engine
