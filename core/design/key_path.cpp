#include "core/design/key_path.h"

#include <algorithm>

namespace widthwise {

KeyPath KeyPath::key(std::string_view name) const {
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!plain) return quoted(name);
    return {file, (path.empty() ? "" : path + ".") + std::string(name)};
}

KeyPath KeyPath::quoted(std::string_view name) const {
    std::string text = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\') text += '\\';
        text += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return {file, (path.empty() ? "" : path + ".") + text + "\""};
}

std::string KeyPath::to_string() const {
    if (path.empty()) return file;
    return file.empty() ? path : file + ": " + path;
}

} // namespace widthwise
