#pragma once
// What a quantizer of a file does to a tensor, as one of our number formats.

#include "core/base/result.h"
#include "core/quant/number_format.h"
#include "core/tensor/tensor.h"

#include <optional>

namespace widthwise::onnx {

/// Integers that a file stores: of a Tensor's type, narrower ones (int4) widened to it.
struct StoredInteger {
    int bits = 8;
    bool is_signed = false;
    bool operator==(const StoredInteger&) const = default;
};
/// nullopt: no integer of at most 16 bits.
[[nodiscard]] std::optional<StoredInteger> stored_integer(DataType type);

struct Encoding {
    NumberFormat format; ///< resolved or dynamic; per tensor or per channel
    int64_t axis = 0;    ///< per channel: which the scales run along; negative: from the last
    int32_t shift = 0;   ///< the file's integer + shift = the format's integer
    bool operator==(const Encoding&) const = default;
    [[nodiscard]] bool per_channel() const { return format.granularity == Granularity::channel; }
};

/// Of QuantizeLinear and DequantizeLinear: real = scale * (q - zero_point). Signed integers whose zero points
/// are all 0 are symmetric, other signed ones become our unsigned ones, shifted. `zero_point` null: 0.
/// Errors: invalid_input where scales are not positive and finite, the zero points' number or range does not
/// fit; unsupported for scales in blocks.
[[nodiscard]] Result<Encoding> linear_encoding(const Tensor& scale, const Tensor* zero_point,
                                               StoredInteger stored, int64_t axis);

/// What QONNX's Quant says besides its scale and zero point.
struct QuantAttributes {
    bool is_signed = true;
    bool narrow = false;
};
/// Of QONNX's Quant (Pappalardo et al. 2022, arXiv:2206.07527): q = clamp(round(x / scale + zero_point)).
/// `scale` has one element, or more along one axis of numpy broadcasting. Errors as above; unsupported for
/// fractional widths and zero points and widths that we do not have.
[[nodiscard]] Result<Encoding> quant_encoding(const Tensor& scale, const Tensor& zero_point,
                                              const Tensor& bit_width, QuantAttributes attributes);
/// Of BipolarQuant: scale * (x >= 0 ? 1 : -1).
[[nodiscard]] Result<Encoding> bipolar_encoding(const Tensor& scale);

/// The axis of a tensor of this rank and shape that the scales run along. Errors: invalid_input where it lies
/// outside or holds another number of elements.
[[nodiscard]] Result<size_t> channel_axis(const Encoding& encoding, const Shape& shape);

/// The reals of stored integers. Errors as channel_axis.
[[nodiscard]] Result<TensorPtr> dequantized(const Tensor& integers, const Encoding& encoding);
/// Reals rounded to the encoding's own. Errors as channel_axis.
[[nodiscard]] Result<TensorPtr> rounded(const Tensor& reals, const Encoding& encoding);

} // namespace widthwise::onnx
