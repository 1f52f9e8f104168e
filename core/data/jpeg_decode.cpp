#include "core/data/image_decode.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <new>

#include <jerror.h>
#include <jpeglib.h>

namespace widthwise {
namespace {

/// A baseline block of 64 pixels takes at least 2 bits; this is far beyond what real encoders reach.
constexpr int64_t k_max_pixels_per_byte = 4096;

/// libjpeg reports by calling back; we leave through longjmp, so nothing on the way may own memory in C++.
struct JpegErrors {
    jpeg_error_mgr base = {};
    jpeg_progress_mgr progress = {};
    std::jmp_buf escape = {};
    char message[JMSG_LENGTH_MAX] = {};
};

[[noreturn]] void leave(j_common_ptr info) {
    auto* errors = static_cast<JpegErrors*>(info->client_data);
    info->err->format_message(info, errors->message);
    std::longjmp(errors->escape, 1);
}

// A progressive file of a few kilobytes may ask for thousands of passes over all pixels; encoders use about
// ten.
constexpr int k_max_scans = 500;

void on_progress(j_common_ptr info) {
    const auto* decompress = reinterpret_cast<jpeg_decompress_struct*>(info);
    if (decompress->input_scan_number <= k_max_scans) return;
    auto* errors = static_cast<JpegErrors*>(info->client_data);
    std::snprintf(errors->message, sizeof errors->message, "more than %d scans", k_max_scans);
    std::longjmp(errors->escape, 1);
}

void on_message(j_common_ptr info, int level) {
    // libjpeg would fill what is missing with gray; Pillow calls such a file truncated, and so do we.
    if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) leave(info);
}

/// Raw pixels into `out.pixels`; `out.channels` is libjpeg's (4 for CMYK). False: see errors.message.
bool decode_rows(std::span<const uint8_t> file, jpeg_decompress_struct& info, JpegErrors& errors,
                 DecodedImage& out) {
    if (setjmp(errors.escape) != 0) return false;
    jpeg_create_decompress(&info);
    info.client_data = &errors;
    info.progress = &errors.progress;
    jpeg_mem_src(&info, file.data(), static_cast<unsigned long>(file.size()));
    jpeg_read_header(&info, TRUE);
    if (info.num_components == 4)
        info.out_color_space = JCS_CMYK;
    else if (info.num_components == 1)
        info.out_color_space = JCS_GRAYSCALE;
    else
        info.out_color_space = JCS_RGB;
    jpeg_calc_output_dimensions(&info);
    const int64_t pixels = int64_t{info.output_width} * info.output_height;
    if (pixels > k_max_image_pixels || pixels > k_max_pixels_per_byte * static_cast<int64_t>(file.size())) {
        std::snprintf(errors.message, sizeof errors.message, "%u x %u pixels cannot be true",
                      info.output_width, info.output_height);
        return false;
    }
    jpeg_start_decompress(&info);
    out.height = info.output_height;
    out.width = info.output_width;
    out.channels = info.output_components;
    out.pixels.resize(static_cast<size_t>(out.height * out.width * out.channels)); // owned by the caller
    while (info.output_scanline < info.output_height) {
        JSAMPROW row =
            out.pixels.data() + static_cast<int64_t>(info.output_scanline) * out.width * out.channels;
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    return true;
}

/// Adobe's CMYK is stored inverted; Pillow's conversion.
void cmyk_to_rgb(DecodedImage& image) {
    uint8_t* to = image.pixels.data();
    const uint8_t* from = image.pixels.data();
    for (int64_t i = 0; i < image.height * image.width; ++i, from += 4, to += 3) {
        const int black = from[3];
        for (int c = 0; c < 3; ++c) {
            const int product = (255 - from[c]) * black + 128;
            to[c] = static_cast<uint8_t>(std::max(0, black - (((product >> 8) + product) >> 8)));
        }
    }
    image.channels = 3;
    image.pixels.resize(static_cast<size_t>(image.height * image.width * 3));
}

} // namespace

Result<DecodedImage> decode_jpeg(std::span<const uint8_t> file) {
    jpeg_decompress_struct info = {};
    JpegErrors errors;
    info.err = jpeg_std_error(&errors.base);
    info.client_data = &errors;
    errors.base.error_exit = leave;
    errors.base.emit_message = on_message;
    errors.progress.progress_monitor = on_progress;
    DecodedImage image;
    bool good = false;
    try {
        good = decode_rows(file, info, errors, image);
    } catch (const std::bad_alloc&) {
        jpeg_destroy_decompress(&info);
        return fail(ErrorCode::out_of_memory, "out of memory");
    }
    jpeg_destroy_decompress(&info);
    if (!good)
        return fail(ErrorCode::invalid_input,
                    std::string("JPEG is damaged or truncated (") + errors.message + ")", {},
                    "replace the file");
    if (image.channels == 4) cmyk_to_rgb(image);
    return image;
}

} // namespace widthwise
