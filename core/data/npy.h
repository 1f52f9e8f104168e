#pragma once
// NumPy's .npy arrays (format versions 1, 2 and 3), row-major.

#include "core/base/result.h"
#include "core/data/array_set.h"

#include <filesystem>

namespace widthwise {

/// count x channels x height x width, or count x height x width (one channel); u8 or f32 of either byte
/// order. Errors: invalid_input for other types, Fortran order, no images, pixels that are not finite, a
/// truncated file.
[[nodiscard]] Result<ArrayImages> read_npy_images(const std::filesystem::path& path);
/// One integer of any width for each image; shape N or N x 1.
[[nodiscard]] Result<Labels> read_npy_labels(const std::filesystem::path& path);

} // namespace widthwise
