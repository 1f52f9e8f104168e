#pragma once

#include <string_view>

namespace widthwise::onnx {

/// Whether `text` is well-formed UTF-8 (RFC 3629): names go into JSON and onto the screen as they are.
[[nodiscard]] bool is_utf8(std::string_view text);

} // namespace widthwise::onnx
