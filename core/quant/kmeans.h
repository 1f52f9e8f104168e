#pragma once
// Values that many numbers share: k-means in one dimension (the levels of a codebook) and in several (the
// vectors of vector quantization).

#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/base/rng.h"

#include <cstdint>
#include <span>
#include <vector>

namespace widthwise {

/// Whether one of the levels must be 0, as pruned weights need.
enum class ZeroLevel { free, kept };

/// At most `count` levels, ascending, each once, with the least sum of squared distances from `values` to
/// their nearest level; `kept`: 0 is one of them where it is among the values. As many distinct values or
/// fewer are the levels themselves. count >= 1; values finite, any order, f32; none: no levels.
///
/// Up to 4096 distinct values the optimum, by dynamic programming over the sorted values (Wang and Song 2011,
/// Ckmeans.1d.dp; the divide and conquer that the costs' quadrangle inequality allows is from memory; the
/// inequality holds for a cluster whose centre is fixed at 0, too). More: the same over up to 4096 groups of
/// neighbours, cut both evenly in value and evenly in number, then Lloyd's iteration on all. Deep
/// Compression's start from evenly spaced levels (Han et al. 2016, section 3.2) ends in optima that are only
/// local, depends on the two outermost weights, and needs random numbers no less: here none are needed.
[[nodiscard]] std::vector<float> kmeans_levels(std::span<const float> values, size_t count,
                                               ZeroLevel zero = ZeroLevel::free);

/// The levels of a codebook of `bits` bits for a layer's weights: 2^bits of them, 0 kept as one where so many
/// weights are exactly 0 that a level's even share of them all is reached, as after pruning.
[[nodiscard]] std::vector<float> codebook_levels(std::span<const float> weights, int bits);

struct VectorCodebook {
    size_t length = 0;               ///< of a vector
    std::vector<float> centroids;    ///< count x length
    std::vector<int32_t> assignment; ///< of each vector the nearest centroid; of equally near ones the first
    double squared_error = 0;        ///< sum over all elements
    [[nodiscard]] size_t count() const { return length == 0 ? 0 : centroids.size() / length; }
};

/// k-means on `vectors`, n x length, f32, finite. Starts: k-means++ (Arthur and Vassilvitskii 2007); then
/// Lloyd's iteration, at most 50, where a centroid that lost all its vectors moves to the vector furthest
/// from its own. Learns from at most 256 vectors for each centroid, drawn without repetition (as faiss does
/// by default, from memory), and assigns all. As many distinct vectors as `count` or fewer are the centroids
/// themselves. The same seed gives the same result. Errors: cancelled.
[[nodiscard]] Result<VectorCodebook> kmeans_vectors(std::span<const float> vectors, size_t length,
                                                    size_t count, Rng& rng, const WorkControl& control);

} // namespace widthwise
