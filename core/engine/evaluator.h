#pragma once
// Measured accuracy: the quantized network really runs, on every image.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/design/evaluation.h"
#include "core/engine/calibration.h"
#include "core/graph/graph.h"

#include <functional>
#include <vector>

namespace widthwise::engine {

struct Predictions {
    std::vector<int32_t> top1;    ///< one per image, in the data's order; -1: not run
    std::vector<uint8_t> in_top5; ///< label among the five largest (ties: lower class first)
    std::vector<float> logits;    ///< N x classes when asked for, else empty; not run: 0
    int64_t classes = 0;          ///< elements of the first output
    double seconds = 0;
};

struct RunOptions {
    bool keep_logits = false;
    /// Called (one call at a time) with the number of images done and of those right so far: a running
    /// accuracy.
    std::function<void(int64_t done, int64_t right, int64_t total)> on_batch;
};

/// Runs a plan over all images of `data`, nothing kept. The plan's integer formats must be resolved
/// (resolve_plan). Errors: unsupported naming the node; invalid_input when the data do not fit the network's
/// input or classes; cancelled.
[[nodiscard]] Result<Predictions> predict(const GraphPtr& graph, const PrecisionPlan& resolved,
                                          const Dataset& data, const RunOptions& options,
                                          const WorkControl& control);

/// Fills in every scale and zero point that the plan leaves open, from weights and statistics. Layers named
/// in the result are all those that take a precision.
[[nodiscard]] Result<PrecisionPlan> resolve_plan(const Graph& graph, const PrecisionPlan& plan,
                                                 const Statistics& statistics);
/// True when nothing is left to calibrate.
[[nodiscard]] bool is_resolved(const Graph& graph, const PrecisionPlan& plan);

/// SQNR, execution and accumulator bits per layer of a resolved plan.
[[nodiscard]] Result<std::vector<LayerDiagnostics>>
diagnose(const Graph& graph, const PrecisionPlan& resolved, const Statistics* statistics);

/// Accuracy of `quantized` against `reference` (the float run on the same images), over the images that were
/// run and have a label.
[[nodiscard]] Accuracy compare(const Dataset& data, const Predictions& quantized,
                               const Predictions& reference);

/// "avx512_core_vnni": what oneDNN uses here (ONEDNN_MAX_CPU_ISA respected).
[[nodiscard]] std::string cpu_isa();

} // namespace widthwise::engine
