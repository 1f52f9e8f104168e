#include "core/report/escape.h"

#include <cstddef>
#include <cstdint>

namespace widthwise::report {
namespace {

constexpr std::string_view k_replacement = "\xEF\xBF\xBD";

/// Bytes of the UTF-8 sequence at the front of `text` that stands for a character which XML allows; 0: none
/// does.
size_t valid_sequence(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
    const uint32_t first = byte(0);
    if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
    const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
    uint32_t point = first & (0x7FU >> size);
    for (size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
        point = point << 6 | (byte(i) & 0x3F);
    }
    constexpr uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (point < smallest[size] || point > 0x10FFFF || surrogate || point == 0xFFFE || point == 0xFFFF)
        return 0;
    return size;
}

} // namespace

std::string escape_html(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const size_t size = valid_sequence(text);
        switch (text.front()) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += size == 0 ? k_replacement : text.substr(0, size);
        }
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return out;
}

std::string escape_markdown(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const size_t size = valid_sequence(text);
        const char c = text.front();
        if (size == 0)
            out += k_replacement;
        else if (c == '\n' || c == '\r' || c == '\t')
            out += ' ';
        else if (size == 1 && std::string_view("\\`*_{}[]<>()#|!~&").find(c) != std::string_view::npos)
            (out += '\\') += c;
        else
            out += text.substr(0, size);
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return out;
}

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

} // namespace widthwise::report
