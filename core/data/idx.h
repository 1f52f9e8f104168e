#pragma once
// LeCun's IDX files (MNIST): big-endian magic 00 00 TYPE RANK, then RANK 32-bit sizes, then the elements.

#include "core/base/result.h"
#include "core/data/array_set.h"

#include <filesystem>

namespace widthwise {

/// u8, rank 3 (count x height x width: one channel) or 4 (count x channels x height x width); .gz as it is.
[[nodiscard]] Result<ArrayImages> read_idx_images(const std::filesystem::path& path);
/// u8, rank 1.
[[nodiscard]] Result<Labels> read_idx_labels(const std::filesystem::path& path);

} // namespace widthwise
