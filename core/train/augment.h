#pragma once
// Random variations of a training image.

#include "core/base/rng.h"

#include <array>
#include <cstdint>
#include <span>

namespace widthwise::train {

/// Shifts an H x W x C image by up to `pad` pixels each way: a crop of the image's own size out of the image
/// with a border of zeros (the mean colour, after preprocessing). `from` and `to` must not overlap.
void random_crop(std::span<const float> from, std::span<float> to, std::array<int64_t, 3> chw, int64_t pad,
                 Rng& rng);

/// Mirrors left and right, in place, in half of the cases.
void random_flip(std::span<float> image, std::array<int64_t, 3> chw, Rng& rng);

} // namespace widthwise::train
