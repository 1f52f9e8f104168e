#include "core/data/image_decode.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <new>

#include <png.h>

namespace widthwise {
namespace {

// Deflate cannot do better than 258 bytes out of 2 bits.
constexpr uint64_t k_deflate_ratio = 1032;

/// What libpng's callbacks reach; left through longjmp, so it owns nothing in C++.
struct PngInput {
    const uint8_t* data = nullptr;
    size_t left = 0;
    char message[128] = {};
};

void on_read(png_structp png, png_bytep to, size_t bytes) {
    auto* input = static_cast<PngInput*>(png_get_io_ptr(png));
    if (bytes > input->left) png_error(png, "file ends early");
    std::memcpy(to, input->data, bytes);
    input->data += bytes;
    input->left -= bytes;
}

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
    auto* input = static_cast<PngInput*>(png_get_error_ptr(png));
    std::snprintf(input->message, sizeof input->message, "%s", message);
    png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

bool decode_rows(png_structp png, png_infop info, PngInput& input, DecodedImage& out,
                 std::vector<png_bytep>& rows) {
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    const uint64_t file_bytes = input.left;
    png_set_read_fn(png, &input, on_read);
    png_set_user_limits(png, 65535, 65535);
    png_read_info(png, info);
    const auto width = static_cast<int64_t>(png_get_image_width(png, info));
    const auto height = static_cast<int64_t>(png_get_image_height(png, info));
    const auto packed = static_cast<uint64_t>(png_get_rowbytes(png, info)) * static_cast<uint64_t>(height);
    if (width * height > k_max_image_pixels || packed > k_deflate_ratio * (file_bytes + 1))
        png_error(png, "its size cannot be true");
    png_set_expand(png);      // palette to RGB, 1, 2, 4 bits to 8; tRNS becomes an alpha channel,
    png_set_strip_alpha(png); // which goes away with any other
    png_set_strip_16(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    out.height = height;
    out.width = width;
    out.channels = png_get_channels(png, info);
    const size_t row = png_get_rowbytes(png, info);
    if ((out.channels != 1 && out.channels != 3) || row != static_cast<size_t>(width * out.channels))
        png_error(png, "unexpected pixel format");
    out.pixels.resize(row * static_cast<size_t>(height)); // both owned by the caller
    rows.resize(static_cast<size_t>(height));
    for (size_t y = 0; y < rows.size(); ++y) rows[y] = out.pixels.data() + y * row;
    png_read_image(png, rows.data());
    png_read_end(png, nullptr);
    return true;
}

} // namespace

Result<DecodedImage> decode_png(std::span<const uint8_t> file) {
    PngInput input{file.data(), file.size(), {}};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &input, on_error, on_warning);
    png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
    if (info == nullptr) {
        png_destroy_read_struct(&png, nullptr, nullptr);
        return fail(ErrorCode::out_of_memory, "out of memory");
    }
    DecodedImage image;
    std::vector<png_bytep> rows;
    bool good = false;
    try {
        good = decode_rows(png, info, input, image, rows);
    } catch (const std::bad_alloc&) {
        png_destroy_read_struct(&png, &info, nullptr);
        return fail(ErrorCode::out_of_memory, "out of memory");
    }
    png_destroy_read_struct(&png, &info, nullptr);
    if (!good)
        return fail(ErrorCode::invalid_input,
                    std::string("PNG is damaged or truncated (") + input.message + ")", {},
                    "replace the file");
    return image;
}

} // namespace widthwise
