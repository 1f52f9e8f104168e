#include "core/onnx/narrow_tensor.h"

#include <cmath>
#include <limits>

namespace widthwise::onnx {

namespace {

constexpr int float8_e4m3fn = 17, float8_e5m2 = 19, uint4 = 21, int4 = 22;

/// OFP8 1.0 (2023), table 1: sign, exponent, mantissa. E4M3 has no infinities and NaN at S.1111.111; E5M2 is
/// IEEE's.
float decode_float8(uint8_t code, int mantissa_bits, int bias, bool ieee) {
    const int exponent_bits = 7 - mantissa_bits;
    const int mantissa = code & ((1 << mantissa_bits) - 1);
    const int exponent = (code >> mantissa_bits) & ((1 << exponent_bits) - 1);
    const float sign = code & 0x80 ? -1.0F : 1.0F;
    const bool top = exponent == (1 << exponent_bits) - 1;
    if (top && ieee)
        return mantissa ? std::numeric_limits<float>::quiet_NaN()
                        : sign * std::numeric_limits<float>::infinity();
    if (top && mantissa == (1 << mantissa_bits) - 1) return std::numeric_limits<float>::quiet_NaN();
    const int leading = exponent ? 1 << mantissa_bits : 0;
    return sign *
           std::ldexp(static_cast<float>(mantissa + leading), std::max(exponent, 1) - bias - mantissa_bits);
}

} // namespace

std::optional<NarrowType> narrow_type(int onnx_type) {
    switch (onnx_type) {
    case float8_e4m3fn:
    case float8_e5m2:
        return NarrowType{DataType::f32, 8};
    case uint4:
        return NarrowType{DataType::u8, 4};
    case int4:
        return NarrowType{DataType::i8, 4};
    default:
        return std::nullopt;
    }
}

std::string name_of_type(int onnx_type) {
    constexpr std::array names{"UNDEFINED",      "FLOAT",    "UINT8",        "INT8",           "UINT16",
                               "INT16",          "INT32",    "INT64",        "STRING",         "BOOL",
                               "FLOAT16",        "DOUBLE",   "UINT32",       "UINT64",         "COMPLEX64",
                               "COMPLEX128",     "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2",
                               "FLOAT8E5M2FNUZ", "UINT4",    "INT4",         "FLOAT4E2M1"};
    if (onnx_type >= 0 && onnx_type < static_cast<int>(names.size()))
        return names[static_cast<size_t>(onnx_type)];
    return "number " + std::to_string(onnx_type);
}

Tensor widened(int onnx_type, Shape shape, std::span<const uint8_t> bytes) {
    const NarrowType type = narrow_type(onnx_type).value_or(NarrowType{});
    Tensor tensor(type.held, std::move(shape));
    const auto count = static_cast<size_t>(tensor.elements());
    if (type.held == DataType::f32) {
        const auto out = tensor.as<float>();
        const bool e5m2 = onnx_type == float8_e5m2;
        for (size_t i = 0; i < count; ++i)
            out[i] = decode_float8(bytes[i], e5m2 ? 2 : 3, e5m2 ? 15 : 7, e5m2);
        return tensor;
    }
    const auto out = tensor.as<uint8_t>();
    for (size_t i = 0; i < count; ++i) { // the first of two lies in the low half
        const unsigned half = i % 2 == 0 ? bytes[i / 2] & 15U : bytes[i / 2] >> 4U;
        const bool negative = type.held == DataType::i8 && (half & 8U) != 0;
        out[i] = static_cast<uint8_t>(negative ? half | 0xF0U : half);
    }
    return tensor;
}

} // namespace widthwise::onnx
