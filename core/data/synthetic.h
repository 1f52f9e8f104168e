#pragma once
// The embedded demo's images, drawn from a seed: the same pixels on every machine.

#include "core/data/dataset.h"

namespace widthwise {

struct SyntheticOptions {
    uint64_t seed = 1;
    int64_t images = 2000;
    int64_t first_index =
        0; ///< image i is drawn from stream (seed, first_index + i), so that splits never overlap
};

inline constexpr int k_synthetic_side = 32;

/// At least ten classes of 32x32 RGB glyphs under affine distortion, clutter and noise. 8-bit pixels,
/// preprocessed as the demo's card says.
[[nodiscard]] DatasetPtr make_synthetic(const SyntheticOptions& options, std::string name);

/// "demo" (test images) and "demo:train".
[[nodiscard]] DatasetPtr demo_test();
[[nodiscard]] DatasetPtr demo_train();

} // namespace widthwise
