#include "core/engine/batches.h"

#include "core/base/worker_pool.h"
#include "core/engine/layout.h"

#include <algorithm>

namespace widthwise::engine {

Result<void> check_input_fits(const Graph& graph, const Dataset& data) {
    if (graph.inputs().size() != 1)
        return fail(ErrorCode::unsupported,
                    "the network has " + std::to_string(graph.inputs().size()) + " inputs", graph.name(),
                    "only networks with one image input can be run");
    const Shape& shape = graph.value(graph.inputs()[0]).shape;
    const auto [c, h, w] = data.image_shape();
    const Shape expected = data.network_is_nhwc() ? Shape{1, h, w, c} : Shape{1, c, h, w};
    if (shape == expected || (shape.rank() == 2 && shape[1] == c * h * w)) return {};
    Shape per_image(std::vector<int64_t>(shape.dims().begin() + 1, shape.dims().end()));
    return fail(ErrorCode::invalid_input,
                "the network wants " + per_image.to_string() + " inputs, the data give " +
                    Shape{c, h, w}.to_string() + " (channels x height x width)" +
                    (data.network_is_nhwc() ? " as nhwc" : ""),
                data.name(), "change resize, crop, channels or layout in the dataset card");
}

Result<void> for_each_batch(const Graph& graph, const std::shared_ptr<const Executor>& executor,
                            const Dataset& data, int64_t samples, const WorkControl& control,
                            const std::function<Result<void>(const Batch&)>& run) {
    if (Result<void> fits = check_input_fits(graph, data); !fits) return fits;
    const auto [channels, height, width] = data.image_shape();
    std::vector<int32_t> map =
        input_map(graph.value(graph.inputs()[0]).shape, height, width, channels, data.network_is_nhwc());
    if (ElementMap{map, 0}.is_identity(channels * height * width)) map.clear();

    struct Worker {
        std::unique_ptr<Executor::Context> context;
        std::vector<float> image;
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
            worker.image.resize(static_cast<size_t>(channels * height * width));
        }
        const int64_t first = item * per_batch, count = std::min(per_batch, samples - first);
        const std::span<float> input = worker.context->input();
        const size_t per_image = worker.image.size();
        for (int64_t i = 0; i < count; ++i) {
            const auto target = input.subspan(static_cast<size_t>(i) * per_image, per_image);
            Result<void> read = data.read(first + i, map.empty() ? target : std::span<float>(worker.image));
            if (!read) return read;
            for (size_t k = 0; k < map.size(); ++k) target[k] = worker.image[static_cast<size_t>(map[k])];
        }
        return run(Batch{first, count, index, *worker.context});
    });
}

} // namespace widthwise::engine
