#include "core/train/augment.h"

#include <algorithm>
#include <utility>

namespace widthwise::train {

void augment(const Augmentation& how, std::span<const float> from, std::span<float> to,
             std::array<int64_t, 3> chw, Rng& rng) {
    if (how.crop)
        random_crop(from, to, chw, k_crop_pad, rng);
    else
        std::ranges::copy(from, to.begin());
    if (how.flip) random_flip(to, chw, rng);
    if (how.cutout > 0) random_cutout(to, chw, how.cutout, rng);
}

void random_crop(std::span<const float> from, std::span<float> to, std::array<int64_t, 3> chw, int64_t pad,
                 Rng& rng) {
    const auto [channels, height, width] = chw;
    const auto span = static_cast<uint64_t>(2 * pad + 1);
    const int64_t down = static_cast<int64_t>(rng.below(span)) - pad;
    const int64_t right = static_cast<int64_t>(rng.below(span)) - pad;
    std::ranges::fill(to, 0.0F);
    // Column x of the result is column x + right of the image.
    const int64_t first = std::max<int64_t>(0, -right);
    const int64_t last = std::min(width, width - right);
    if (first >= last) return;
    for (int64_t y = 0; y < height; ++y) {
        const int64_t source = y + down;
        if (source < 0 || source >= height) continue;
        const auto row = from.subspan(static_cast<size_t>((source * width + first + right) * channels),
                                      static_cast<size_t>((last - first) * channels));
        std::ranges::copy(row, to.begin() + (y * width + first) * channels);
    }
}

void random_flip(std::span<float> image, std::array<int64_t, 3> chw, Rng& rng) {
    if (rng.below(2) == 0) return;
    const auto [channels, height, width] = chw;
    for (int64_t y = 0; y < height; ++y)
        for (int64_t x = 0; x < width / 2; ++x) {
            const auto left = image.begin() + (y * width + x) * channels;
            const auto right = image.begin() + (y * width + width - 1 - x) * channels;
            std::swap_ranges(left, left + channels, right);
        }
}

void random_cutout(std::span<float> image, std::array<int64_t, 3> chw, int64_t side, Rng& rng) {
    const auto [channels, height, width] = chw;
    const auto range = [&](int64_t extent) {
        const int64_t first = static_cast<int64_t>(rng.below(static_cast<uint64_t>(extent))) - side / 2;
        return std::pair{std::max<int64_t>(0, first), std::min(extent, first + side)};
    };
    const auto [top, bottom] = range(height);
    const auto [left, right] = range(width);
    for (int64_t y = top; y < bottom; ++y)
        std::ranges::fill(image.subspan(static_cast<size_t>((y * width + left) * channels),
                                        static_cast<size_t>((right - left) * channels)),
                          0.0F);
}

} // namespace widthwise::train
