#include "core/onnx/utf8.h"

#include <cstdint>

namespace widthwise::onnx {

bool is_utf8(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const int more = lead < 0x80           ? 0
                         : (lead >> 5) == 0x6  ? 1
                         : (lead >> 4) == 0xe  ? 2
                         : (lead >> 3) == 0x1e ? 3
                                               : -1;
        if (more < 0 || i + static_cast<size_t>(more) >= text.size()) return false;
        uint32_t code = more == 0 ? lead : lead & (0x3fU >> more);
        for (int k = 1; k <= more; ++k) {
            const auto byte = static_cast<unsigned char>(text[i + static_cast<size_t>(k)]);
            if ((byte & 0xc0) != 0x80) return false;
            code = code << 6 | (byte & 0x3fU);
        }
        constexpr uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
        i += static_cast<size_t>(more) + 1;
    }
    return true;
}

} // namespace widthwise::onnx
