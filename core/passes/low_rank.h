#pragma once
// Layers that become two of lower rank.

#include "core/passes/compression.h"

#include <span>
#include <vector>

namespace widthwise::passes {

/// W (rows x columns) ~ second (rows x rank) first (rank x columns), the best of its rank (Eckart and Young
/// 1936): each factor has the square root of the singular values (as Zhang et al. 2016, "Accelerating very
/// deep convolutional networks", section 3.1, from memory), so that both have the same range.
struct Factors {
    size_t rank = 0;
    std::vector<float> first, second; ///< row-major
    std::vector<double> energies;     ///< all squared singular values, descending: min(rows, columns)
    double relative_error = 0;        ///< ||W - second first|| / ||W||: the root of the share left out
};

/// The least rank that keeps `energy` (0 < energy < 1) of the squared singular values. They are the
/// eigenvalues of the smaller Gram matrix, in f64, and exact to about 1e-15 of the largest. A zero matrix has
/// rank 0.
[[nodiscard]] Factors factorize(std::span<const float> weights, size_t rows, size_t columns, double energy);

/// Each conv without groups and each gemm of `layers` as two, where rank x (inputs + outputs) numbers are
/// fewer than its weights: NAME/low_rank has the kernel, strides and padding and no bias, then NAME, 1x1, has
/// the bias. Others stay, with a note. Errors: cancelled; invalid_input for weights that are not finite.
[[nodiscard]] Result<Compressed> low_rank(const GraphPtr& graph, const LowRank& method,
                                          const std::vector<NodeId>& layers, const WorkControl& control);

} // namespace widthwise::passes
