#pragma once
// Values inside a running network, float or quantized, streamed image by image.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/design/precision_plan.h"
#include "core/graph/graph.h"

#include <functional>
#include <span>
#include <vector>

namespace widthwise::passes {

/// Calibration images: the first `samples` of the data.
struct Images {
    const Dataset* data = nullptr;
    int64_t samples = 0;
};

/// Called from worker threads, `image` in any order; `values` of that image in storage order (rank 4: H x W x
/// C, else row-major), f32, whatever the next layer would read them as. `which` counts the values asked for.
using Watch = std::function<void(int64_t image, size_t which, std::span<const float> values)>;

/// The outputs of a network. Errors: as engine::predict.
[[nodiscard]] Result<void> watch_outputs(const Graph& graph, const PrecisionPlan& resolved,
                                         const Images& images, const WorkControl& control, const Watch& seen);

/// Runs only what `values` need. Errors: as engine::predict.
[[nodiscard]] Result<void> watch(const Graph& graph, const PrecisionPlan& resolved,
                                 std::span<const ValueId> values, const Images& images,
                                 const WorkControl& control, const Watch& seen);

/// Sum and sum of squares per channel over all images and positions, and their count: the same numbers
/// whatever the thread count. The channel axis of rank-4 values is 1, that of others the last.
struct ChannelSums {
    std::vector<double> sum, square;
    double count = 0; ///< per channel
    [[nodiscard]] double mean(size_t c) const { return sum[c] / count; }
    [[nodiscard]] double variance(size_t c) const;
};
[[nodiscard]] Result<std::vector<ChannelSums>> channel_sums(const Graph& graph, const PrecisionPlan& resolved,
                                                            std::span<const ValueId> values,
                                                            const Images& images, const WorkControl& control);

} // namespace widthwise::passes
