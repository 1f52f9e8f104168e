#include "core/data/idx.h"

#include "core/data/byte_source.h"
#include "core/tensor/shape.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace widthwise {
namespace {

constexpr uint8_t k_type_u8 = 0x08;

struct IdxFile {
    std::vector<int64_t> dims;
    std::vector<uint8_t> elements;
};

Result<IdxFile> read_idx(const std::filesystem::path& path, std::initializer_list<size_t> ranks,
                         const char* expected) {
    Result<ByteSource> opened = ByteSource::open(path);
    if (!opened) return forward_error(opened);
    ByteSource& source = *opened;
    std::array<uint8_t, 4> magic{};
    if (Result<void> done = source.read_exact(magic); !done) return forward_error(done);
    const size_t rank = magic[3];
    if (magic[0] != 0 || magic[1] != 0 || magic[2] != k_type_u8 ||
        std::ranges::find(ranks, rank) == ranks.end()) {
        std::array<char, 16> text{};
        std::snprintf(text.data(), text.size(), "%02x%02x%02x%02x", magic[0], magic[1], magic[2], magic[3]);
        return fail(ErrorCode::invalid_input,
                    std::string("not an IDX file of ") + expected + " (magic " + text.data() + ")",
                    source.where(), "are images and labels swapped in the card?");
    }
    IdxFile file;
    for (size_t i = 0; i < rank; ++i) {
        std::array<uint8_t, 4> size{};
        if (Result<void> done = source.read_exact(size); !done) return forward_error(done);
        file.dims.push_back(int64_t{size[0]} << 24 | int64_t{size[1]} << 16 | int64_t{size[2]} << 8 |
                            size[3]);
    }
    const std::optional<int64_t> elements = Shape(file.dims).checked_elements();
    if (!elements || *elements == 0)
        return fail(ErrorCode::invalid_input,
                    "IDX sizes " + Shape(file.dims).to_string() + " hold no usable data", source.where());
    Result<std::vector<uint8_t>> block = source.read_block(static_cast<uint64_t>(*elements));
    if (!block) return forward_error(block);
    if (Result<void> done = source.expect_end(); !done) return forward_error(done);
    file.elements = std::move(*block);
    return file;
}

} // namespace

Result<ArrayImages> read_idx_images(const std::filesystem::path& path) {
    Result<IdxFile> file = read_idx(path, {3, 4}, "8-bit images");
    if (!file) return forward_error(file);
    const std::vector<int64_t>& d = file->dims;
    const bool colour = d.size() == 4;
    return ArrayImages{d[0], colour ? d[1] : 1, d[d.size() - 2], d.back(), std::move(file->elements)};
}

Result<Labels> read_idx_labels(const std::filesystem::path& path) {
    Result<IdxFile> file = read_idx(path, {1}, "8-bit labels");
    if (!file) return forward_error(file);
    return Labels(file->elements.begin(), file->elements.end());
}

} // namespace widthwise
