#pragma once
// Builds data files byte by byte, by the formats' descriptions and not by the readers under test.

#include "tests/support/test_data.h"

#include <QTest>

#include <cstdint>
#include <filesystem>
#include <string>
#include <zlib.h>

namespace widthwise::test {

inline std::string big_endian_32(uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xffU);
    return bytes;
}

inline std::string bytes_of(std::initializer_list<int> values) {
    std::string bytes;
    for (const int value : values) bytes += static_cast<char>(value);
    return bytes;
}

/// `dims` follow the magic 00 00 08 RANK.
inline std::string idx_file(std::initializer_list<uint32_t> dims, const std::string& elements) {
    std::string bytes = bytes_of({0, 0, 8, static_cast<int>(dims.size())});
    for (const uint32_t dim : dims) bytes += big_endian_32(dim);
    return bytes + elements;
}

inline std::string npy_file(const std::string& header, const std::string& elements, int version = 1) {
    const auto length = static_cast<uint32_t>(header.size());
    std::string bytes = "\x93NUMPY" + bytes_of({version, 0}) +
                        bytes_of({static_cast<int>(length & 0xffU), static_cast<int>(length >> 8 & 0xffU)});
    if (version > 1) bytes += bytes_of({0, 0});
    return bytes + header + elements;
}

inline std::string npy_header(const std::string& type, const std::string& shape,
                              const std::string& fortran = "False") {
    return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

inline std::string gzip(const std::string& content) {
    z_stream stream = {};
    if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
    std::string out(deflateBound(&stream, content.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

inline std::string png_chunk(const std::string& type, const std::string& data) {
    const std::string body = type + data;
    const uLong crc = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    return big_endian_32(static_cast<uint32_t>(data.size())) + body +
           big_endian_32(static_cast<uint32_t>(crc));
}

/// `rows`: already with a filter byte 0 in front of each; `extra`: chunks between header and pixels.
inline std::string png_file(uint32_t width, uint32_t height, int bit_depth, int colour_type,
                            const std::string& rows, const std::string& extra = {}) {
    uLongf size = compressBound(rows.size());
    std::string packed(size, '\0');
    compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()),
             rows.size());
    packed.resize(size);
    return bytes_of({0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}) +
           png_chunk("IHDR", big_endian_32(width) + big_endian_32(height) +
                                 bytes_of({bit_depth, colour_type, 0, 0, 0})) +
           extra + png_chunk("IDAT", packed) + png_chunk("IEND", "");
}

/// One colour everywhere.
inline std::string plain_png(uint32_t width, uint32_t height, int r, int g, int b) {
    std::string rows;
    for (uint32_t y = 0; y < height; ++y) {
        rows += '\0';
        for (uint32_t x = 0; x < width; ++x) rows += bytes_of({r, g, b});
    }
    return png_file(width, height, 8, 2, rows);
}

/// A folder of its own for one test function.
inline std::filesystem::path fresh_folder(const std::string& name) {
    const std::filesystem::path folder = scratch_dir() / name;
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    return folder;
}

} // namespace widthwise::test

/// `result` failed, and its line says `text`.
#define WIDTHWISE_FAILS_WITH(result, text)                                                                   \
    do {                                                                                                     \
        const auto& failing_result = (result);                                                               \
        QVERIFY2(!failing_result.has_value(), "must fail");                                                  \
        const std::string line = failing_result.error().to_line();                                           \
        QVERIFY2(line.find(text) != std::string::npos, line.c_str());                                        \
    } while (false)
