#pragma once
// Curvature of the loss by layer, for mixed-precision sensitivity (Dong et al. 2020, "HAWQ-V2", NeurIPS).

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/graph/graph.h"

#include <cstdint>
#include <map>
#include <string>

namespace widthwise::train {

struct HessianOptions {
    int64_t samples = 256; ///< the first images of the data
    int probes = 32;       ///< random vectors at most
    /// Stop when the standard error of every layer's trace is below this share of it; 0: all probes.
    double tolerance = 0.05;
    uint64_t seed = 1;
};

struct LayerCurvature {
    double trace = 0;       ///< of the layer's block of the Hessian of the mean cross-entropy (nat)
    double trace_error = 0; ///< standard error over probes
    int64_t weights = 0;    ///< numbers in the block; HAWQ-V2's average trace is trace / weights
    double input_trace = 0; ///< Hessian trace by the layer's input, mean over images, all elements
    double input_trace_error = 0;
};

struct Curvature {
    std::map<std::string, LayerCurvature> layers; ///< weighted layers by name
    int probes = 0;                               ///< run
    int64_t samples = 0;
    double seconds = 0;
};

/// Hutchinson 1990: E[v^T H v] = trace(H) for random signs v; H v from central differences of the exact
/// gradient, (g(w + e v) - g(w - e v)) / 2e. One probe serves all layers: off-diagonal blocks vanish in
/// expectation. BatchNormalization at its running statistics. Deterministic for a seed, whatever the threads.
/// Errors: as training's for networks that it cannot train, data without labels; cancelled.
[[nodiscard]] Result<Curvature> hessian_traces(const GraphPtr& graph, const Dataset& data,
                                               const HessianOptions& options, const WorkControl& control);

} // namespace widthwise::train
