#pragma once
// Tensors of an ONNX file, with their data wherever it lies.

#include "core/base/result.h"
#include "core/tensor/tensor.h"

#include <filesystem>
#include <optional>

namespace onnx {
class TensorProto;
}

namespace widthwise::onnx {

/// nullopt for the types that we do not hold: strings, complex numbers, 8-bit floats, 4-bit integers.
[[nodiscard]] std::optional<DataType> data_type_of(int onnx_type);
[[nodiscard]] int onnx_type_of(DataType type);

/// The checks of read_tensor without its copy.
[[nodiscard]] Result<void> check_tensor(const ::onnx::TensorProto& proto);

/// Errors: invalid_input when the data are fewer or more than the dimensions say, or dimensions are
/// impossible; external data must have been brought in before. float16, bfloat16 and 8-bit floats come as
/// f32, 4-bit integers as 8-bit ones. Null for types that are not read (strings, complex, FNUZ floats).
[[nodiscard]] Result<TensorPtr> read_tensor(const ::onnx::TensorProto& proto);

/// Moves external data into the tensor itself. `folder` empty: external data are refused. Errors
/// (invalid_input): outside the folder (absolute, "..", through a link), missing, shorter than the file says.
[[nodiscard]] Result<void> bring_in_external_data(::onnx::TensorProto& proto,
                                                  const std::filesystem::path& folder);

} // namespace widthwise::onnx
