#pragma once
// Between the numbers that are trained and those that the kernels multiply with: masks, sharing, fake
// quantization. Applied once per step, to whole arrays, outside the kernels.

#include "core/train/quantization.h"

namespace widthwise::train {

class WeightTransform {
public:
    /// The identity.
    WeightTransform() = default;
    /// `trained` are the start values: their zeros and equal weights are what `preserve` preserves. Shared
    /// weights take slots for nothing: the first of the equal ones stands for all. `quantization` outlives
    /// this.
    WeightTransform(const ParameterLayout& layout, const Quantization& quantization,
                    std::span<const float> trained, const Preserve& preserve);

    /// effective = what the kernels see: weights masked, shared and rounded to their formats, biases rounded
    /// to units of s_x s_w; everything else as it is. Sizes as the layout's.
    void forward(std::span<const float> trained, std::span<float> effective) const;
    /// In: derivatives by the effective numbers. Out: by the trained ones. Rounding passes gradients straight
    /// through inside the format's range and stops them outside; scales get those of LSQ (equation 3).
    void backward(std::span<const float> trained, std::span<const float> effective,
                  std::span<float> gradients) const;

private:
    struct Shared {
        std::vector<int64_t> leader; ///< of each weight of the slice, the first one equal to it
        Slice weights;
    };
    const Quantization* m_quantization = nullptr;
    std::vector<std::pair<Slice, std::vector<bool>>> m_kept; ///< false: stays zero
    std::vector<Shared> m_shared;
};

} // namespace widthwise::train
