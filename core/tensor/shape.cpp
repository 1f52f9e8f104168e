#include "core/tensor/shape.h"

namespace widthwise {

int64_t Shape::elements() const {
    int64_t product = 1;
    for (const int64_t dim : m_dims) product *= dim;
    return product;
}

std::optional<int64_t> Shape::checked_elements() const {
    constexpr int64_t limit = int64_t{1} << 40;
    int64_t product = 1;
    for (const int64_t dim : m_dims) {
        if (dim < 0 || dim > limit) return std::nullopt;
        if (dim != 0 && product > limit / dim) return std::nullopt;
        product *= dim;
    }
    return product;
}

std::string Shape::to_string() const {
    if (m_dims.empty()) return "scalar";
    std::string text;
    for (const int64_t dim : m_dims) {
        if (!text.empty()) text += 'x';
        text += std::to_string(dim);
    }
    return text;
}

} // namespace widthwise
