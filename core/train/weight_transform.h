#pragma once
// Between the numbers that are trained and those that the kernels multiply with: fake quantization, masks,
// sharing. Applied once per step, to whole arrays, outside the kernels.

#include "core/train/quantization.h"

namespace widthwise::train {

class WeightTransform {
public:
    /// The identity.
    WeightTransform() = default;
    /// `trained` are the start values: their zeros and equal weights are what `preserve` preserves (sharing
    /// keeps zeros, too: pruning came before it). `quantization` outlives this.
    WeightTransform(const ParameterLayout& layout, const Quantization& quantization,
                    std::span<const float> trained, const Preserve& preserve);

    /// effective = what the kernels see: weights rounded to their formats, biases to units of s_x s_w;
    /// everything else as it is. Weights that are not finite stay so. Sizes as the layout's.
    void forward(std::span<const float> trained, std::span<float> effective) const;

    /// In: derivatives by the effective numbers. Out: by the trained ones, linear in the former. Rounding
    /// passes gradients straight through inside the format's range and stops them outside (ternary and binary
    /// weights: passes all); scales get those of LSQ (equation 3), codebook levels the sum over the weights
    /// that are stored as them (Han et al. 2016, section 3), none for a level at 0. Preserved zeros get none,
    /// weights that are shared all get their sum, so that equal optimizer states keep them equal.
    void backward(std::span<const float> trained, std::span<const float> effective,
                  std::span<float> gradients) const;

private:
    struct Kept {
        Slice weights;
        std::vector<float> mask; ///< 1, or 0: stays zero
    };
    struct Shared {
        Slice weights;
        std::vector<int32_t> group; ///< of each weight
        int32_t groups = 0;
    };
    void pull_back(const WeightQuantizer& quantizer, std::span<const float> trained,
                   std::span<const float> effective, std::span<float> gradients) const;

    const Quantization* m_quantization = nullptr;
    std::vector<Kept> m_kept;
    std::vector<Shared> m_shared;
};

} // namespace widthwise::train
