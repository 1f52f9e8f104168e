#pragma once
// Sequential reading of a file, gzipped or plain, that never trusts a size it was told.

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace widthwise {

/// What one data set may occupy in memory: half of this machine's.
[[nodiscard]] uint64_t max_dataset_bytes();

/// Success when `path` is a regular file that can be read; else invalid_input naming it and what it is
/// instead.
[[nodiscard]] Result<void> check_regular_file(const std::filesystem::path& path);

/// The file as it is stored (a .gz stays compressed). Errors: invalid_input, also above `limit` bytes.
[[nodiscard]] Result<std::vector<uint8_t>> read_whole_file(const std::filesystem::path& path,
                                                           uint64_t limit = uint64_t{1} << 30);

/// Content is inflated when it begins with gzip's magic bytes, whatever its name, and read as it is
/// otherwise.
class ByteSource {
public:
    [[nodiscard]] static Result<ByteSource> open(const std::filesystem::path& path);

    /// Fills `out` or fails ("ends early"): truncated, damaged, unreadable.
    [[nodiscard]] Result<void> read_exact(std::span<uint8_t> out);
    /// The next `bytes` bytes. Memory grows with what the file really holds: a size that cannot be true fails
    /// at once.
    [[nodiscard]] Result<std::vector<uint8_t>> read_block(uint64_t bytes);
    /// Everything that is left, up to max_dataset_bytes().
    [[nodiscard]] Result<std::vector<uint8_t>> read_rest();
    /// Fails when anything is left.
    [[nodiscard]] Result<void> expect_end();
    [[nodiscard]] const std::string& where() const { return m_where; }

private:
    struct Close {
        void operator()(void* file) const;
    };
    ByteSource() = default;
    [[nodiscard]] Result<size_t> read_some(std::span<uint8_t> out);
    [[nodiscard]] Result<void> append(std::vector<uint8_t>& to, uint64_t target);

    std::unique_ptr<void, Close> m_file; // zlib's gzFile
    std::string m_where;
    uint64_t m_stored_bytes = 0;
    uint64_t m_position = 0;
    bool m_plain = true;
};

} // namespace widthwise
