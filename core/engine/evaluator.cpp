#include "core/engine/evaluator.h"

#include "core/engine/incremental.h"
#include "core/engine/scores.h"

#include <algorithm>
#include <chrono>
#include <mutex>

namespace widthwise::engine {

Result<Predictions> predict(const GraphPtr& graph, const PrecisionPlan& resolved, const Dataset& data,
                            const RunOptions& options, const WorkControl& control) {
    const auto begin = std::chrono::steady_clock::now();
    if (data.size() <= 0)
        return fail(ErrorCode::invalid_input, "the data set has no images", data.name(),
                    "check the dataset card");
    const ImageOrder order = in_data_order(data);
    IncrementalEngine engine;
    auto prepared = engine.prepare(*graph, resolved, order);
    if (!prepared) return forward_error(prepared);
    const int64_t classes = IncrementalEngine::output_elements(**prepared).front();
    if (gives_classes(*graph) && data.class_count() > classes)
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
    const auto consume = [&](const OutputBatch& batch) -> Result<void> {
        int64_t right_here = 0;
        for (int64_t i = 0; i < batch.count; ++i) {
            const auto row =
                batch.outputs.front().subspan(static_cast<size_t>(i * classes), static_cast<size_t>(classes));
            const auto image = static_cast<size_t>(batch.first + i);
            const int64_t label = data.label(batch.first + i);
            predictions.top1[image] = best_class(row);
            predictions.in_top5[image] = label >= 0 && label < classes && rank_of(row, label) < 5;
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
    if (auto ok = engine.run(**prepared, 0, samples, {}, control, consume); !ok) return forward_error(ok);
    predictions.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return predictions;
}

Accuracy compare(const Dataset& data, const Predictions& quantized, const Predictions& reference) {
    PairedCounts counts;
    for (size_t i = 0; i < quantized.top1.size(); ++i)
        if (quantized.top1[i] >= 0)
            counts.add(data.label(static_cast<int64_t>(i)), quantized.top1[i], reference.top1[i],
                       quantized.in_top5[i] != 0);
    return counts.accuracy(quantized.classes);
}

std::string cpu_isa() {
    return onednn_isa();
}

} // namespace widthwise::engine
