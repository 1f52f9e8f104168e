#include "core/passes/layer_rows.h"

#include "core/base/rng.h"

#include <algorithm>

namespace widthwise::passes {

RowSample::RowSample(size_t map, const Images& data, size_t rows, uint64_t seed)
    : images(std::min(data.samples, static_cast<int64_t>(std::max<size_t>(1, rows))))
    , per_image(std::clamp<size_t>(rows / static_cast<size_t>(images), 1, map)) {
    for (int64_t i = 0; i < images; ++i) {
        Rng rng = Rng::stream(seed, static_cast<uint64_t>(i));
        for (size_t k = 0; k < per_image; ++k) positions.push_back(per_image == map ? k : rng.below(map));
    }
}

ValueId sums_of(const Graph& graph, const Layer& layer) {
    return graph.node(graph.find_node(layer.name)).output();
}

size_t map_of(const Graph& graph, const Layer& layer) {
    return static_cast<size_t>(graph.value(sums_of(graph, layer)).shape.elements()) / layer.out;
}

Result<std::vector<float>> sampled_sums(const Graph& graph, const PrecisionPlan& resolved, const Layer& layer,
                                        const RowSample& sample, const Dataset& data,
                                        const WorkControl& control) {
    const ValueId sums = sums_of(graph, layer);
    std::vector<float> rows(sample.rows() * layer.out);
    Result<void> ok = watch(graph, resolved, {&sums, 1}, {&data, sample.images}, control,
                            [&](int64_t image, size_t, std::span<const float> seen) {
                                for (size_t k = 0; k < sample.per_image; ++k) {
                                    const size_t row = static_cast<size_t>(image) * sample.per_image + k;
                                    std::copy_n(&seen[sample.positions[row] * layer.out], layer.out,
                                                &rows[row * layer.out]);
                                }
                            });
    if (!ok) return forward_error(ok);
    return rows;
}

} // namespace widthwise::passes
