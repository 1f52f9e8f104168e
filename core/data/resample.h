#pragma once
// Bilinear resampling with antialiasing, bit-equal to Pillow's Image.resize(size, BILINEAR) for 8-bit pixels,
// so that pipelines trained with torchvision see the pixels they know.

#include "core/data/preprocess.h"

namespace widthwise {

/// Resizes `image` to placement.resized and returns only the window placement.offset, placement.size: height
/// x width x image.channels, channels last. 8-bit: two passes, horizontal first, each rounded to 8 bits, with
/// 22-bit weights (Pillow Resample.c). f32: sums in double, rounded to f32 after each pass.
[[nodiscard]] std::vector<uint8_t> resize_bilinear(const ImageView<uint8_t>& image,
                                                   const ImagePlacement& placement);
[[nodiscard]] std::vector<float> resize_bilinear(const ImageView<float>& image,
                                                 const ImagePlacement& placement);

} // namespace widthwise
