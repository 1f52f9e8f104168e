#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace widthwise {

/// All bytes of a small file (a design, a target). Errors: invalid_input when it cannot be read, is a folder,
/// or holds more than `most` bytes.
[[nodiscard]] Result<std::string> read_input(const std::filesystem::path& path, int64_t most = 64 << 20);

} // namespace widthwise
