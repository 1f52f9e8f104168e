// Folded ops that compute: integers in 64 bits wrapped to their width, reals in double rounded once to their
// type.

#include "core/onnx/fold.h"
#include "core/onnx/proto_tensor.h"
#include "core/onnx/shape_rules.h"

#include <cmath>

namespace widthwise::onnx::folding {

namespace {

tl::unexpected<Error> misfit(std::string message) {
    return fail(ErrorCode::invalid_input, std::move(message));
}

/// For each element of the broadcast output, the positions of the two operands' elements.
template <typename Visit>
void for_each_pair(const Shape& out, const Shape& a, const Shape& b, const Visit& visit) {
    const size_t rank = out.rank();
    const auto strides_in = [&](const Shape& shape) {
        std::vector<int64_t> strides(rank, 0);
        int64_t stride = 1;
        for (size_t i = 0; i < shape.rank(); ++i) {
            const size_t from_end = shape.rank() - 1 - i;
            strides[rank - 1 - i] = shape[from_end] == 1 ? 0 : stride;
            stride *= shape[from_end];
        }
        return strides;
    };
    const auto strides_a = strides_in(a), strides_b = strides_in(b);
    std::vector<int64_t> index(rank, 0);
    int64_t at_a = 0, at_b = 0;
    const int64_t count = out.elements();
    for (int64_t i = 0; i < count; ++i) {
        visit(static_cast<size_t>(i), static_cast<size_t>(at_a), static_cast<size_t>(at_b));
        for (size_t axis = rank; axis-- > 0;) {
            at_a += strides_a[axis];
            at_b += strides_b[axis];
            if (++index[axis] < out[axis]) break;
            at_a -= strides_a[axis] * out[axis];
            at_b -= strides_b[axis] * out[axis];
            index[axis] = 0;
        }
    }
}

int64_t wrapping(char op, int64_t a, int64_t b) {
    int64_t out = 0; // on overflow the builtins store the wrapped result
    switch (op) {
    case '+':
        static_cast<void>(__builtin_add_overflow(a, b, &out));
        return out;
    case '-':
        static_cast<void>(__builtin_sub_overflow(a, b, &out));
        return out;
    case '*':
        static_cast<void>(__builtin_mul_overflow(a, b, &out));
        return out;
    case '/':
        return b == -1 ? wrapping('-', 0, a) : a / b;
    case '<':
        return std::min(a, b);
    case '>':
        return std::max(a, b);
    default:
        break;
    }
    return 0;
}

double real_op(char op, double a, double b) {
    switch (op) {
    case '+':
        return a + b;
    case '-':
        return a - b;
    case '*':
        return a * b;
    case '/':
        return a / b;
    case '<':
        return std::min(a, b);
    case '>':
        return std::max(a, b);
    case '^':
        return std::pow(a, b);
    default:
        break;
    }
    return 0;
}

/// + - * / < (min) > (max) ^ (power).
template <char op> Result<TensorPtr> binary(NodeView&, const Inputs& inputs) {
    if (inputs.size() != 2 || !inputs[0] || !inputs[1]) return TensorPtr{};
    const Tensor& a = *inputs[0];
    const Tensor& b = *inputs[1];
    if (a.type() != b.type() && op != '^') return misfit("its inputs have different types");
    auto shape = broadcast_shape(a.shape(), b.shape());
    if (!shape) return forward_error(shape);
    if (auto ok = check_size(*shape, inputs); !ok) return forward_error(ok);
    const auto count = static_cast<size_t>(shape->elements());
    if (is_real(a.type())) {
        const auto from_a = reals_of(a), from_b = reals_of(b);
        std::vector<double> out(count);
        for_each_pair(*shape, a.shape(), b.shape(), [&](size_t i, size_t at_a, size_t at_b) {
            out[i] = real_op(op, from_a[at_a], from_b[at_b]);
        });
        return tensor_of_reals(a.type(), *shape, out);
    }
    if (!is_integer(a.type()) || op == '^') return TensorPtr{};
    const auto from_a = a.to_i64(), from_b = b.to_i64();
    if (op == '/' && std::find(from_b.begin(), from_b.end(), 0) != from_b.end())
        return misfit("it divides by zero");
    std::vector<int64_t> out(count);
    for_each_pair(*shape, a.shape(), b.shape(), [&](size_t i, size_t at_a, size_t at_b) {
        out[i] = wrapping(op, from_a[at_a], from_b[at_b]);
    });
    return tensor_of_integers(a.type(), *shape, out);
}

/// = < > on numbers, to booleans.
template <char op> Result<TensorPtr> compare(NodeView&, const Inputs& inputs) {
    if (inputs.size() != 2 || !inputs[0] || !inputs[1]) return TensorPtr{};
    auto shape = broadcast_shape(inputs[0]->shape(), inputs[1]->shape());
    if (!shape) return forward_error(shape);
    if (auto ok = check_size(*shape, inputs); !ok) return forward_error(ok);
    std::vector<int64_t> out(static_cast<size_t>(shape->elements()));
    const auto fill = [&](const auto& a, const auto& b) {
        for_each_pair(
            *shape, inputs[0]->shape(), inputs[1]->shape(), [&](size_t i, size_t at_a, size_t at_b) {
                out[i] = op == '=' ? a[at_a] == b[at_b] : op == '<' ? a[at_a] < b[at_b] : a[at_a] > b[at_b];
            });
    };
    if (is_integer(inputs[0]->type()) && is_integer(inputs[1]->type()))
        fill(inputs[0]->to_i64(), inputs[1]->to_i64());
    else
        fill(reals_of(*inputs[0]), reals_of(*inputs[1]));
    return tensor_of_integers(DataType::boolean, *shape, out);
}

Result<TensorPtr> where(NodeView&, const Inputs& inputs) {
    if (inputs.size() != 3 || !inputs[0] || !inputs[1] || !inputs[2]) return TensorPtr{};
    if (!is_integer(inputs[1]->type()) || inputs[1]->type() != inputs[2]->type()) return TensorPtr{};
    auto values = broadcast_shape(inputs[1]->shape(), inputs[2]->shape());
    if (!values) return forward_error(values);
    auto shape = broadcast_shape(*values, inputs[0]->shape());
    if (!shape) return forward_error(shape);
    if (auto ok = check_size(*shape, inputs); !ok) return forward_error(ok);
    const auto condition = inputs[0]->to_i64(), yes = inputs[1]->to_i64(), no = inputs[2]->to_i64();
    std::vector<int64_t> out(static_cast<size_t>(shape->elements()));
    for_each_pair(*shape, inputs[0]->shape(), inputs[1]->shape(),
                  [&](size_t i, size_t at_c, size_t at_y) { out[i] = condition[at_c] != 0 ? yes[at_y] : 0; });
    for_each_pair(*shape, inputs[0]->shape(), inputs[2]->shape(), [&](size_t i, size_t at_c, size_t at_n) {
        if (condition[at_c] == 0) out[i] = no[at_n];
    });
    return tensor_of_integers(inputs[1]->type(), *shape, out);
}

template <double (*function)(double)> Result<TensorPtr> unary(NodeView&, const Inputs& inputs) {
    if (inputs.size() != 1 || !inputs[0] || !is_real(inputs[0]->type())) return TensorPtr{};
    auto values = reals_of(*inputs[0]);
    for (double& v : values) v = function(v);
    return tensor_of_reals(inputs[0]->type(), inputs[0]->shape(), values);
}

Result<TensorPtr> cast(NodeView& view, const Inputs& inputs) {
    if (inputs.size() != 1 || !inputs[0]) return TensorPtr{};
    const auto to = data_type_of(static_cast<int>(std::clamp<int64_t>(view.integer("to", 0), 0, 1000)));
    if (!to) return TensorPtr{};
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

Result<TensorPtr> reduce_prod(NodeView& view, const Inputs& inputs) {
    if (inputs.size() != 1 || !inputs[0] || !is_integer(inputs[0]->type()) ||
        inputs[0]->shape().rank() != 1) {
        return TensorPtr{};
    }
    int64_t product = 1;
    for (const int64_t v : inputs[0]->to_i64()) product = wrapping('*', product, v);
    return tensor_of_integers(inputs[0]->type(), view.integer("keepdims", 1) != 0 ? Shape{1} : Shape{},
                              {product});
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

double negate(double v) {
    return -v;
}
double reciprocal(double v) {
    return 1 / v;
}

} // namespace

Function arithmetic_function(const std::string& op_type) {
    static const std::map<std::string, Function> functions{
        {"Add", binary<'+'>},
        {"Sub", binary<'-'>},
        {"Mul", binary<'*'>},
        {"Div", binary<'/'>},
        {"Min", binary<'<'>},
        {"Max", binary<'>'>},
        {"Pow", binary<'^'>},
        {"Equal", compare<'='>},
        {"Less", compare<'<'>},
        {"Greater", compare<'>'>},
        {"Where", where},
        {"Cast", cast},
        {"ReduceProd", reduce_prod},
        {"DequantizeLinear", dequantize},
        {"Sqrt", unary<std::sqrt>},
        {"Exp", unary<std::exp>},
        {"Abs", unary<std::fabs>},
        {"Floor", unary<std::floor>},
        {"Ceil", unary<std::ceil>},
        {"Neg", unary<negate>},
        {"Reciprocal", unary<reciprocal>},
    };
    const auto it = functions.find(op_type);
    return it == functions.end() ? nullptr : it->second;
}

} // namespace widthwise::onnx::folding
