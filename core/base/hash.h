#pragma once
// Content hashes for provenance (SHA-256, FIPS 180-4).

#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace widthwise {

class Sha256 {
public:
    void update(std::span<const std::byte> bytes);
    void update(std::string_view text);
    /// 64 lower-case hexadecimal digits; the object is spent afterwards.
    [[nodiscard]] std::string finish();

private:
    void block(const std::byte* data);
    uint32_t m_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::byte m_pending[64] = {};
    size_t m_pending_size = 0;
    uint64_t m_total = 0;
};

/// Of a whole file, streamed. Errors: invalid_input where it cannot be read.
[[nodiscard]] Result<std::string> sha256_file(const std::filesystem::path& path);
[[nodiscard]] std::string sha256(std::string_view text);

} // namespace widthwise
