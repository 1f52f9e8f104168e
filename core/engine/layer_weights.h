#pragma once
// A layer's quantized weights as the int8 kernels take them.

#include "core/quant/quantizer.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace widthwise::engine {

/// real = scale[o] * (q - zero_point[o]).
struct KernelWeights {
    std::vector<int8_t> q;            ///< layout as the f32 weights
    std::vector<int32_t> zero_points; ///< within s8: one or [O]; empty: 0
    std::vector<float> scale;         ///< [O]
    [[nodiscard]] int32_t zero_point(size_t channel) const {
        return zero_points.empty() ? 0 : zero_points[zero_points.size() == 1 ? 0 : channel];
    }
};

/// nullopt where no int8 kernel can hold them (more than 8 bits, floats, groups): the layer is simulated.
/// Powers of two run where their exponents span at most seven (4 bits or fewer).
[[nodiscard]] std::optional<KernelWeights> kernel_weights(const QuantizedWeights& weights,
                                                          const NumberFormat& format, int64_t out_channels);

/// The formats of weights and activations that int8 kernels run together.
[[nodiscard]] bool weights_fit_kernels(const NumberFormat& format);
[[nodiscard]] bool activations_fit_kernels(const NumberFormat& format);

/// Bits of a two's complement accumulator for all sums of the layer's codes, weights O x (anything), with
/// activation codes in [code_min, code_max] (zero included, for padding); the bias left out.
[[nodiscard]] int accumulator_bits(const KernelWeights& weights, int64_t out_channels, int32_t code_min,
                                   int32_t code_max);
/// Bits of a two's complement number that holds all of [lowest, highest].
[[nodiscard]] int signed_bits(int64_t lowest, int64_t highest);

} // namespace widthwise::engine
