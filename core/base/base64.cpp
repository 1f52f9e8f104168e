#include "core/base/base64.h"

#include <array>
#include <cstdint>

namespace widthwise {
namespace {

constexpr std::string_view k_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t k_no_digit = 0xff;

constexpr std::array<uint8_t, 256> digits() {
    std::array<uint8_t, 256> table{};
    table.fill(k_no_digit);
    for (size_t i = 0; i < k_alphabet.size(); ++i)
        table[static_cast<uint8_t>(k_alphabet[i])] = static_cast<uint8_t>(i);
    return table;
}
constexpr std::array<uint8_t, 256> k_digits = digits();

} // namespace

std::string base64_encode(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const size_t count = std::min<size_t>(3, bytes.size() - i);
        uint32_t word = 0;
        for (size_t k = 0; k < 3; ++k)
            word = word << 8U | (k < count ? static_cast<uint8_t>(bytes[i + k]) : 0U);
        for (size_t k = 0; k < 4; ++k) text += k <= count ? k_alphabet[word >> (18 - 6 * k) & 63U] : '=';
    }
    return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    const size_t digits = text.size() - padding;
    uint32_t word = 0;
    for (size_t i = 0; i < digits; ++i) {
        const uint8_t digit = k_digits[static_cast<uint8_t>(text[i])];
        if (digit == k_no_digit) return std::nullopt;
        word = word << 6U | digit;
        if (i % 4 != 3) continue;
        for (const int shift : {16, 8, 0}) bytes += static_cast<char>(word >> shift & 255U);
        word = 0;
    }
    // Two digits are left of one byte, three of two; their last bits must be unused.
    const unsigned unused = padding == 2 ? 4 : padding == 1 ? 2 : 0;
    if ((word & ((1U << unused) - 1)) != 0) return std::nullopt;
    word >>= unused;
    if (padding == 1) bytes += static_cast<char>(word >> 8U & 255U);
    if (padding != 0) bytes += static_cast<char>(word & 255U);
    return bytes;
}

} // namespace widthwise
