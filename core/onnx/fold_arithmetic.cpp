// Folded ops that compute: integers in 64 bits wrapped to their width, reals in double rounded once to their
// type.

#include "core/onnx/fold.h"
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
    case '%': // with the divisor's sign, as Python's
        return b == -1 ? 0 : a % b + (a % b != 0 && (a < 0) != (b < 0) ? b : 0);
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
    case '%':
        return std::fmod(a, b);
    default:
        break;
    }
    return 0;
}

/// Integers to non-negative integer powers, wrapped; null for any other exponent.
TensorPtr integer_power(const Tensor& a, const Tensor& b, const Shape& shape) {
    const auto from_a = a.to_i64(), from_b = b.to_i64();
    const bool whole = is_integer(b.type()) &&
                       std::all_of(from_b.begin(), from_b.end(), [](int64_t e) { return e >= 0 && e < 64; });
    if (!whole) return nullptr;
    std::vector<int64_t> out(static_cast<size_t>(shape.elements()), 1);
    for_each_pair(shape, a.shape(), b.shape(), [&](size_t i, size_t at_a, size_t at_b) {
        for (int64_t e = 0; e < from_b[at_b]; ++e) out[i] = wrapping('*', out[i], from_a[at_a]);
    });
    return tensor_of_integers(a.type(), shape, out);
}

/// + - * / % < (min) > (max) ^ (power).
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
    if (!is_integer(a.type())) return TensorPtr{};
    if (op == '^') return integer_power(a, b, *shape);
    const auto from_a = a.to_i64(), from_b = b.to_i64();
    if ((op == '/' || op == '%') && std::find(from_b.begin(), from_b.end(), 0) != from_b.end())
        return misfit("it divides by zero");
    std::vector<int64_t> out(count);
    for_each_pair(*shape, a.shape(), b.shape(), [&](size_t i, size_t at_a, size_t at_b) {
        out[i] = wrapping(op, from_a[at_a], from_b[at_b]);
    });
    return tensor_of_integers(a.type(), *shape, out);
}

/// = < > l (at most) g (at least) on numbers, to booleans.
template <char op> Result<TensorPtr> compare(NodeView&, const Inputs& inputs) {
    if (inputs.size() != 2 || !inputs[0] || !inputs[1]) return TensorPtr{};
    auto shape = broadcast_shape(inputs[0]->shape(), inputs[1]->shape());
    if (!shape) return forward_error(shape);
    if (auto ok = check_size(*shape, inputs); !ok) return forward_error(ok);
    std::vector<int64_t> out(static_cast<size_t>(shape->elements()));
    const auto fill = [&](const auto& a, const auto& b) {
        for_each_pair(*shape, inputs[0]->shape(), inputs[1]->shape(),
                      [&](size_t i, size_t at_a, size_t at_b) {
                          const auto x = a[at_a], y = b[at_b];
                          out[i] = op == '='   ? x == y
                                   : op == '<' ? x < y
                                   : op == '>' ? x > y
                                   : op == 'l' ? x <= y
                                               : x >= y;
                      });
    };
    if (is_integer(inputs[0]->type()) && is_integer(inputs[1]->type()))
        fill(inputs[0]->to_i64(), inputs[1]->to_i64());
    else
        fill(reals_of(*inputs[0]), reals_of(*inputs[1]));
    return tensor_of_integers(DataType::boolean, *shape, out);
}

/// Any number of inputs, one pair after the other.
template <char op> Result<TensorPtr> variadic(NodeView& view, const Inputs& inputs) {
    if (inputs.empty() || !inputs[0]) return TensorPtr{};
    TensorPtr out = inputs[0];
    for (size_t i = 1; i < inputs.size(); ++i) {
        auto next = binary<op>(view, {out, inputs[i]});
        if (!next || !*next) return next;
        out = std::move(*next);
    }
    return out;
}

/// & | ^ on booleans.
template <char op> Result<TensorPtr> logic(NodeView&, const Inputs& inputs) {
    if (inputs.size() != 2 || !inputs[0] || !inputs[1]) return TensorPtr{};
    for (const TensorPtr& input : inputs) {
        if (input->type() != DataType::boolean)
            return misfit("its inputs are " + std::string(to_string(input->type())) + ", not boolean");
    }
    auto shape = broadcast_shape(inputs[0]->shape(), inputs[1]->shape());
    if (!shape) return forward_error(shape);
    if (auto ok = check_size(*shape, inputs); !ok) return forward_error(ok);
    const auto a = inputs[0]->to_i64(), b = inputs[1]->to_i64();
    std::vector<int64_t> out(static_cast<size_t>(shape->elements()));
    for_each_pair(*shape, inputs[0]->shape(), inputs[1]->shape(), [&](size_t i, size_t at_a, size_t at_b) {
        const bool x = a[at_a] != 0, y = b[at_b] != 0;
        out[i] = op == '&' ? x && y : op == '|' ? x || y : x != y;
    });
    return tensor_of_integers(DataType::boolean, *shape, out);
}

Result<TensorPtr> logical_not(NodeView&, const Inputs& inputs) {
    if (inputs.size() != 1 || !inputs[0] || inputs[0]->type() != DataType::boolean) return TensorPtr{};
    auto values = inputs[0]->to_i64();
    for (int64_t& v : values) v = v == 0;
    return tensor_of_integers(DataType::boolean, inputs[0]->shape(), values);
}

template <typename T>
std::vector<T> chosen(const Shape& shape, const Inputs& inputs, const std::vector<T>& yes,
                      const std::vector<T>& no) {
    const auto condition = inputs[0]->to_i64();
    std::vector<T> out(static_cast<size_t>(shape.elements()));
    for_each_pair(shape, inputs[0]->shape(), inputs[1]->shape(), [&](size_t i, size_t at_c, size_t at_y) {
        out[i] = condition[at_c] != 0 ? yes[at_y] : T{};
    });
    for_each_pair(shape, inputs[0]->shape(), inputs[2]->shape(), [&](size_t i, size_t at_c, size_t at_n) {
        if (condition[at_c] == 0) out[i] = no[at_n];
    });
    return out;
}

Result<TensorPtr> where(NodeView&, const Inputs& inputs) {
    if (inputs.size() != 3 || !inputs[0] || !inputs[1] || !inputs[2]) return TensorPtr{};
    const DataType type = inputs[1]->type();
    if (type != inputs[2]->type() || !(is_integer(type) || is_real(type))) return TensorPtr{};
    auto values = broadcast_shape(inputs[1]->shape(), inputs[2]->shape());
    if (!values) return forward_error(values);
    auto shape = broadcast_shape(*values, inputs[0]->shape());
    if (!shape) return forward_error(shape);
    if (auto ok = check_size(*shape, inputs); !ok) return forward_error(ok);
    if (is_real(type))
        return tensor_of_reals(type, *shape,
                               chosen(*shape, inputs, reals_of(*inputs[1]), reals_of(*inputs[2])));
    return tensor_of_integers(type, *shape, chosen(*shape, inputs, inputs[1]->to_i64(), inputs[2]->to_i64()));
}

} // namespace

Function arithmetic_function(const std::string& op_type) {
    static const std::map<std::string, Function> functions{
        {"Add", binary<'+'>},
        {"Sub", binary<'-'>},
        {"Mul", binary<'*'>},
        {"Div", binary<'/'>},
        {"Mod", binary<'%'>},
        {"Pow", binary<'^'>},
        {"Sum", variadic<'+'>},
        {"Min", variadic<'<'>},
        {"Max", variadic<'>'>},
        {"Equal", compare<'='>},
        {"Less", compare<'<'>},
        {"Greater", compare<'>'>},
        {"LessOrEqual", compare<'l'>},
        {"GreaterOrEqual", compare<'g'>},
        {"And", logic<'&'>},
        {"Or", logic<'|'>},
        {"Xor", logic<'^'>},
        {"Not", logical_not},
        {"Where", where},
    };
    const auto it = functions.find(op_type);
    return it == functions.end() ? nullptr : it->second;
}

} // namespace widthwise::onnx::folding
