#pragma once
// A dense, row-major, immutable-once-shared array. Graphs hold them as shared_ptr<const Tensor>; weights are
// never copied.

#include "core/tensor/shape.h"
#include "core/tensor/zeroed_buffer.h"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace widthwise {

enum class DataType { f32, f64, f16, bf16, i8, u8, i16, u16, i32, u32, i64, u64, boolean };

[[nodiscard]] size_t bytes_per_element(DataType type);
/// "float32", "int8", ...: the names ONNX and numpy use.
[[nodiscard]] std::string_view to_string(DataType type);

class Tensor {
public:
    /// Zero-filled, at no cost until something is written.
    Tensor(DataType type, Shape shape);
    static Tensor from_f32(Shape shape, std::vector<float> values);
    static Tensor from_i64(Shape shape, std::vector<int64_t> values);

    [[nodiscard]] DataType type() const { return m_type; }
    [[nodiscard]] const Shape& shape() const { return m_shape; }
    [[nodiscard]] int64_t elements() const { return m_shape.elements(); }
    [[nodiscard]] std::span<const std::byte> bytes() const { return {m_bytes.data(), m_bytes.size()}; }
    [[nodiscard]] std::span<std::byte> bytes() { return {m_bytes.data(), m_bytes.size()}; }

    /// T must be the C++ type of type(): float, double, int8_t, uint8_t, ..., int64_t (bool and f16/bf16 as
    /// uint8_t/uint16_t).
    template <typename T> [[nodiscard]] std::span<const T> as() const {
        assert(sizeof(T) == bytes_per_element(m_type));
        return {static_cast<const T*>(static_cast<const void*>(m_bytes.data())), m_bytes.size() / sizeof(T)};
    }
    template <typename T> [[nodiscard]] std::span<T> as() {
        assert(sizeof(T) == bytes_per_element(m_type));
        return {static_cast<T*>(static_cast<void*>(m_bytes.data())), m_bytes.size() / sizeof(T)};
    }

    /// Integer contents of any integer type, widened (axes, shapes); float contents truncated, NaN as 0.
    [[nodiscard]] std::vector<int64_t> to_i64() const;
    /// Contents of any type as float (f16 and bf16 decoded).
    [[nodiscard]] std::vector<float> to_f32() const;

private:
    DataType m_type;
    Shape m_shape;
    ZeroedBuffer m_bytes;
};

using TensorPtr = std::shared_ptr<const Tensor>;

} // namespace widthwise
