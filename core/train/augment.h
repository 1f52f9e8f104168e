#pragma once
// Random variations of a training image.

#include "core/base/rng.h"
#include "core/train/options.h"

#include <array>
#include <cstdint>
#include <span>

namespace widthwise::train {

inline constexpr int64_t k_crop_pad = 4; ///< pixels

/// Everything that `how` asks for, in the order crop, flip, cutout. H x W x C images; `from` and `to` must
/// not overlap.
void augment(const Augmentation& how, std::span<const float> from, std::span<float> to,
             std::array<int64_t, 3> chw, Rng& rng);

/// Shifts an H x W x C image by up to `pad` pixels each way: a crop of the image's own size out of the image
/// with a border of zeros (the mean colour, after preprocessing). `from` and `to` must not overlap.
void random_crop(std::span<const float> from, std::span<float> to, std::array<int64_t, 3> chw, int64_t pad,
                 Rng& rng);

/// Mirrors left and right, in place, in half of the cases.
void random_flip(std::span<float> image, std::array<int64_t, 3> chw, Rng& rng);

/// Zeroes a square of `side` pixels whose centre lies anywhere in the image: what reaches beyond the border
/// is cut off (DeVries and Taylor 2017, section 3.2).
void random_cutout(std::span<float> image, std::array<int64_t, 3> chw, int64_t side, Rng& rng);

} // namespace widthwise::train
