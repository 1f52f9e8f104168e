// Folded functions of one tensor: element by element, to another type, along axes.

#include "core/onnx/fold.h"
#include "core/onnx/proto_tensor.h"
#include "core/onnx/shape_rules.h"

#include <cmath>

namespace widthwise::onnx::folding {

namespace {

tl::unexpected<Error> misfit(std::string message) {
    return fail(ErrorCode::invalid_input, std::move(message));
}

double negate(double v) {
    return -v;
}
double reciprocal(double v) {
    return 1 / v;
}
double sign(double v) {
    return v > 0 ? 1 : v < 0 ? -1 : 0;
}
double sigmoid(double v) {
    return 1 / (1 + std::exp(-v));
}

/// Of the functions only Neg and Abs are defined on integers.
TensorPtr integer_unary(double (*function)(double), const Tensor& in) {
    double (*const absolute)(double) = std::fabs;
    if (function != negate && function != absolute) return nullptr;
    auto values = in.to_i64();
    for (int64_t& v : values) {
        if (function == negate || v < 0) static_cast<void>(__builtin_sub_overflow(int64_t{0}, v, &v));
    }
    return tensor_of_integers(in.type(), in.shape(), values);
}

template <double (*function)(double)> Result<TensorPtr> unary(NodeView&, const Inputs& inputs) {
    if (inputs.size() != 1 || !inputs[0]) return TensorPtr{};
    if (is_integer(inputs[0]->type())) return integer_unary(function, *inputs[0]);
    if (!is_real(inputs[0]->type())) return TensorPtr{};
    auto values = reals_of(*inputs[0]);
    for (double& v : values) v = function(v);
    return tensor_of_reals(inputs[0]->type(), inputs[0]->shape(), values);
}

Result<TensorPtr> cast(NodeView& view, const Inputs& inputs) {
    const bool like = view.op_type() == "CastLike";
    if (inputs.size() != (like ? 2 : 1) || !inputs[0] || (like && !inputs[1])) return TensorPtr{};
    auto to = data_type_of(static_cast<int>(std::clamp<int64_t>(view.integer("to", 0), 0, 1000)));
    if (like) to = inputs[1]->type();
    if (!to) return TensorPtr{};
    if (*to == DataType::f16 || *to == DataType::bf16) to = DataType::f32; // computed in float32 throughout
    const Tensor& in = *inputs[0];
    if (*to == in.type()) return inputs[0];
    if (is_real(*to)) {
        if (is_integer(in.type())) {
            const auto values = in.to_i64();
            return tensor_of_reals(*to, in.shape(), std::vector<double>(values.begin(), values.end()));
        }
        return tensor_of_reals(*to, in.shape(), reals_of(in));
    }
    if (!is_integer(*to)) return TensorPtr{};
    std::vector<int64_t> values;
    if (is_integer(in.type())) {
        values = in.to_i64();
    } else {
        for (const double v : reals_of(in)) {
            // Only what an int64 holds: the rest is undefined in ONNX as in C++.
            const bool fits = v > -9.2e18 && v < 9.2e18;
            if (!fits && *to != DataType::boolean)
                return misfit("it casts " + std::to_string(v) + " to an integer");
            values.push_back(*to == DataType::boolean ? v != 0 : static_cast<int64_t>(v));
        }
    }
    if (*to == DataType::boolean) {
        for (int64_t& v : values) v = v != 0;
    }
    return tensor_of_integers(*to, in.shape(), values);
}

/// For each element of `in` the element of the reduced output that it belongs to.
std::vector<size_t> reduced_positions(const Shape& in, const std::vector<int64_t>& axes) {
    std::vector<size_t> strides(in.rank(), 0), index(in.rank(), 0), out;
    size_t stride = 1;
    for (size_t axis = in.rank(); axis-- > 0;) {
        if (std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(axis))) continue;
        strides[axis] = stride;
        stride *= static_cast<size_t>(in[axis]);
    }
    const auto count = static_cast<size_t>(in.elements());
    for (size_t i = 0; i < count; ++i) {
        size_t at = 0;
        for (size_t axis = 0; axis < in.rank(); ++axis) at += index[axis] * strides[axis];
        out.push_back(at);
        for (size_t axis = in.rank(); axis-- > 0;) {
            if (++index[axis] < static_cast<size_t>(in[axis])) break;
            index[axis] = 0;
        }
    }
    return out;
}

/// + (also of means) * < (min) > (max).
template <char op, typename T> T combined(T a, T b) {
    if constexpr (op == '<') return std::min(a, b);
    if constexpr (op == '>') return std::max(a, b);
    T out{};
    if constexpr (std::is_same_v<T, int64_t>) { // on overflow the builtins store the wrapped result
        static_cast<void>(op == '*' ? __builtin_mul_overflow(a, b, &out)
                                    : __builtin_add_overflow(a, b, &out));
        return out;
    } else {
        return op == '*' ? a * b : a + b;
    }
}

template <char op, typename T>
std::vector<T> reduced(const std::vector<T>& in, const std::vector<size_t>& positions, size_t count) {
    std::vector<T> out(count);
    std::vector<bool> begun(count, false);
    for (size_t i = 0; i < in.size(); ++i) {
        const size_t at = positions[i];
        out[at] = begun[at] ? combined<op>(out[at], in[i]) : in[i];
        begun[at] = true;
    }
    return out;
}

template <char op> Result<TensorPtr> reduce(NodeView& view, const Inputs& inputs) {
    if (inputs.empty() || !inputs[0] || inputs[0]->elements() == 0) return TensorPtr{};
    const Tensor& in = *inputs[0];
    const bool mean = view.op_type() == "ReduceMean";
    if (!is_real(in.type()) && (mean || !is_integer(in.type()))) return TensorPtr{};
    auto given = view.integers("axes", 1);
    if (!given) return forward_error(given);
    std::vector<int64_t> axes;
    if (*given && !(*given)->empty()) {
        auto resolved = resolve_axes(**given, in.shape().rank());
        if (!resolved) return forward_error(resolved);
        axes = std::move(*resolved);
    } else if (view.integer("noop_with_empty_axes", 0) != 0) {
        return inputs[0];
    } else {
        for (size_t i = 0; i < in.shape().rank(); ++i) axes.push_back(static_cast<int64_t>(i));
    }
    std::vector<int64_t> dims;
    for (size_t i = 0; i < in.shape().rank(); ++i) {
        const bool gone = std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i));
        if (!gone) dims.push_back(in.shape()[i]);
        if (gone && view.integer("keepdims", 1) != 0) dims.push_back(1);
    }
    const Shape shape(std::move(dims));
    const auto positions = reduced_positions(in.shape(), axes);
    const auto count = static_cast<size_t>(shape.elements());
    if (is_integer(in.type()))
        return tensor_of_integers(in.type(), shape, reduced<op>(in.to_i64(), positions, count));
    auto values = reduced<op>(reals_of(in), positions, count);
    const double share = static_cast<double>(count) / static_cast<double>(in.elements());
    for (double& v : values) v *= mean ? share : 1;
    return tensor_of_reals(in.type(), shape, values);
}

/// Weights of networks that come quantized: real = scale * (q - zero_point), per tensor or along `axis`.
Result<TensorPtr> dequantize(NodeView& view, const Inputs& inputs) {
    if (inputs.size() < 2 || !inputs[0] || !inputs[1] || inputs[1]->type() != DataType::f32)
        return TensorPtr{};
    const Tensor& q = *inputs[0];
    if (!is_integer(q.type()) || view.integer("block_size", 0) != 0) return TensorPtr{};
    const int64_t channels = inputs[1]->elements();
    const TensorPtr zero_point = inputs.size() > 2 ? inputs[2] : nullptr;
    if (channels == 0 || (zero_point && zero_point->elements() != channels))
        return misfit("its zero points do not fit its scales");
    int64_t inner = q.elements();
    if (channels > 1) {
        auto axis = resolve_axis(view.integer("axis", 1), q.shape().rank());
        if (!axis) return forward_error(axis);
        if (q.shape()[static_cast<size_t>(*axis)] != channels) {
            return misfit("it has " + std::to_string(channels) + " scales for " + q.shape().to_string());
        }
        inner = 1;
        for (size_t i = static_cast<size_t>(*axis) + 1; i < q.shape().rank(); ++i) inner *= q.shape()[i];
    }
    const auto values = q.to_i64(), zeros = zero_point ? zero_point->to_i64() : std::vector<int64_t>();
    const auto scales = inputs[1]->as<float>();
    std::vector<float> out(values.size());
    for (size_t i = 0; i < out.size(); ++i) {
        const size_t c = channels == 1 ? 0 : i / static_cast<size_t>(inner) % static_cast<size_t>(channels);
        out[i] = static_cast<float>(values[i] - (zeros.empty() ? 0 : zeros[c])) * scales[c];
    }
    return std::make_shared<const Tensor>(Tensor::from_f32(q.shape(), std::move(out)));
}

} // namespace

Function function_function(const std::string& op_type) {
    static const std::map<std::string, Function> functions{
        {"Cast", cast},
        {"CastLike", cast},
        {"Sqrt", unary<std::sqrt>},
        {"Exp", unary<std::exp>},
        {"Log", unary<std::log>},
        {"Erf", unary<std::erf>},
        {"Tanh", unary<std::tanh>},
        {"Sigmoid", unary<sigmoid>},
        {"Abs", unary<std::fabs>},
        {"Floor", unary<std::floor>},
        {"Ceil", unary<std::ceil>},
        {"Round", unary<std::nearbyint>},
        {"Sign", unary<sign>},
        {"Neg", unary<negate>},
        {"Reciprocal", unary<reciprocal>},
        {"ReduceSum", reduce<'+'>},
        {"ReduceMean", reduce<'+'>},
        {"ReduceProd", reduce<'*'>},
        {"ReduceMin", reduce<'<'>},
        {"ReduceMax", reduce<'>'>},
        {"DequantizeLinear", dequantize},
    };
    const auto it = functions.find(op_type);
    return it == functions.end() ? nullptr : it->second;
}

} // namespace widthwise::onnx::folding
