#pragma once
// From stored pixels to what the network reads: colour, resize, centre crop, (p * scale - mean) / std.

#include "core/base/result.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace widthwise {

/// A rectangle of pixels of type T (u8 or float) in any layout; strides in elements. Colours in the order
/// red, green, blue.
template <typename T> struct ImageView {
    const T* data = nullptr;
    int64_t channels = 0, height = 0, width = 0;
    int64_t channel_stride = 0, row_stride = 0, pixel_stride = 0;

    [[nodiscard]] const T* at(int64_t y, int64_t x) const { return data + y * row_stride + x * pixel_stride; }
};

template <typename T>
ImageView<T> planar_view(const T* data, int64_t channels, int64_t height, int64_t width) {
    return {data, channels, height, width, height * width, width, 1};
}
template <typename T>
ImageView<T> interleaved_view(const T* data, int64_t channels, int64_t height, int64_t width) {
    return {data, channels, height, width, 1, width * channels, channels};
}

enum class ChannelOrder {
    as_stored, ///< whatever the images have
    rgb,       ///< one channel is replicated
    bgr,
    gray, ///< colour becomes ITU-R BT.601 luma
};

/// A card's keys; 0 sizes: the card does not ask.
struct Preprocessing {
    int64_t resize = 0; ///< of the shorter side
    int64_t crop = 0;   ///< side of the centred square
    ChannelOrder channels = ChannelOrder::as_stored;
    /// Absent: 1/255 for 8-bit pixels, 1 for floating-point ones.
    std::optional<double> scale;
    std::vector<double> mean = {0}; ///< in the network's channel order; one element serves all channels
    std::vector<double> std = {1};
};

inline constexpr double k_byte_scale = 1.0 / 255;

/// Where an image ends up: resized to `resized`, of which the window at `offset` of size `size` is kept
/// ({height, width}).
struct ImagePlacement {
    std::array<int64_t, 2> resized = {0, 0};
    std::array<int64_t, 2> offset = {0, 0};
    std::array<int64_t, 2> size = {0, 0};
};

/// Immutable, so that many threads may use one.
class Preprocessor {
public:
    /// `source_channels`: of every image to come. Errors: invalid_input where the channel counts do not fit.
    [[nodiscard]] static Result<Preprocessor> create(const Preprocessing& options, int64_t source_channels,
                                                     bool byte_pixels);

    [[nodiscard]] int64_t channels() const { return m_channels; }
    /// Torchvision's sizes: shorter side `resize`, longer one int(resize * longer / shorter); crop starts at
    /// floor((side - crop) / 2). Errors: invalid_input for an image smaller than the crop.
    [[nodiscard]] Result<ImagePlacement> place(int64_t height, int64_t width) const;

    /// `out`: size[0] x size[1] x channels(), channels last.
    void apply(const ImageView<uint8_t>& image, const ImagePlacement& placement, std::span<float> out) const;
    void apply(const ImageView<float>& image, const ImagePlacement& placement, std::span<float> out) const;

    /// "resize 256, crop 227, bgr, x*1, mean 104 117 123, std 1".
    [[nodiscard]] std::string describe() const;

private:
    Preprocessor() = default;
    template <typename T, typename Map>
    void run(const ImageView<T>& image, const ImagePlacement& placement, std::span<float> out,
             const Map& map) const;
    [[nodiscard]] float value(double pixel, int64_t channel) const;

    Preprocessing m_options;
    double m_scale = 1;
    int64_t m_channels = 0;
    std::vector<double> m_mean, m_std;           ///< per network channel
    std::vector<int64_t> m_source;               ///< per network channel: which stored channel
    std::vector<std::array<float, 256>> m_table; ///< per network channel: pixel -> value
};

/// ITU-R BT.601 luma of a whole image, height x width, in PIL's integer arithmetic for 8-bit pixels.
[[nodiscard]] std::vector<uint8_t> luma(const ImageView<uint8_t>& rgb);
[[nodiscard]] std::vector<float> luma(const ImageView<float>& rgb);

} // namespace widthwise
