#include "core/graph/broadcast.h"
#include "core/graph/shape_checks.h"

namespace widthwise::shapes {

namespace {

/// Output extent of a transposed window: the input extent of the convolution that it transposes.
Result<int64_t> unwindowed(const Window& w, int64_t output_padding) {
    if (!in_range(w.kernel, 1)) return misfit("kernel size " + std::to_string(w.kernel) + " is out of range");
    if (!in_range(w.stride, 1)) return misfit("stride " + std::to_string(w.stride) + " is out of range");
    if (!in_range(w.dilation, 1))
        return misfit("dilation " + std::to_string(w.dilation) + " is out of range");
    if (!in_range(w.pad_before, 0) || !in_range(w.pad_after, 0)) return misfit("its padding is out of range");
    if (output_padding < 0 || output_padding >= std::max(w.stride, w.dilation)) {
        return misfit("output padding " + std::to_string(output_padding) +
                      " is not below the stride or the dilation");
    }
    int64_t spread = 0;
    if (__builtin_mul_overflow(w.in - 1, w.stride, &spread) || spread > (int64_t{1} << 61))
        return misfit("its output is too large");
    const int64_t out =
        spread + (w.kernel - 1) * w.dilation + 1 + output_padding - w.pad_before - w.pad_after; // below 2^63
    if (out < 1) return misfit("its padding leaves no output");
    return out;
}

} // namespace

Result<Shape> conv(const ConvAttributes& a, Inputs inputs) {
    const Shape& in = inputs[0]->shape;
    const Shape& weights = inputs[1]->shape;
    if (auto ok = need_rank(in, 4, "the input"); !ok) return forward_error(ok);
    if (auto ok = need_rank(weights, 4, "the weight tensor"); !ok) return forward_error(ok);
    if (!in_range(a.group, 1)) return misfit("group " + std::to_string(a.group) + " is out of range");
    if (a.kernel != std::array{weights[2], weights[3]}) {
        return misfit("kernel_shape contradicts the weights' shape " + weights.to_string());
    }
    if (in[1] % a.group != 0 || in[1] / a.group != weights[1]) {
        return misfit("the input has " + std::to_string(in[1]) + " channels, the weights expect " +
                      std::to_string(weights[1]) + " in each of " + std::to_string(a.group) + " groups");
    }
    if (weights[0] % a.group != 0) {
        return misfit(std::to_string(weights[0]) + " output channels do not divide into " +
                      std::to_string(a.group) + " groups");
    }
    if (inputs.size() == 3) {
        if (auto ok = need_vector(*inputs[2], weights[0], "the bias"); !ok) return forward_error(ok);
    }
    Shape out{in[0], weights[0], 0, 0};
    for (size_t i = 0; i < 2; ++i) {
        auto extent =
            windowed({in[2 + i], a.kernel[i], a.strides[i], a.pads[i], a.pads[2 + i], a.dilations[i]}, false);
        if (!extent) return forward_error(extent);
        out[2 + i] = *extent;
    }
    return out;
}

Result<Shape> conv_transpose(const ConvTransposeAttributes& a, Inputs inputs) {
    const Shape& in = inputs[0]->shape;
    const Shape& weights = inputs[1]->shape;
    const ConvAttributes& c = a.conv;
    if (auto ok = need_rank(in, 4, "the input"); !ok) return forward_error(ok);
    if (auto ok = need_rank(weights, 4, "the weight tensor"); !ok) return forward_error(ok);
    if (!in_range(c.group, 1)) return misfit("group " + std::to_string(c.group) + " is out of range");
    if (c.kernel != std::array{weights[2], weights[3]}) {
        return misfit("kernel_shape contradicts the weights' shape " + weights.to_string());
    }
    if (in[1] != weights[0] || in[1] % c.group != 0) {
        return misfit("the input has " + std::to_string(in[1]) + " channels, the weights expect " +
                      std::to_string(weights[0]) + " in " + std::to_string(c.group) + " groups");
    }
    int64_t channels = 0; // O/group is a dimension of the weights, at most 2^40
    if (__builtin_mul_overflow(weights[1], c.group, &channels)) return misfit("its output is too large");
    if (inputs.size() == 3) {
        if (auto ok = need_vector(*inputs[2], channels, "the bias"); !ok) return forward_error(ok);
    }
    Shape out{in[0], channels, 0, 0};
    for (size_t i = 0; i < 2; ++i) {
        auto extent =
            unwindowed({in[2 + i], c.kernel[i], c.strides[i], c.pads[i], c.pads[2 + i], c.dilations[i]},
                       a.output_padding[i]);
        if (!extent) return forward_error(extent);
        out[2 + i] = *extent;
    }
    return out;
}

Result<Shape> gemm(Inputs inputs) {
    const Shape& in = inputs[0]->shape;
    const Shape& weights = inputs[1]->shape;
    if (in.rank() < 2) return misfit("the input " + in.to_string() + " has no values behind the batch");
    if (auto ok = need_rank(weights, 2, "the weight matrix"); !ok) return forward_error(ok);
    const size_t last = in.rank() - 1;
    if (in[last] != weights[1]) {
        return misfit("the input has " + std::to_string(in[last]) + " values, the weights expect " +
                      std::to_string(weights[1]));
    }
    if (inputs.size() == 3) {
        if (auto ok = need_vector(*inputs[2], weights[0], "the bias"); !ok) return forward_error(ok);
    }
    Shape out = in;
    out[last] = weights[0];
    return out;
}

Result<Shape> matmul(Inputs inputs) {
    const Shape &a = inputs[0]->shape, &b = inputs[1]->shape;
    if (a.rank() < 2 || b.rank() < 2)
        return misfit("shapes " + a.to_string() + " and " + b.to_string() + " are no matrices");
    const size_t row = a.rank() - 2, column = b.rank() - 1;
    if (a[row + 1] != b[column - 1])
        return misfit("matrices " + a.to_string() + " and " + b.to_string() + " cannot be multiplied");
    auto out = broadcast_shape(Shape(std::vector<int64_t>(a.dims().begin(), a.dims().end() - 2)),
                               Shape(std::vector<int64_t>(b.dims().begin(), b.dims().end() - 2)));
    if (!out) return forward_error(out);
    std::vector<int64_t> dims = out->dims();
    dims.push_back(a[row]);
    dims.push_back(b[column]);
    return keep_batch(Shape(std::move(dims)), inputs);
}

} // namespace widthwise::shapes
