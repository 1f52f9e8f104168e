#pragma once
// Everything between "a network and a plan" and "what the engine runs": passes, calibration, resolved
// formats.

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/design/evaluation.h"
#include "core/engine/calibration.h"
#include "core/graph/graph.h"

#include <memory>

namespace widthwise::passes {

struct Prepared {
    GraphPtr graph;     ///< with the values that passes and the plan brought in; layers keep their names
    PrecisionPlan plan; ///< resolved; passes() empty, values() complete: it makes the same integers anywhere
    std::shared_ptr<const engine::Statistics> statistics; ///< of `graph`; null when nothing was calibrated
    std::vector<PassReport> reports;
};

struct PrepareOptions {
    const Dataset* calibration = nullptr; ///< null: only plans that need no images
    int64_t samples = 256;
    uint64_t seed = 1; ///< of AdaRound's mini-batches
};

/// Statistics already measured on the untransformed graph may be handed in; they are used when no pass
/// changes it.
[[nodiscard]] Result<Prepared> prepare(const GraphPtr& graph, const PrecisionPlan& plan,
                                       const PrepareOptions& options, const WorkControl& control,
                                       std::shared_ptr<const engine::Statistics> statistics = {});

/// The graph with the plan's values in place of its layers' weights and biases; their BatchNormalizations
/// disappear. Errors: invalid_input naming the layer whose sizes do not fit.
[[nodiscard]] Result<GraphPtr> with_values(const GraphPtr& graph, const PrecisionPlan& plan);

/// The plan without values: for a network in which they stand.
[[nodiscard]] PrecisionPlan without_values(PrecisionPlan plan);

} // namespace widthwise::passes
