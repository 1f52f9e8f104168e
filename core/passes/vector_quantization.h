#pragma once
// Weights as indices into codebooks of short vectors.

#include "core/passes/compression.h"

namespace widthwise::passes {

/// k-means on vectors of `length` weights along the input channels, each at one kernel position of one output
/// channel (Gong et al. 2014, sections 3.2 and 3.3; Stock et al. 2020): one codebook of 2^bits vectors a
/// layer, or, `product`, one for each run of `length` input channels. Where `length` does not divide the
/// input channels the shorter rest has a codebook of its own. Layers that would take no fewer bytes so,
/// codebooks in f32 included, are left alone with a note. Errors: cancelled; invalid_input for weights that
/// are not finite.
[[nodiscard]] Result<Compressed> quantize_vectors(const GraphPtr& graph, const QuantizeVectors& method,
                                                  const std::vector<NodeId>& layers, uint64_t seed,
                                                  const WorkControl& control);

} // namespace widthwise::passes
