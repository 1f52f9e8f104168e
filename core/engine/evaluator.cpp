#include "core/engine/evaluator.h"

#include "core/engine/batches.h"

#include <algorithm>
#include <chrono>
#include <mutex>

namespace widthwise::engine {
namespace {

/// Place of `label` when classes are ordered by falling score, ties by rising class.
int64_t rank_of(std::span<const float> scores, int64_t label) {
    const float own = scores[static_cast<size_t>(label)];
    int64_t rank = 0;
    for (size_t c = 0; c < scores.size(); ++c)
        rank += scores[c] > own || (scores[c] == own && static_cast<int64_t>(c) < label);
    return rank;
}

} // namespace

Result<Predictions> predict(const GraphPtr& graph, const PrecisionPlan& resolved, const Dataset& data,
                            const RunOptions& options, const WorkControl& control) {
    const auto begin = std::chrono::steady_clock::now();
    if (data.size() <= 0)
        return fail(ErrorCode::invalid_input, "the data set has no images", data.name(),
                    "check the dataset card");
    if (Result<void> fits = check_input_fits(*graph, data); !fits) return forward_error(fits);
    Result<Program> program = lower(*graph, resolved);
    if (!program) return forward_error(program);
    auto executor = Executor::create(std::move(*program));
    if (!executor) return forward_error(executor);

    const BufferId output = (*executor)->program().outputs.front();
    const int64_t classes = (*executor)->program().buffers[output.position()].extent.elements();
    if (data.class_count() > classes)
        return fail(ErrorCode::invalid_input,
                    "the data have " + std::to_string(data.class_count()) + " classes, the network has " +
                        std::to_string(classes) + " outputs",
                    data.name(), "use the labels that the network was trained for");
    const int64_t samples = data.size();
    Predictions predictions;
    predictions.classes = classes;
    predictions.top1.resize(static_cast<size_t>(samples));
    predictions.in_top5.resize(static_cast<size_t>(samples));
    if (options.keep_logits) predictions.logits.resize(static_cast<size_t>(samples * classes));

    std::mutex mutex;
    int64_t done = 0, right = 0;
    const auto run_batch = [&](const Batch& batch) -> Result<void> {
        batch.context.run();
        const std::span<const float> scores = batch.context.output();
        int64_t right_here = 0;
        for (int64_t i = 0; i < batch.count; ++i) {
            const auto row = scores.subspan(static_cast<size_t>(i * classes), static_cast<size_t>(classes));
            const auto image = static_cast<size_t>(batch.first + i);
            const int64_t label = data.label(batch.first + i);
            predictions.top1[image] =
                static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
            predictions.in_top5[image] = rank_of(row, label) < 5;
            right_here += predictions.top1[image] == label;
            if (options.keep_logits)
                std::copy(row.begin(), row.end(),
                          predictions.logits.begin() + static_cast<int64_t>(image) * classes);
        }
        const std::scoped_lock lock(mutex);
        done += batch.count;
        right += right_here;
        control.report("evaluating", done, samples);
        if (options.on_batch) options.on_batch(done, right, samples);
        return {};
    };
    if (Result<void> ok = for_each_batch(*graph, *executor, data, samples, control, run_batch); !ok)
        return forward_error(ok);
    predictions.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return predictions;
}

Accuracy compare(const Dataset& data, const Predictions& quantized, const Predictions& reference) {
    Accuracy a;
    a.samples = static_cast<int64_t>(quantized.top1.size());
    int64_t right = 0, right_reference = 0, both = 0, same = 0, top5 = 0;
    for (size_t i = 0; i < quantized.top1.size(); ++i) {
        const int64_t label = data.label(static_cast<int64_t>(i));
        const bool q = quantized.top1[i] == label, r = reference.top1[i] == label;
        right += q;
        right_reference += r;
        both += q && r;
        same += quantized.top1[i] == reference.top1[i];
        top5 += quantized.in_top5[i];
    }
    const auto n = static_cast<double>(a.samples);
    const auto share = [&](int64_t count) { return a.samples == 0 ? 0.0 : static_cast<double>(count) / n; };
    a.top1 = share(right);
    a.top1_ci95 = wilson_interval(right, a.samples);
    if (quantized.classes > 5) a.top5 = share(top5);
    a.float_top1 = share(right_reference);
    a.agreement = share(same);
    a.delta_top1 = a.top1 - a.float_top1;
    a.delta_ci95 = paired_difference_interval(both, right_reference - both, right - both, a.samples);
    return a;
}

std::string cpu_isa() {
    return onednn_isa();
}

} // namespace widthwise::engine
