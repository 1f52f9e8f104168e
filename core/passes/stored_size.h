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
    int64_t distinct = 0; ///< different non-zero values, counted up to 257
    /// Of one stored weight: the plan's, or the least that tells shared values apart (at most 256), or 32. Of
    /// weights that share vectors: an index's over the vector's length, rounded up.
    int weight_bits = 32;
    bool codebook = false;     ///< its codes are indices into a table of 2^weight_bits floats, or of vectors
    int64_t vector_length = 1; ///< weights that one code stands for
    int64_t dense_bytes = 0;   ///< weights at their width, codebook and scales, biases in f32
    /// Row-major: a code and a 4-bit distance to the one before for each entry, a filler entry after 15 zeros
    /// (Han et al. 2016, section 2 and figure 2), codebook, scales and biases as above.
    int64_t sparse_bytes = 0;
    /// The same with codes and distances Huffman coded, each with the layer's own code, whose lengths take a
    /// byte a symbol; codes of more than 8 bits stay as they are. Of vectors: dense, with their indices
    /// coded.
    int64_t huffman_bytes = 0;
    [[nodiscard]] double density() const {
        return weights > 0 ? static_cast<double>(nonzero) / static_cast<double>(weights) : 1;
    }
};

/// Totals include the parameters of other layers (normalizations that are not folded, slopes, ...) in f32.
struct NetworkSize {
    std::vector<LayerSize> layers; ///< weighted ones, in topological order
    int64_t float_bytes = 0;       ///< every parameter in f32
    int64_t dense_bytes = 0, sparse_bytes = 0, huffman_bytes = 0;
    /// The least of the three, layer by layer.
    int64_t best_bytes = 0;
};

/// Without a plan weights are taken as they are: codebooks where a layer has at most 256 different values
/// (and more than 256 weights), vectors where the layer is few different ones (shared_vectors), f32
/// elsewhere. With one: its formats, resolved where they are open, of the weights that its passes left
/// (LayerValues) and, where it says so, with BatchNormalization folded in; a layer whose format is not
/// quantized as without. Scales and zero points take 32 bits each, codebooks 2^bits floats or their vectors.
/// Errors: as with_values and quantize_weights.
[[nodiscard]] Result<NetworkSize> stored_size(const Graph& graph, const PrecisionPlan* plan = nullptr);

} // namespace widthwise::passes
