#pragma once
// Statistics of every tensor that a layer may read quantized, streamed from float runs.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/graph/graph.h"
#include "core/quant/histogram.h"

#include <map>

namespace widthwise::engine {

/// By quantization group (see quantization_groups.h): values that only move or select each other's elements
/// share one.
struct Statistics {
    std::map<int, Histogram> groups; ///< group index -> histogram
    int64_t samples = 0;
};

/// Runs the float network over the first `samples` images. Memory does not depend on `samples`; the result
/// does not depend on the thread count. Errors: as Evaluator.
[[nodiscard]] Result<Statistics> calibrate(const GraphPtr& graph, const Dataset& data, int64_t samples,
                                           const WorkControl& control);

} // namespace widthwise::engine
