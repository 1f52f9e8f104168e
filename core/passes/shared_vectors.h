#pragma once
// Layers whose weights are few different vectors along the input channels, as vector quantization leaves
// them: found in the weights alone.

#include "core/passes/compression_layers.h"

#include <optional>

namespace widthwise::passes {

/// Indices and codebooks of one layer.
struct SharedVectors {
    int64_t length = 0;        ///< of a vector, 2 to 64; the shorter rest of the input channels apart
    int64_t index_bits = 0;    ///< of all indices together
    int64_t huffman_bits = 0;  ///< the same Huffman coded, each codebook's with its own code
    int64_t table_bytes = 0;   ///< codebooks in f32
    int64_t table_vectors = 0; ///< in all codebooks together
    [[nodiscard]] int64_t bits() const { return index_bits + table_bytes * 8; }
};

/// The length that takes the fewest bits, with one codebook of at most 4096 vectors for all input channels or
/// one for each run of them; nullopt where none takes fewer than `most_bits`, or where vectors come less than
/// twice on average, those of zeros alone left out: pruned layers have these.
[[nodiscard]] std::optional<SharedVectors> shared_vectors(std::span<const float> weights,
                                                          const InputRuns& runs, int64_t most_bits);

} // namespace widthwise::passes
