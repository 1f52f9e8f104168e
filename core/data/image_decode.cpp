#include "core/data/image_decode.h"

#include <algorithm>
#include <array>

namespace widthwise {

Result<DecodedImage> decode_image(std::span<const uint8_t> file) {
    constexpr std::array<uint8_t, 3> jpeg = {0xff, 0xd8, 0xff};
    constexpr std::array<uint8_t, 8> png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (file.size() >= jpeg.size() && std::equal(jpeg.begin(), jpeg.end(), file.begin()))
        return decode_jpeg(file);
    if (file.size() >= png.size() && std::equal(png.begin(), png.end(), file.begin()))
        return decode_png(file);
    return fail(ErrorCode::invalid_input, file.empty() ? "image file is empty" : "neither JPEG nor PNG", {},
                "convert it to JPEG or PNG");
}

} // namespace widthwise
