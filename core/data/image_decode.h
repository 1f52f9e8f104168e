#pragma once
// JPEG and PNG to 8-bit pixels, as Pillow decodes them.

#include "core/base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace widthwise {

/// height x width x channels (1 gray, 3 red green blue), channels last.
struct DecodedImage {
    int64_t height = 0, width = 0, channels = 0;
    std::vector<uint8_t> pixels;
};

/// Larger images are refused before anything is allocated.
inline constexpr int64_t k_max_image_pixels = 100'000'000;

/// By the file's first bytes, not by its name. CMYK becomes RGB, palettes are looked up, an alpha channel is
/// dropped, gamma and orientation tags are ignored, all as Pillow's convert("RGB"); 16-bit samples keep their
/// upper 8 bits (Pillow clips 16-bit gray instead). Errors: invalid_input (truncated, damaged, neither JPEG
/// nor PNG) with an empty `where`.
[[nodiscard]] Result<DecodedImage> decode_image(std::span<const uint8_t> file);
[[nodiscard]] Result<DecodedImage> decode_jpeg(std::span<const uint8_t> file);
[[nodiscard]] Result<DecodedImage> decode_png(std::span<const uint8_t> file);

} // namespace widthwise
