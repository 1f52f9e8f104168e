#include "core/tensor/tensor.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace widthwise {
namespace {

float half_to_float(uint16_t half) {
    const int exponent = (half >> 10) & 31;
    const int mantissa = half & 1023;
    const float sign = (half & 0x8000) ? -1.0F : 1.0F;
    if (exponent == 31) return mantissa ? NAN : sign * INFINITY;
    if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
    return sign * std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
}

float bfloat_to_float(uint16_t value) {
    return std::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}

template <typename Out, typename In> Out widen_one(In value) {
    if constexpr (std::is_integral_v<Out> && std::is_floating_point_v<In>) {
        // What no integer holds would be undefined: the nearest one, and 0 for NaN.
        constexpr auto beyond = static_cast<In>(9223372036854775808.0);
        if (value >= beyond) return std::numeric_limits<Out>::max();
        if (value < -beyond) return std::numeric_limits<Out>::min();
        if (value != value) return 0;
    }
    return static_cast<Out>(value);
}

template <typename Out, typename In> std::vector<Out> widen(std::span<const In> in) {
    std::vector<Out> out;
    out.reserve(in.size());
    for (const In value : in) out.push_back(widen_one<Out>(value));
    return out;
}

template <typename Out> std::vector<Out> convert(const Tensor& t) {
    switch (t.type()) {
    case DataType::f32:
        return widen<Out>(t.as<float>());
    case DataType::f64:
        return widen<Out>(t.as<double>());
    case DataType::i8:
        return widen<Out>(t.as<int8_t>());
    case DataType::u8:
    case DataType::boolean:
        return widen<Out>(t.as<uint8_t>());
    case DataType::i16:
        return widen<Out>(t.as<int16_t>());
    case DataType::u16:
        return widen<Out>(t.as<uint16_t>());
    case DataType::i32:
        return widen<Out>(t.as<int32_t>());
    case DataType::u32:
        return widen<Out>(t.as<uint32_t>());
    case DataType::i64:
        return widen<Out>(t.as<int64_t>());
    case DataType::u64:
        return widen<Out>(t.as<uint64_t>());
    case DataType::f16:
    case DataType::bf16: {
        std::vector<Out> out;
        for (const uint16_t raw : t.as<uint16_t>())
            out.push_back(
                static_cast<Out>(t.type() == DataType::f16 ? half_to_float(raw) : bfloat_to_float(raw)));
        return out;
    }
    }
    return {};
}

} // namespace

size_t bytes_per_element(DataType type) {
    switch (type) {
    case DataType::i8:
    case DataType::u8:
    case DataType::boolean:
        return 1;
    case DataType::f16:
    case DataType::bf16:
    case DataType::i16:
    case DataType::u16:
        return 2;
    case DataType::f32:
    case DataType::i32:
    case DataType::u32:
        return 4;
    case DataType::f64:
    case DataType::i64:
    case DataType::u64:
        return 8;
    }
    return 0;
}

std::string_view to_string(DataType type) {
    switch (type) {
    case DataType::f32:
        return "float32";
    case DataType::f64:
        return "float64";
    case DataType::f16:
        return "float16";
    case DataType::bf16:
        return "bfloat16";
    case DataType::i8:
        return "int8";
    case DataType::u8:
        return "uint8";
    case DataType::i16:
        return "int16";
    case DataType::u16:
        return "uint16";
    case DataType::i32:
        return "int32";
    case DataType::u32:
        return "uint32";
    case DataType::i64:
        return "int64";
    case DataType::u64:
        return "uint64";
    case DataType::boolean:
        return "bool";
    }
    return "unknown";
}

Tensor::Tensor(DataType type, Shape shape)
    : m_type(type)
    , m_shape(std::move(shape))
    , m_bytes(static_cast<size_t>(m_shape.elements()) * bytes_per_element(type)) {}

Tensor Tensor::from_f32(Shape shape, std::vector<float> values) {
    Tensor t(DataType::f32, std::move(shape));
    assert(static_cast<int64_t>(values.size()) == t.elements());
    if (!values.empty()) std::memcpy(t.m_bytes.data(), values.data(), t.m_bytes.size());
    return t;
}

Tensor Tensor::from_i64(Shape shape, std::vector<int64_t> values) {
    Tensor t(DataType::i64, std::move(shape));
    assert(static_cast<int64_t>(values.size()) == t.elements());
    if (!values.empty()) std::memcpy(t.m_bytes.data(), values.data(), t.m_bytes.size());
    return t;
}

std::vector<int64_t> Tensor::to_i64() const {
    return convert<int64_t>(*this);
}
std::vector<float> Tensor::to_f32() const {
    return convert<float>(*this);
}

} // namespace widthwise
