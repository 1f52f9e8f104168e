#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace widthwise {

/// Dimensions, outermost first. A scalar has rank 0 and one element. In a Graph's values dimension 0 is the
/// batch, stored as 1 and free at run time.
class Shape {
public:
    Shape() = default;
    Shape(std::initializer_list<int64_t> dims) : m_dims(dims) {}
    explicit Shape(std::vector<int64_t> dims) : m_dims(std::move(dims)) {}

    [[nodiscard]] size_t rank() const { return m_dims.size(); }
    [[nodiscard]] int64_t operator[](size_t axis) const { return m_dims[axis]; }
    int64_t& operator[](size_t axis) { return m_dims[axis]; }
    [[nodiscard]] const std::vector<int64_t>& dims() const { return m_dims; }
    /// Product of all dimensions; the importers guarantee that it fits.
    [[nodiscard]] int64_t elements() const;
    /// nullopt when a dimension is negative or the product exceeds 2^40 (hostile files).
    [[nodiscard]] std::optional<int64_t> checked_elements() const;
    /// "1x16x32x32"; "scalar" for rank 0.
    [[nodiscard]] std::string to_string() const;
    bool operator==(const Shape&) const = default;

private:
    std::vector<int64_t> m_dims;
};

} // namespace widthwise
