#pragma once
// Statistics of every tensor that a layer may read quantized, streamed from float runs.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/design/precision_plan.h"
#include "core/graph/graph.h"
#include "core/quant/tensor_statistics.h"

#include <map>
#include <set>
#include <vector>

namespace widthwise::engine {

struct Statistics {
    /// By quantization group (see quantization_groups.h): values that only move or select each other's
    /// elements share one.
    std::map<int, TensorStatistics> groups;
    /// By value, one per channel; only of values that were asked for.
    std::map<int, std::vector<TensorStatistics>> channels;
    int64_t samples = 0;
};

/// Values that some layer of the plan reads per channel or per group of channels, with scales still open.
[[nodiscard]] std::set<int> values_read_by_channel(const Graph& graph, const PrecisionPlan& plan);

/// Runs the float network over the first `samples` images. Memory does not depend on `samples`; the result
/// does not depend on the thread count. Errors: as Evaluator.
[[nodiscard]] Result<Statistics> calibrate(const GraphPtr& graph, const Dataset& data, int64_t samples,
                                           const WorkControl& control, const std::set<int>& by_channel = {});

} // namespace widthwise::engine
