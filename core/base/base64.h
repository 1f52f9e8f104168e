#pragma once
// Bytes as text: RFC 4648, section 4 (standard alphabet, padded).

#include <optional>
#include <string>
#include <string_view>

namespace widthwise {

[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// Exactly what base64_encode writes: no line breaks, padded, unused bits zero; nullopt for anything else.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

} // namespace widthwise
