#include "core/data/npy.h"

#include "core/base/text.h"
#include "core/data/byte_source.h"
#include "core/tensor/shape.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace widthwise {
namespace {

constexpr size_t k_max_header = 1U << 16;

struct Npy {
    bool big_endian = false;
    char kind = 0; ///< numpy's: 'u', 'i', 'f', ...
    size_t width = 0;
    std::vector<int64_t> dims;
    std::vector<uint8_t> elements;
};

/// The text after 'key': up to the next key; the header is a Python dictionary literal that numpy alone
/// writes.
std::optional<std::string> dictionary_value(std::string_view header, std::string_view key) {
    for (const char quote : {'\'', '"'}) {
        const std::string name = quote + std::string(key) + quote;
        const size_t at = header.find(name);
        if (at == std::string_view::npos) continue;
        const size_t colon = header.find(':', at + name.size());
        if (colon == std::string_view::npos) return std::nullopt;
        std::string_view rest = header.substr(colon + 1);
        const size_t first = rest.find_first_not_of(' ');
        if (first == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(first);
        size_t end = rest.find_first_of(",}");
        if (rest.front() == '(') end = std::min(rest.size(), rest.find(')') + 1);
        return trim(rest.substr(0, end));
    }
    return std::nullopt;
}

std::optional<std::vector<int64_t>> parse_dims(std::string_view text) {
    if (text.size() < 2 || text.front() != '(' || text.back() != ')') return std::nullopt;
    std::vector<int64_t> dims;
    for (const std::string& part : split(text.substr(1, text.size() - 2), ',')) {
        const std::string number = trim(part);
        if (number.empty()) continue; // the comma of "(3,)"
        const std::optional<long long> value = parse_int(number);
        if (!value || *value < 0) return std::nullopt;
        dims.push_back(*value);
    }
    return dims;
}

Result<void> parse_header(const std::string& header, const std::string& where, Npy& npy) {
    const std::optional<std::string> type = dictionary_value(header, "descr");
    const std::optional<std::string> order = dictionary_value(header, "fortran_order");
    const std::optional<std::string> shape = dictionary_value(header, "shape");
    if (!type || !order || !shape) return fail(ErrorCode::invalid_input, "npy header is damaged", where);
    if (*order != "False")
        return fail(ErrorCode::invalid_input, "array is in Fortran order", where,
                    "save numpy.ascontiguousarray(array) instead");
    const std::string name = type->size() >= 2 ? type->substr(1, type->size() - 2) : "";
    const std::optional<long long> width = name.size() >= 3 ? parse_int(name.substr(2)) : std::nullopt;
    if (!width || *width < 1 || *width > 16 ||
        std::string_view("<>|=").find(name[0]) == std::string_view::npos)
        return fail(ErrorCode::unsupported, "array of type " + *type + " holds no plain numbers", where,
                    "save uint8 or float32");
    npy.big_endian = name[0] == '>';
    npy.kind = name[1];
    npy.width = static_cast<size_t>(*width);
    std::optional<std::vector<int64_t>> dims = parse_dims(*shape);
    if (!dims) return fail(ErrorCode::invalid_input, "npy shape " + *shape + " is damaged", where);
    npy.dims = std::move(*dims);
    return {};
}

Result<Npy> read_npy(const std::filesystem::path& path) {
    Result<ByteSource> opened = ByteSource::open(path);
    if (!opened) return forward_error(opened);
    ByteSource& source = *opened;
    std::array<uint8_t, 8> start{};
    if (Result<void> done = source.read_exact(start); !done) return forward_error(done);
    if (std::memcmp(start.data(), "\x93NUMPY", 6) != 0 || start[6] < 1 || start[6] > 3)
        return fail(ErrorCode::invalid_input, "not a .npy file of version 1 to 3", source.where());
    std::array<uint8_t, 4> size{};
    const size_t size_bytes = start[6] == 1 ? 2 : 4;
    if (Result<void> done = source.read_exact(std::span(size).first(size_bytes)); !done)
        return forward_error(done);
    const size_t length =
        size_t{size[0]} | size_t{size[1]} << 8 | size_t{size[2]} << 16 | size_t{size[3]} << 24;
    if (length > k_max_header) return fail(ErrorCode::invalid_input, "npy header is damaged", source.where());
    Result<std::vector<uint8_t>> text = source.read_block(length);
    if (!text) return forward_error(text);
    Npy npy;
    if (Result<void> done = parse_header(std::string(text->begin(), text->end()), source.where(), npy); !done)
        return forward_error(done);
    const std::optional<int64_t> elements = Shape(npy.dims).checked_elements();
    if (!elements || *elements == 0)
        return fail(ErrorCode::invalid_input,
                    "array of shape " + Shape(npy.dims).to_string() + " holds no usable data",
                    source.where());
    Result<std::vector<uint8_t>> block = source.read_block(static_cast<uint64_t>(*elements) * npy.width);
    if (!block) return forward_error(block);
    if (Result<void> done = source.expect_end(); !done) return forward_error(done);
    npy.elements = std::move(*block);
    return npy;
}

/// Element `index` as an unsigned number, its bytes in the file's order.
uint64_t element_bits(const Npy& npy, size_t index) {
    uint64_t bits = 0;
    const uint8_t* bytes = npy.elements.data() + index * npy.width;
    for (size_t i = 0; i < npy.width; ++i) bits = bits << 8 | bytes[npy.big_endian ? i : npy.width - 1 - i];
    return bits;
}

std::string type_name(const Npy& npy) {
    return std::string(1, npy.kind) + std::to_string(npy.width);
}

} // namespace

Result<ArrayImages> read_npy_images(const std::filesystem::path& path) {
    Result<Npy> npy = read_npy(path);
    if (!npy) return forward_error(npy);
    const std::vector<int64_t>& d = npy->dims;
    if (d.size() != 3 && d.size() != 4)
        return fail(ErrorCode::invalid_input,
                    "array of shape " + Shape(d).to_string() + " is no set of images", path.string(),
                    "images are N x C x H x W");
    ArrayImages images{d[0], d.size() == 4 ? d[1] : 1, d[d.size() - 2], d.back(), {}};
    if (npy->kind == 'u' && npy->width == 1) {
        images.pixels = std::move(npy->elements);
        return images;
    }
    if (npy->kind != 'f' || npy->width != 4)
        return fail(ErrorCode::unsupported, "images of type " + type_name(*npy), path.string(),
                    "save uint8 or float32");
    std::vector<float> values(npy->elements.size() / 4);
    for (size_t i = 0; i < values.size(); ++i) {
        values[i] = std::bit_cast<float>(static_cast<uint32_t>(element_bits(*npy, i)));
        if (!std::isfinite(values[i]))
            return fail(ErrorCode::invalid_input,
                        "image " + std::to_string(i / (values.size() / static_cast<size_t>(d[0]))) +
                            " has a pixel that is not finite",
                        path.string());
    }
    images.pixels = std::move(values);
    return images;
}

Result<Labels> read_npy_labels(const std::filesystem::path& path) {
    Result<Npy> npy = read_npy(path);
    if (!npy) return forward_error(npy);
    const std::vector<int64_t>& d = npy->dims;
    if (d.size() != 1 && !(d.size() == 2 && d[1] == 1))
        return fail(ErrorCode::invalid_input,
                    "array of shape " + Shape(d).to_string() + " is no list of labels", path.string(),
                    "labels are one number an image: shape N");
    const bool is_signed = npy->kind == 'i';
    if ((npy->kind != 'u' && !is_signed) || npy->width > 8)
        return fail(ErrorCode::unsupported, "labels of type " + type_name(*npy), path.string(), "save int64");
    Labels labels(static_cast<size_t>(d[0]));
    const int unused_bits = static_cast<int>(64 - 8 * npy->width);
    for (size_t i = 0; i < labels.size(); ++i) {
        const uint64_t bits = element_bits(*npy, i);
        const int64_t value = is_signed ? static_cast<int64_t>(bits << unused_bits) >> unused_bits
                                        : static_cast<int64_t>(std::min<uint64_t>(bits, INT64_MAX));
        if (value < 0 || value > k_max_label)
            return fail(ErrorCode::invalid_input,
                        "label " + std::to_string(value) + " of image " + std::to_string(i) +
                            " is no class number",
                        path.string(), "classes are numbered from 0");
        labels[i] = static_cast<int32_t>(value);
    }
    return labels;
}

} // namespace widthwise
