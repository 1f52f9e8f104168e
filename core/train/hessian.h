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
    /// Images, drawn by the seed, for data may be ordered by class; 16 or more: whole shards of 16.
    int64_t samples = 256;
    int probes = 64; ///< random vectors at most, >= 2
    /// Stop once the standard error of every layer's trace is below this share of it; 0: all probes.
    double tolerance = 0.05;
    uint64_t seed = 1;
};

struct LayerCurvature {
    double trace = 0;       ///< of the block of the layer's weights, nat per squared weight
    double trace_error = 0; ///< standard error over probes; the images are taken as given
    int64_t weights = 0;    ///< numbers in the block; HAWQ-V2's average trace is trace / weights
};

struct Curvature {
    std::map<std::string, LayerCurvature> layers; ///< weighted layers that the loss depends on, by name
    int probes = 0;                               ///< run
    int64_t samples = 0;                          ///< images used
    double seconds = 0;
};

/// Traces of the blocks of the Hessian of the mean cross-entropy by each layer's weights.
///
/// With logits z, probabilities p and J = dz/dw, a block is J^T (diag(p) - p p^T) J, the Gauss-Newton matrix,
/// plus a term with the second derivatives of z by these weights. They are 0 wherever z is piecewise linear
/// in them: in networks of convolutions, ReLUs, clips, pools, sums and BatchNormalization by running
/// statistics (which is how it runs here) this is the Hessian that differentiating twice gives. Behind other
/// activation functions it is its Gauss-Newton part (Schraudolph 2002, "Fast curvature matrix-vector
/// products"), which is never negative. It does not depend on labels.
///
/// Its trace by Hutchinson's method (1990): diag(p) - p p^T = B B^T with B = (I - p 1^T) diag(sqrt p), so
/// trace = E ||J^T B u||^2 for random signs u, which is the squared gradient of one backward pass that starts
/// from B u. One pass serves all layers without mixing their blocks, and images have signs of their own, so
/// that one pass serves a shard of them. Differences of gradients, (g(w + e v) - g(w - e v)) / 2e, would
/// instead see each ReLU that switches between w - e v and w + e v, however small the step.
///
/// Deterministic for a seed, whatever the threads. Errors: as training_scope() for networks that cannot be
/// trained; usage for options out of range; invalid_input for no images or images that do not fit; failed
/// naming the layer where numbers are not finite; those of reading; cancelled.
[[nodiscard]] Result<Curvature> hessian_traces(const GraphPtr& graph, const Dataset& data,
                                               const HessianOptions& options, const WorkControl& control);

} // namespace widthwise::train
