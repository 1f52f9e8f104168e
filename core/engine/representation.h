#pragma once
// From number formats to how buffers store them.

#include "core/engine/program.h"

namespace widthwise::engine {

/// A format that activations can have: valid, and no codebook, which is chosen from the values themselves.
[[nodiscard]] Result<void> check_activation_format(const NumberFormat& format);

/// How a layer reads its activation input number `input`, whose value has `channels` channels, under a
/// resolved format.
[[nodiscard]] Representation representation_of(const NumberFormat& format, size_t input, int64_t channels);

/// The stored value of a real one, as QuantizeStep says; u8, not dynamic.
[[nodiscard]] uint8_t stored(float real, const Representation& r);

/// An image's own scale and zero point.
struct DynamicScale {
    float scale = 1;
    int32_t zero_point = 0;
};
/// ONNX DynamicQuantizeLinear: scale = (max(x, 0) - min(x, 0)) / 255, zero point = clamp(round_half_even(0 -
/// min / scale)).
[[nodiscard]] DynamicScale dynamic_scale(std::span<const float> image);

} // namespace widthwise::engine
