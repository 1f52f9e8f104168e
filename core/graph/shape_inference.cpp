// Output shapes from input shapes and attributes. Attributes come from files: every one is checked before it
// is used, so that nothing here overflows (dimensions are at most 2^40, attributes at most 2^31).

#include "core/graph/graph.h"

#include "core/base/text.h"
#include "core/graph/broadcast.h"

#include <algorithm>

namespace widthwise {

namespace {

using Inputs = std::span<const Value* const>;

constexpr int64_t attribute_limit = int64_t{1} << 31;

tl::unexpected<Error> misfit(std::string message) {
    return fail(ErrorCode::invalid_input, std::move(message));
}

bool in_range(int64_t value, int64_t lo) {
    return value >= lo && value <= attribute_limit;
}

template <typename T> Result<const T*> typed(const Attributes& attributes) {
    if (const T* found = std::get_if<T>(&attributes)) return found;
    return misfit("its attributes belong to another op");
}

Result<void> need_inputs(Inputs inputs, size_t least, size_t most) {
    if (inputs.size() >= least && inputs.size() <= most) return {};
    const std::string expected =
        least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
    return misfit("it has " + std::to_string(inputs.size()) + " inputs, not " + expected);
}

Result<void> need_rank(const Shape& shape, size_t rank, const char* what) {
    if (shape.rank() == rank) return {};
    return misfit(std::string(what) + " has shape " + shape.to_string() + ", not " + std::to_string(rank) +
                  " dimensions");
}

/// Constant vector of `length` values (biases, BatchNormalization).
Result<void> need_vector(const Value& value, int64_t length, const char* what) {
    if (value.shape.rank() == 1 && value.shape[0] == length) return {};
    return misfit(std::string(what) + " has shape " + value.shape.to_string() + ", not " +
                  std::to_string(length));
}

/// Output extent of a sliding window, before the window is known to fit.
struct Window {
    int64_t in, kernel, stride, pad_before, pad_after, dilation;
};

Result<int64_t> windowed(const Window& w, bool ceil_mode) {
    if (!in_range(w.kernel, 1)) return misfit("kernel size " + std::to_string(w.kernel) + " is out of range");
    if (!in_range(w.stride, 1)) return misfit("stride " + std::to_string(w.stride) + " is out of range");
    if (!in_range(w.dilation, 1))
        return misfit("dilation " + std::to_string(w.dilation) + " is out of range");
    if (!in_range(w.pad_before, 0) || !in_range(w.pad_after, 0)) return misfit("its padding is out of range");
    const int64_t reach = (w.kernel - 1) * w.dilation + 1; // below 2^62
    const int64_t padded = w.in + w.pad_before + w.pad_after;
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

Result<Shape> gemm(Inputs inputs) {
    const Shape& in = inputs[0]->shape;
    const Shape& weights = inputs[1]->shape;
    if (auto ok = need_rank(in, 2, "the input"); !ok) return forward_error(ok);
    if (auto ok = need_rank(weights, 2, "the weight matrix"); !ok) return forward_error(ok);
    if (in[1] != weights[1]) {
        return misfit("the input has " + std::to_string(in[1]) + " values, the weights expect " +
                      std::to_string(weights[1]));
    }
    if (inputs.size() == 3) {
        if (auto ok = need_vector(*inputs[2], weights[0], "the bias"); !ok) return forward_error(ok);
    }
    return Shape{in[0], weights[0]};
}

Result<Shape> batch_norm(Inputs inputs) {
    constexpr const char* names[] = {"scale", "bias", "mean", "variance"};
    const Shape& in = inputs[0]->shape;
    if (in.rank() < 2) return misfit("the input " + in.to_string() + " has no channels");
    for (size_t i = 1; i < 5; ++i) {
        if (auto ok = need_vector(*inputs[i], in[1], names[i - 1]); !ok) return forward_error(ok);
    }
    return in;
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

Result<Shape> reduce_mean(const ReduceAttributes& a, const Shape& in) {
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

Result<Shape> concat(const ConcatAttributes& a, Inputs inputs) {
    Shape out = inputs[0]->shape;
    if (a.axis < 1 || a.axis >= static_cast<int64_t>(out.rank())) {
        return misfit("axis " + std::to_string(a.axis) + " does not exist in " + out.to_string());
    }
    const auto axis = static_cast<size_t>(a.axis);
    for (const Value* input : inputs.subspan(1)) {
        const Shape& shape = input->shape;
        bool fits = shape.rank() == out.rank();
        for (size_t i = 0; fits && i < shape.rank(); ++i) fits = i == axis || shape[i] == out[i];
        if (!fits)
            return misfit("shapes " + out.to_string() + " and " + shape.to_string() + " cannot be joined");
        out[axis] += shape[axis];
        if (!out.checked_elements()) return misfit("its output is too large");
    }
    return out;
}

Result<Shape> slice(const SliceAttributes& a, const Shape& in) {
    if (a.starts.size() != in.rank() || a.ends.size() != in.rank() || a.steps.size() != in.rank()) {
        return misfit("it slices " + std::to_string(a.starts.size()) + " axes of " + in.to_string());
    }
    Shape out = in;
    for (size_t i = 0; i < in.rank(); ++i) {
        const int64_t start = a.starts[i], end = a.ends[i], step = a.steps[i];
        const bool forward = step > 0;
        // Backward slices may end before the first element, at -1.
        const bool within = start >= 0 && start < in[i] && end <= in[i] && end >= (forward ? 0 : -1);
        if (step == 0 || step > attribute_limit || step < -attribute_limit || !within) {
            return misfit("its slice of axis " + std::to_string(i) + " leaves " + in.to_string());
        }
        const int64_t span = forward ? end - start : start - end;
        const int64_t stride = forward ? step : -step;
        out[i] = span <= 0 ? 0 : (span - 1) / stride + 1;
    }
    if (in.rank() > 0 && out[0] != in[0]) return misfit("it slices the batch");
    return out;
}

Result<Shape> pad(const PadAttributes& a, const Shape& in) {
    if (a.before.size() != in.rank() || a.after.size() != in.rank()) {
        return misfit("it pads " + std::to_string(a.before.size()) + " axes of " + in.to_string());
    }
    Shape out = in;
    for (size_t i = 0; i < in.rank(); ++i) {
        if (!in_range(a.before[i], 0) || !in_range(a.after[i], 0))
            return misfit("its padding is out of range");
        out[i] += a.before[i] + a.after[i];
    }
    if (in.rank() > 0 && out[0] != in[0]) return misfit("it pads the batch");
    return out;
}

Result<Shape> reshape(const ReshapeAttributes& a, const Shape& in) {
    Shape out(a.shape);
    const auto elements = out.checked_elements();
    if (!elements || *elements != in.elements()) {
        return misfit("it cannot reshape " + in.to_string() + " to " + out.to_string());
    }
    return out;
}

Result<Shape> transpose(const TransposeAttributes& a, const Shape& in) {
    if (a.perm.size() != in.rank()) {
        return misfit("it permutes " + std::to_string(a.perm.size()) + " axes of " + in.to_string());
    }
    std::vector<int64_t> out;
    std::vector<bool> seen(in.rank(), false);
    for (const int64_t axis : a.perm) {
        const bool valid = axis >= 0 && axis < static_cast<int64_t>(in.rank());
        if (!valid || seen[static_cast<size_t>(axis)]) return misfit("its perm is no permutation");
        seen[static_cast<size_t>(axis)] = true;
        out.push_back(in[static_cast<size_t>(axis)]);
    }
    if (in.rank() > 0 && a.perm[0] != 0) return misfit("it moves the batch");
    return Shape(std::move(out));
}

/// Ops that take `T` and one input.
template <typename T, typename F> Result<Shape> unary(const Attributes& attributes, Inputs inputs, F infer) {
    auto a = typed<T>(attributes);
    if (!a) return forward_error(a);
    if (auto ok = need_inputs(inputs, 1, 1); !ok) return forward_error(ok);
    return infer(**a, inputs[0]->shape);
}

Result<Shape> same(Inputs inputs) {
    if (auto ok = need_inputs(inputs, 1, 1); !ok) return forward_error(ok);
    return inputs[0]->shape;
}

Result<Shape> softmax(const SoftmaxAttributes& a, const Shape& in) {
    if (a.axis < 1 || a.axis >= static_cast<int64_t>(in.rank())) {
        return misfit("axis " + std::to_string(a.axis) + " does not exist in " + in.to_string());
    }
    return in;
}

Result<void> need_constants(Inputs inputs) {
    for (const Value* input : inputs.subspan(1)) {
        if (!input->constant) return misfit(in_quotes(input->name) + " is computed, but must be constant");
        if (input->type != DataType::f32) return misfit(in_quotes(input->name) + " is not float32");
    }
    return {};
}

Result<Shape> dispatch(Op op, const Attributes& attributes, Inputs inputs) {
    switch (op) {
    case Op::conv: {
        auto a = typed<ConvAttributes>(attributes);
        if (!a) return forward_error(a);
        if (auto ok = need_inputs(inputs, 2, 3); !ok) return forward_error(ok);
        if (auto ok = need_constants(inputs); !ok) return forward_error(ok);
        return conv(**a, inputs);
    }
    case Op::gemm:
        if (auto ok = need_inputs(inputs, 2, 3); !ok) return forward_error(ok);
        if (auto ok = need_constants(inputs); !ok) return forward_error(ok);
        return gemm(inputs);
    case Op::batch_norm:
        if (auto a = typed<BatchNormAttributes>(attributes); !a) return forward_error(a);
        if (auto ok = need_inputs(inputs, 5, 5); !ok) return forward_error(ok);
        if (auto ok = need_constants(inputs); !ok) return forward_error(ok);
        return batch_norm(inputs);
    case Op::clip:
        return unary<ClipAttributes>(attributes, inputs,
                                     [](const ClipAttributes& a, const Shape& in) -> Result<Shape> {
                                         if (a.lo > a.hi)
                                             return misfit("its lower bound exceeds its upper bound");
                                         return in;
                                     });
    case Op::leaky_relu:
        return unary<LeakyReluAttributes>(
            attributes, inputs,
            [](const LeakyReluAttributes&, const Shape& in) -> Result<Shape> { return in; });
    case Op::softmax:
        return unary<SoftmaxAttributes>(attributes, inputs, softmax);
    case Op::relu:
    case Op::sigmoid:
    case Op::tanh:
    case Op::exp:
    case Op::identity:
        return same(inputs);
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::div:
        if (auto ok = need_inputs(inputs, 2, 2); !ok) return forward_error(ok);
        return broadcast_shape(inputs[0]->shape, inputs[1]->shape);
    case Op::max_pool:
    case Op::average_pool:
        return unary<PoolAttributes>(attributes, inputs, pool);
    case Op::global_average_pool:
        if (auto ok = need_inputs(inputs, 1, 1); !ok) return forward_error(ok);
        if (auto ok = need_rank(inputs[0]->shape, 4, "the input"); !ok) return forward_error(ok);
        return Shape{inputs[0]->shape[0], inputs[0]->shape[1], 1, 1};
    case Op::reduce_mean:
        return unary<ReduceAttributes>(attributes, inputs, reduce_mean);
    case Op::concat: {
        auto a = typed<ConcatAttributes>(attributes);
        if (!a) return forward_error(a);
        if (inputs.empty()) return misfit("it joins nothing");
        return concat(**a, inputs);
    }
    case Op::slice:
        return unary<SliceAttributes>(attributes, inputs, slice);
    case Op::pad:
        return unary<PadAttributes>(attributes, inputs, pad);
    case Op::reshape:
        return unary<ReshapeAttributes>(attributes, inputs, reshape);
    case Op::transpose:
        return unary<TransposeAttributes>(attributes, inputs, transpose);
    case Op::unsupported:
        break;
    }
    return misfit("the shape of an unsupported op cannot be inferred");
}

} // namespace

Result<Shape> infer_shape(Op op, const Attributes& attributes, std::span<const Value* const> inputs) {
    for (const Value* input : inputs) {
        const auto elements = input->shape.checked_elements();
        if (!elements || *elements == 0) {
            return misfit(in_quotes(input->name) + " has the impossible shape " + input->shape.to_string());
        }
        if (input->type != DataType::f32) return misfit(in_quotes(input->name) + " is not float32");
    }
    auto shape = dispatch(op, attributes, inputs);
    if (!shape) return shape;
    const auto elements = shape->checked_elements();
    if (!elements) return misfit("its output " + shape->to_string() + " is too large");
    if (*elements == 0) return misfit("its output " + shape->to_string() + " is empty");
    return shape;
}

} // namespace widthwise
