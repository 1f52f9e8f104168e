#pragma once
// Element types of newer operator sets that our tensors have no type for.

#include "core/tensor/tensor.h"

#include <optional>
#include <span>

namespace widthwise::onnx {

/// FLOAT8E4M3FN and FLOAT8E5M2 (8 bits, held as f32), UINT4 and INT4 (4 bits, two to a byte, held as u8 and
/// i8). The numbers are those of TensorProto.DataType, which this libonnx does not have yet.
struct NarrowType {
    DataType held = DataType::f32;
    int bits = 8;
};
[[nodiscard]] std::optional<NarrowType> narrow_type(int onnx_type);
/// "FLOAT8E4M3FNUZ", "STRING", ...; the number where nothing is known.
[[nodiscard]] std::string name_of_type(int onnx_type);

/// `bytes` hold (elements * bits + 7) / 8 bytes.
[[nodiscard]] Tensor widened(int onnx_type, Shape shape, std::span<const uint8_t> bytes);

} // namespace widthwise::onnx
