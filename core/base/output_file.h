#pragma once
// Files that we write for the user: whole or not at all.

#include "core/base/result.h"

#include <filesystem>
#include <string_view>

namespace widthwise {

/// Makes `path` hold exactly `bytes`: written to a temporary file in the same folder, flushed to disk, then
/// renamed, so that neither a crash nor a full disk leaves half a file or harms the old one. What is not a
/// regular file (/dev/stdout, a pipe) is written directly. Errors: io with the path and the system's reason.
[[nodiscard]] Result<void> write_output(const std::filesystem::path& path, std::string_view bytes);

/// To be asked before long work: the folder exists and takes files, and `path` is no folder. Errors: as
/// write_output.
[[nodiscard]] Result<void> check_writable(const std::filesystem::path& path);

} // namespace widthwise
