#pragma once
// Ranges that are searched for: the least squared error, the least divergence.

#include "core/quant/quantizer.h"
#include "core/quant/tensor_statistics.h"

#include <span>
#include <vector>

namespace widthwise {

/// Values with their counts; exact zeros, which nearly every format holds exactly, are counted apart.
struct Samples {
    std::vector<float> x;
    std::vector<double> weight; ///< as many
    double zeros = 0;
};
[[nodiscard]] Samples samples_of(std::span<const float> values);
/// Four points in each bin.
[[nodiscard]] Samples samples_of(const Histogram& histogram);

/// Weighted sum of (x - x')^2.
[[nodiscard]] double squared_error(const Samples& samples, const Quantizer& quantizer);

/// The range within which `format` quantizes the samples with the least squared error, never more than that
/// of `whole`, which is the range of the samples. Symmetric grids: the magnitudes 2^(k/4) times that of
/// `whole`, k from 4 to -40, the best refined to 2^(1/256). Affine ones: the same with both ends, then each
/// end by itself, twice.
[[nodiscard]] Range mse_range(const Samples& samples, Range whole, const NumberFormat& format);

/// Migacz, "8-bit inference with TensorRT", GTC 2017: of the thresholds at bins 128, 136, ... of |x|, the one
/// with the least Kullback-Leibler divergence of the clipped distribution P, outliers added to the outermost
/// bin that holds values, from Q, whose bins share their cell's mass evenly where there was any. The cells
/// are those of the format's own quantizer, so that every format and width can use it; exact zeros are left
/// out. Symmetric grids look at |x|, affine ones at both sides, each cut at the threshold.
[[nodiscard]] Range entropy_range(const Histogram& histogram, const NumberFormat& format);

} // namespace widthwise
