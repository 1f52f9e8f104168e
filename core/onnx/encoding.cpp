#include "core/onnx/encoding.h"

#include "core/quant/affine.h"

#include <algorithm>
#include <cmath>

namespace widthwise::onnx {

namespace {

tl::unexpected<Error> misfit(std::string what) {
    return fail(ErrorCode::invalid_input, std::move(what));
}
tl::unexpected<Error> refuse(std::string why) {
    return fail(ErrorCode::unsupported, std::move(why));
}

bool is_real(const Tensor& tensor) {
    return tensor.type() == DataType::f32 || tensor.type() == DataType::f16 ||
           tensor.type() == DataType::bf16;
}

Result<std::vector<float>> scales_of(const Tensor& scale) {
    if (!is_real(scale)) return misfit("its scale is " + std::string(to_string(scale.type())));
    std::vector<float> values = scale.to_f32();
    if (values.empty()) return misfit("its scale is empty");
    for (const float s : values) {
        if (!(s > 0) || !std::isfinite(s))
            return misfit("its scale " + std::to_string(s) + " is no positive number");
    }
    return values;
}

/// Per tensor where all scales are the same and the tensor asks for no axis.
void set_granularity(Encoding& encoding) {
    encoding.format.granularity =
        encoding.format.scale.size() == 1 ? Granularity::tensor : Granularity::channel;
}

/// The one axis of a broadcast operand that is longer than 1, counted from the last; nullopt where several
/// are.
std::optional<int64_t> broadcast_axis(const Shape& shape) {
    int64_t axis = -1, longer = 0;
    for (size_t i = 0; i < shape.rank(); ++i) {
        if (shape[i] == 1) continue;
        ++longer;
        axis = static_cast<int64_t>(i) - static_cast<int64_t>(shape.rank());
    }
    return longer <= 1 ? std::optional(axis) : std::nullopt;
}

/// Elements that follow one index of the axis.
size_t stride_of(const Shape& shape, size_t axis) {
    size_t stride = 1;
    for (size_t i = axis + 1; i < shape.rank(); ++i) stride *= static_cast<size_t>(shape[i]);
    return stride;
}

/// Calls f(element, channel) on every element of a tensor.
template <typename F> Result<void> for_each_channel(const Tensor& tensor, const Encoding& e, const F& f) {
    size_t stride = 1;
    const size_t channels = e.format.scale.size();
    if (e.per_channel()) {
        auto axis = channel_axis(e, tensor.shape());
        if (!axis) return forward_error(axis);
        stride = stride_of(tensor.shape(), *axis);
    }
    const auto count = static_cast<size_t>(tensor.elements());
    for (size_t i = 0; i < count; ++i) f(i, e.per_channel() ? i / stride % channels : 0);
    return {};
}

AffineParams params_of(const NumberFormat& f, size_t channel) {
    return {f.scale[channel], f.zero_point.empty() ? 0 : f.zero_point[channel], f.q_min(), f.q_max()};
}

} // namespace

std::optional<StoredInteger> stored_integer(DataType type) {
    switch (type) {
    case DataType::u8:
        return StoredInteger{8, false};
    case DataType::i8:
        return StoredInteger{8, true};
    case DataType::u16:
        return StoredInteger{16, false};
    case DataType::i16:
        return StoredInteger{16, true};
    default:
        return std::nullopt;
    }
}

Result<Encoding> linear_encoding(const Tensor& scale, const Tensor* zero_point, StoredInteger stored,
                                 int64_t axis) {
    auto scales = scales_of(scale);
    if (!scales) return forward_error(scales);
    if (scale.shape().rank() > 1 && scales->size() > 1) return refuse("scales in blocks are not run");
    std::vector<int64_t> zeros(scales->size(), 0);
    if (zero_point) {
        zeros = zero_point->to_i64();
        if (zeros.size() != scales->size()) {
            return misfit("it has " + std::to_string(zeros.size()) + " zero points for " +
                          std::to_string(scales->size()) + " scales");
        }
    }
    Encoding e;
    e.axis = axis;
    NumberFormat& f = e.format;
    f.type = FormatType::integer;
    f.bits = stored.bits;
    const bool centred = std::all_of(zeros.begin(), zeros.end(), [](int64_t z) { return z == 0; });
    f.symmetric = stored.is_signed && centred;
    e.shift = stored.is_signed && !f.symmetric ? 1 << (stored.bits - 1) : 0;
    f.scale = std::move(*scales);
    for (const int64_t z : zeros) {
        const int64_t own = z + e.shift;
        if (own < f.q_min() || own > f.q_max()) {
            return misfit("its zero point " + std::to_string(z) + " does not fit " +
                          std::to_string(stored.bits) + " bits");
        }
        if (!f.symmetric) f.zero_point.push_back(static_cast<int32_t>(own));
    }
    set_granularity(e);
    return e;
}

Result<Encoding> quant_encoding(const Tensor& scale, const Tensor& zero_point, const Tensor& bit_width,
                                QuantAttributes attributes) {
    auto scales = scales_of(scale);
    if (!scales) return forward_error(scales);
    if (bit_width.elements() != 1) return refuse("a bit width for each channel is not run");
    const float bits = bit_width.to_f32().front();
    if (!(bits >= 1 && bits <= k_max_bits)) {
        return refuse("integers of " + std::to_string(bits) + " bits are not run, only 1 to " +
                      std::to_string(k_max_bits));
    }
    if (bits != std::floor(bits)) return refuse("a width of " + std::to_string(bits) + " bits is not run");
    if (bits < 2) return refuse("Quant with one bit is not run, only BipolarQuant");
    const auto axis = broadcast_axis(scale.shape());
    if (!axis) return refuse("scales along more than one axis are not run");
    const std::vector<float> zeros = zero_point.to_f32();
    if (zeros.empty() || (zeros.size() > 1 && zeros.size() != scales->size())) {
        return misfit("it has " + std::to_string(zeros.size()) + " zero points for " +
                      std::to_string(scales->size()) + " scales");
    }
    Encoding e;
    e.axis = *axis;
    NumberFormat& f = e.format;
    f.type = FormatType::integer;
    f.bits = static_cast<int>(bits);
    f.narrow = attributes.narrow;
    const bool centred = std::all_of(zeros.begin(), zeros.end(), [](float z) { return z == 0; });
    f.symmetric = attributes.is_signed && centred;
    if (attributes.is_signed && !f.symmetric) e.shift = (1 << (f.bits - 1)) - (f.narrow ? 1 : 0);
    f.scale = std::move(*scales);
    for (size_t i = 0; i < f.scale.size() && !f.symmetric; ++i) {
        const float z = zeros[zeros.size() == 1 ? 0 : i];
        if (z != std::nearbyint(z))
            return refuse("the fractional zero point " + std::to_string(z) + " is not run");
        const double own = static_cast<double>(z) + e.shift;
        if (!(own >= f.q_min() && own <= f.q_max())) {
            return refuse("zero point " + std::to_string(z) + " outside its " + std::to_string(f.bits) +
                          " bits is not run");
        }
        f.zero_point.push_back(static_cast<int32_t>(own));
    }
    set_granularity(e);
    return e;
}

Result<Encoding> bipolar_encoding(const Tensor& scale) {
    auto scales = scales_of(scale);
    if (!scales) return forward_error(scales);
    const auto axis = broadcast_axis(scale.shape());
    if (!axis) return refuse("scales along more than one axis are not run");
    Encoding e;
    e.axis = *axis;
    e.format.type = FormatType::binary;
    e.format.bits = 1;
    e.format.scale = std::move(*scales);
    set_granularity(e);
    return e;
}

Result<size_t> channel_axis(const Encoding& encoding, const Shape& shape) {
    const auto rank = static_cast<int64_t>(shape.rank());
    const int64_t axis = encoding.axis < 0 ? encoding.axis + rank : encoding.axis;
    if (axis < 0 || axis >= rank) {
        return misfit("its scales run along axis " + std::to_string(encoding.axis) + " of " +
                      shape.to_string());
    }
    const auto index = static_cast<size_t>(axis);
    if (shape[index] != static_cast<int64_t>(encoding.format.scale.size())) {
        return misfit("it has " + std::to_string(encoding.format.scale.size()) + " scales for axis " +
                      std::to_string(axis) + " of " + shape.to_string());
    }
    return index;
}

Result<TensorPtr> dequantized(const Tensor& integers, const Encoding& e) {
    const std::vector<int64_t> q = integers.to_i64();
    std::vector<float> out(q.size());
    auto ok = for_each_channel(integers, e, [&](size_t i, size_t c) {
        const AffineParams p = params_of(e.format, c);
        out[i] = p.dequantize(static_cast<int32_t>(q[i]) + e.shift);
    });
    if (!ok) return forward_error(ok);
    return std::make_shared<const Tensor>(Tensor::from_f32(integers.shape(), std::move(out)));
}

Result<TensorPtr> rounded(const Tensor& reals, const Encoding& e) {
    std::vector<float> out = reals.to_f32();
    const bool binary = e.format.type == FormatType::binary;
    auto ok = for_each_channel(reals, e, [&](size_t i, size_t c) {
        const AffineParams p = params_of(e.format, c);
        out[i] = binary ? (out[i] >= 0 ? p.scale : -p.scale) : p.dequantize(quantize_value(out[i], p));
    });
    if (!ok) return forward_error(ok);
    return std::make_shared<const Tensor>(Tensor::from_f32(reals.shape(), std::move(out)));
}

} // namespace widthwise::onnx
