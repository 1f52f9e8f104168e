#pragma once
// How a layer's weights fall into vectors along the input channels, and what vectors take as indices.

#include "core/passes/compression_layers.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace widthwise::passes {

/// Input channels whose vectors share one codebook: [first, end), in vectors of `length`.
struct VectorPart {
    size_t first = 0, end = 0, length = 0;
};

/// All whole vectors in one part or, `product`, each run of `length` input channels by itself; the shorter
/// rest, where there is one, last.
[[nodiscard]] inline std::vector<VectorPart> vector_parts(size_t inputs, size_t length, bool product) {
    const size_t whole = inputs / length * length;
    std::vector<VectorPart> parts;
    if (!product && whole > 0) parts.push_back({0, whole, length});
    for (size_t first = 0; product && first < whole; first += length)
        parts.push_back({first, first + length, length});
    if (whole < inputs) parts.push_back({whole, inputs, inputs - whole});
    return parts;
}

[[nodiscard]] inline size_t vectors_in(const InputRuns& runs, const VectorPart& part) {
    return runs.outer * runs.inner * (part.end - part.first) / part.length;
}

/// Calls `visit(weight, element)` for the elements of the part's vectors, vector by vector.
template <typename Visit>
void for_each_element(const InputRuns& runs, const VectorPart& part, const Visit& visit) {
    size_t element = 0;
    for (size_t outer = 0; outer < runs.outer; ++outer)
        for (size_t inner = 0; inner < runs.inner; ++inner)
            for (size_t input = part.first; input < part.end; ++input)
                visit((outer * runs.inputs + input) * runs.inner + inner, element++);
}

/// The part's vectors one after another.
[[nodiscard]] inline std::vector<float> vectors_of(std::span<const float> weights, const InputRuns& runs,
                                                   const VectorPart& part) {
    std::vector<float> vectors(vectors_in(runs, part) * part.length);
    for_each_element(runs, part, [&](size_t weight, size_t element) { vectors[element] = weights[weight]; });
    return vectors;
}

/// Of an index into `count` vectors.
[[nodiscard]] inline int64_t index_bits(size_t count) {
    return count < 2 ? 0 : std::bit_width(count - 1);
}

} // namespace widthwise::passes
