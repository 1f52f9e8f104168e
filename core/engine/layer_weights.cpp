#include "core/engine/layer_weights.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace widthwise::engine {
namespace {

/// Largest width whose exponents fit 8-bit integers: 2^(bits-1) - 2 <= 6.
constexpr int k_max_log_bits = 4;

/// Codes less their zero points where they fit 8 bits: kernels without zero points are the fastest.
bool without_zero_points(const QuantizedWeights& weights, size_t channels, std::vector<int8_t>& out) {
    const size_t per_channel = weights.q.size() / channels;
    bool fit = true;
    for (size_t c = 0; c < channels; ++c) {
        const int zero_point = weights.channel(c).zero_point;
        for (size_t i = c * per_channel; i < (c + 1) * per_channel; ++i) {
            const int value = weights.q[i] - zero_point;
            fit = fit && value >= -128 && value <= 127;
            out[i] = static_cast<int8_t>(value);
        }
    }
    return fit;
}

KernelWeights of_powers(const QuantizedWeights& weights, const NumberFormat& format, size_t channels) {
    const int span = (1 << (format.bits - 1)) - 2;
    KernelWeights out;
    const size_t per_channel = weights.values.size() / channels;
    for (size_t c = 0; c < channels; ++c) {
        const float largest = weights.quantizers[weights.quantizers.size() == 1 ? 0 : c].highest();
        out.scale.push_back(std::ldexp(largest, -span));
        for (size_t i = 0; i < per_channel; ++i)
            out.q.push_back(static_cast<int8_t>(weights.values[c * per_channel + i] / out.scale.back()));
    }
    return out;
}

} // namespace

bool weights_fit_kernels(const NumberFormat& format) {
    if (format.granularity == Granularity::group) return false;
    if (format.type == FormatType::power_of_two) return format.bits <= k_max_log_bits;
    return format.is_integer() && format.storage_bits() <= k_max_kernel_bits;
}

bool activations_fit_kernels(const NumberFormat& format) {
    return format.granularity == Granularity::tensor && format.is_integer() &&
           format.storage_bits() <= k_max_kernel_bits;
}

std::optional<KernelWeights> kernel_weights(const QuantizedWeights& weights, const NumberFormat& format,
                                            int64_t out_channels) {
    const auto channels = static_cast<size_t>(out_channels);
    if (!weights_fit_kernels(format)) return std::nullopt;
    if (format.type == FormatType::power_of_two) return of_powers(weights, format, channels);
    KernelWeights out;
    out.q.resize(weights.q.size());
    for (size_t c = 0; c < channels; ++c) out.scale.push_back(weights.channel(c).scale);
    if (without_zero_points(weights, channels, out.q)) return out;
    // Unsigned codes: moved into the signed range together with their zero points.
    for (size_t i = 0; i < weights.q.size(); ++i) out.q[i] = static_cast<int8_t>(weights.q[i] - 128);
    for (const AffineParams& p : weights.params) out.zero_points.push_back(p.zero_point - 128);
    return out;
}

int signed_bits(int64_t lowest, int64_t highest) {
    const auto magnitude = static_cast<uint64_t>(std::max({highest, -lowest - 1, int64_t{0}}));
    return 1 + static_cast<int>(std::bit_width(magnitude));
}

int accumulator_bits(const KernelWeights& weights, int64_t out_channels, int32_t code_min, int32_t code_max) {
    const auto channels = static_cast<size_t>(out_channels);
    const size_t per_channel = weights.q.size() / channels;
    const int64_t lo = std::min(code_min, 0), hi = std::max(code_max, 0);
    int64_t lowest = 0, highest = 0;
    for (size_t c = 0; c < channels; ++c) {
        int64_t negative = 0, positive = 0;
        const int64_t zero_point = weights.zero_point(c);
        for (size_t i = c * per_channel; i < (c + 1) * per_channel; ++i) {
            const int64_t w = weights.q[i] - zero_point;
            negative += std::min<int64_t>(w, 0); // signs are random: a branch would be guessed wrong
            positive += std::max<int64_t>(w, 0);
        }
        lowest = std::min(lowest, negative * hi + positive * lo);
        highest = std::max(highest, positive * hi + negative * lo);
    }
    return signed_bits(lowest, highest);
}

} // namespace widthwise::engine
