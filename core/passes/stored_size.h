#pragma once
// Bytes of a network's parameters when zeros, shared values and skewed codes are stored for what they are.

#include "core/design/precision_plan.h"
#include "core/graph/graph.h"

#include <string>
#include <vector>

namespace widthwise::passes {

struct LayerSize {
    std::string layer;
    int64_t weights = 0, nonzero = 0;
    int64_t distinct = 0;    ///< different non-zero values, counted up to 257
    int weight_bits = 32;    ///< of one stored weight: the plan's, or 8 where at most 256 levels stand shared
    int64_t dense_bytes = 0; ///< weights at their width, codebook and scales, biases in f32
    /// Row-major: a code and a 4-bit distance to the one before for each entry, a filler entry after 15 zeros
    /// (Han et al. 2016, section 2), codebook and biases as above.
    int64_t sparse_bytes = 0;
    int64_t huffman_bytes = 0; ///< the same with codes and distances Huffman coded, code lengths included
};

struct NetworkSize {
    std::vector<LayerSize> layers; ///< weighted ones
    int64_t float_bytes = 0;       ///< every parameter in f32
    int64_t dense_bytes = 0, sparse_bytes = 0, huffman_bytes = 0;
    /// The least of the three, layer by layer.
    int64_t best_bytes = 0;
};

/// Without a plan weights are taken as they are: codebooks where a layer has at most 256 different values
/// (and more than 256 weights), f32 elsewhere. With one: its formats; a layer whose format is not quantized
/// as without. Scales 32 bits each, codebooks 256 floats at 8 bits (2^bits at fewer).
[[nodiscard]] Result<NetworkSize> stored_size(const Graph& graph, const PrecisionPlan* plan = nullptr);

} // namespace widthwise::passes
