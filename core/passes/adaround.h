#pragma once
// AdaRound (Nagel, Amjad, van Baalen, Louizos, Blankevoort 2020, "Up or Down? Adaptive Rounding for
// Post-Training Quantization"): each weight is rounded up or down so that the layer's output, not the weight,
// comes nearest to what it was.

#include "core/base/progress.h"
#include "core/graph/folding.h"
#include "core/quant/quantizer.h"

#include <cstdint>
#include <span>
#include <vector>

namespace widthwise::passes {

/// A layer's inputs and wanted outputs at chosen images and positions (equation 25: inputs as the quantized
/// network makes them, outputs as the float network does, after the activation).
struct RoundingProblem {
    size_t out = 0, row = 0, groups = 1;  ///< weights: out x row; group g reads columns [g row, (g + 1) row)
    std::span<const float> weights, bias; ///< float
    Clamp clamp;                          ///< the activation
    NumberFormat format;                  ///< resolved, a uniform grid
    size_t rows = 0;
    std::vector<float> inputs; ///< rows x (groups * row)
    std::vector<float> wanted; ///< rows x out
};

/// The paper's settings but where noted. Errors are counted in units of the layer's mean error per channel
/// with nearest rounding, so that `regularization` means the same in every layer.
struct RoundingOptions {
    int iterations = 2000;       ///< paper 10,000 of 32 images
    size_t batch = 256;          ///< rows per iteration, a multiple of 4
    double learning_rate = 0.01; ///< Adam
    double regularization = 0.3; ///< lambda; paper 0.01 with plain squared errors
    double beta_start = 20, beta_end = 2;
    double warm_start = 0.2; ///< share of the iterations without regularization
    uint64_t seed = 1;       ///< of the rows
};

struct Rounded {
    std::vector<float> weights;          ///< on the grid
    double nearest_error = 0, error = 0; ///< mean squared over all rows and channels
    int64_t flipped = 0;                 ///< weights that nearest rounding puts elsewhere
};

/// Whether the format is a uniform grid of at most 8 bits with more than two levels.
[[nodiscard]] bool can_round(const NumberFormat& format);

/// Never worse than nearest rounding on the rows given: a channel that is stays with it. The same for a seed
/// whatever the thread count. Errors: as quantize_weights, cancelled.
[[nodiscard]] Result<Rounded> adaround(const RoundingProblem& problem, const RoundingOptions& options,
                                       const WorkControl& control);

} // namespace widthwise::passes
