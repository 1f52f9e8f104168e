#include "core/graph/shape_checks.h"

namespace widthwise::shapes {

Result<int64_t> windowed(const Window& w, bool ceil_mode) {
    if (!in_range(w.kernel, 1)) return misfit("kernel size " + std::to_string(w.kernel) + " is out of range");
    if (!in_range(w.stride, 1)) return misfit("stride " + std::to_string(w.stride) + " is out of range");
    if (!in_range(w.dilation, 1))
        return misfit("dilation " + std::to_string(w.dilation) + " is out of range");
    if (!in_range(w.pad_before, 0) || !in_range(w.pad_after, 0)) return misfit("its padding is out of range");
    const int64_t reach = (w.kernel - 1) * w.dilation + 1; // below 2^62
    const int64_t padded = w.in + w.pad_before + w.pad_after;
    // Rounding up leaves one window, which hangs over by less than a stride (Caffe, PyTorch, ONNX).
    if (ceil_mode && reach > padded && reach - padded < w.stride) return 1;
    if (reach > padded) {
        return misfit("the kernel reaches over " + std::to_string(reach) + " pixels, the padded input has " +
                      std::to_string(padded));
    }
    const int64_t slack = padded - reach;
    int64_t out = slack / w.stride + 1;
    if (ceil_mode && slack % w.stride != 0) {
        // A last window that would begin beyond the input (in the padding behind it) is left out, as PyTorch
        // does.
        if (out * w.stride < w.in + w.pad_before) ++out;
    }
    return out;
}

Result<Shape> pool(const PoolAttributes& a, const Shape& in) {
    if (auto ok = need_rank(in, 4, "the input"); !ok) return forward_error(ok);
    Shape out{in[0], in[1], 0, 0};
    for (size_t i = 0; i < 2; ++i) {
        if (a.pads[i] >= a.kernel[i] || a.pads[2 + i] >= a.kernel[i]) {
            return misfit("its padding is as large as its kernel");
        }
        auto extent =
            windowed({in[2 + i], a.kernel[i], a.strides[i], a.pads[i], a.pads[2 + i], 1}, a.ceil_mode);
        if (!extent) return forward_error(extent);
        out[2 + i] = *extent;
    }
    return out;
}

Result<Shape> reduce(const ReduceAttributes& a, const Shape& in) {
    std::vector<bool> reduced(in.rank(), false);
    for (const int64_t axis : a.axes) {
        if (axis < 1 || axis >= static_cast<int64_t>(in.rank())) {
            return misfit("it reduces axis " + std::to_string(axis) + " of " + in.to_string());
        }
        reduced[static_cast<size_t>(axis)] = true;
    }
    std::vector<int64_t> out;
    for (size_t axis = 0; axis < in.rank(); ++axis) {
        if (!reduced[axis])
            out.push_back(in[axis]);
        else if (a.keep_dims)
            out.push_back(1);
    }
    return Shape(std::move(out));
}

Result<Shape> arg_max(const ArgMaxAttributes& a, const Shape& in) {
    if (auto ok = need_axis(a.axis, in); !ok) return forward_error(ok);
    return reduce({{a.axis}, a.keep_dims, Reduction::max}, in);
}

Result<Shape> resize(const ResizeAttributes& a, const Shape& in) {
    if (auto ok = need_rank(in, 4, "the input"); !ok) return forward_error(ok);
    Shape out = in;
    for (size_t i = 0; i < 2; ++i) {
        if (!in_range(a.size[i], 1)) return misfit("size " + std::to_string(a.size[i]) + " is out of range");
        if (!(a.scale[i] > 0 && a.scale[i] <= static_cast<double>(k_attribute_limit)))
            return misfit("scale " + std::to_string(a.scale[i]) + " is out of range");
        out[2 + i] = a.size[i];
    }
    if (!(a.cubic_coefficient >= -16 && a.cubic_coefficient <= 16))
        return misfit("cubic coefficient " + std::to_string(a.cubic_coefficient) + " is out of range");
    return out;
}

} // namespace widthwise::shapes
