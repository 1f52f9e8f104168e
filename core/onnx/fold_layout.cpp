// Folded ops that move elements about, whatever their type.

#include "core/onnx/fold.h"
#include "core/onnx/shape_rules.h"

#include "core/base/text.h"

#include <cmath>
#include <cstring>

namespace widthwise::onnx::folding {

namespace {

tl::unexpected<Error> misfit(std::string message) {
    return fail(ErrorCode::invalid_input, std::move(message));
}

Result<void> need(const Inputs& inputs, size_t count) {
    if (inputs.size() >= count &&
        std::all_of(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(count),
                    [](const TensorPtr& t) { return t != nullptr; })) {
        return {};
    }
    return misfit("it has " + std::to_string(inputs.size()) + " inputs, not " + std::to_string(count));
}

TensorPtr with_shape(const Tensor& in, Shape shape) {
    auto out = std::make_shared<Tensor>(in.type(), std::move(shape));
    std::memcpy(out->bytes().data(), in.bytes().data(), out->bytes().size());
    return out;
}

/// out[index] = in[source(index)], element by element; `source` gets the multi-index of the output.
template <typename Source> TensorPtr gather_elements(const Tensor& in, Shape shape, const Source& source) {
    auto out = std::make_shared<Tensor>(in.type(), shape);
    const size_t width = bytes_per_element(in.type());
    std::vector<int64_t> index(shape.rank(), 0);
    const int64_t count = shape.elements();
    for (int64_t i = 0; i < count; ++i) {
        const auto from = static_cast<size_t>(source(index));
        std::memcpy(out->bytes().data() + static_cast<size_t>(i) * width, in.bytes().data() + from * width,
                    width);
        for (size_t axis = shape.rank(); axis-- > 0;) {
            if (++index[axis] < shape[axis]) break;
            index[axis] = 0;
        }
    }
    return out;
}

std::vector<int64_t> strides_of(const Shape& shape) {
    std::vector<int64_t> strides(shape.rank(), 1);
    for (size_t i = shape.rank(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
    return strides;
}

Result<TensorPtr> constant(NodeView& view, const Inputs&) {
    if (view.has("value")) return view.tensor("value");
    if (view.has("value_float")) return tensor_of_reals(DataType::f32, {}, {view.real("value_float", 0)});
    if (view.has("value_int")) return tensor_of_integers(DataType::i64, {}, {view.integer("value_int", 0)});
    if (const auto values = view.integers("value_ints")) {
        return tensor_of_integers(DataType::i64, Shape{static_cast<int64_t>(values->size())}, *values);
    }
    if (const auto it = view.node().attributes.find("value_floats"); it != view.node().attributes.end()) {
        if (const auto* values = std::get_if<std::vector<float>>(&it->second)) {
            return std::make_shared<const Tensor>(
                Tensor::from_f32(Shape{static_cast<int64_t>(values->size())}, *values));
        }
    }
    return TensorPtr{};
}

Result<TensorPtr> identity(NodeView&, const Inputs& inputs) {
    if (auto ok = need(inputs, 1); !ok) return forward_error(ok);
    return inputs[0];
}

Result<TensorPtr> reshape(NodeView& view, const Inputs& inputs) {
    if (auto ok = need(inputs, 1); !ok) return forward_error(ok);
    auto shape = reshaped(view, inputs[0]->shape());
    if (!shape) return forward_error(shape);
    return with_shape(*inputs[0], std::move(*shape));
}

Result<TensorPtr> transpose(NodeView& view, const Inputs& inputs) {
    if (auto ok = need(inputs, 1); !ok) return forward_error(ok);
    const Tensor& in = *inputs[0];
    const size_t rank = in.shape().rank();
    std::vector<int64_t> perm(rank);
    for (size_t i = 0; i < rank; ++i) perm[i] = static_cast<int64_t>(rank - 1 - i);
    if (auto given = view.integers("perm")) perm = *given;
    auto checked = resolve_axes(perm, rank);
    if (!checked || perm.size() != rank ||
        std::any_of(perm.begin(), perm.end(), [](int64_t a) { return a < 0; })) {
        return misfit("its perm is no permutation");
    }
    std::vector<int64_t> dims, strides;
    const auto in_strides = strides_of(in.shape());
    for (const int64_t axis : perm) {
        dims.push_back(in.shape()[static_cast<size_t>(axis)]);
        strides.push_back(in_strides[static_cast<size_t>(axis)]);
    }
    return gather_elements(in, Shape(std::move(dims)), [&](const std::vector<int64_t>& index) {
        int64_t from = 0;
        for (size_t i = 0; i < rank; ++i) from += index[i] * strides[i];
        return from;
    });
}

Result<TensorPtr> gather(NodeView& view, const Inputs& inputs) {
    if (auto ok = need(inputs, 2); !ok) return forward_error(ok);
    const Tensor& in = *inputs[0];
    auto axis = resolve_axis(view.integer("axis", 0), in.shape().rank());
    if (!axis) return forward_error(axis);
    const auto a = static_cast<size_t>(*axis);
    if (!is_integer(inputs[1]->type())) return misfit("its indices are no integers");
    std::vector<int64_t> indices = inputs[1]->to_i64();
    for (int64_t& i : indices) {
        const int64_t extent = in.shape()[a];
        if (i < -extent || i >= extent) {
            return misfit("its index " + std::to_string(i) + " leaves " + in.shape().to_string());
        }
        if (i < 0) i += extent;
    }
    std::vector<int64_t> dims(in.shape().dims().begin(), in.shape().dims().begin() + *axis);
    const size_t index_rank = inputs[1]->shape().rank();
    dims.insert(dims.end(), inputs[1]->shape().dims().begin(), inputs[1]->shape().dims().end());
    dims.insert(dims.end(), in.shape().dims().begin() + *axis + 1, in.shape().dims().end());
    Shape shape(std::move(dims));
    if (auto ok = check_size(shape, inputs); !ok) return forward_error(ok);
    const auto strides = strides_of(in.shape());
    const auto index_strides = strides_of(inputs[1]->shape());
    return gather_elements(in, shape, [&](const std::vector<int64_t>& index) {
        int64_t from = 0, which = 0;
        for (size_t i = 0; i < a; ++i) from += index[i] * strides[i];
        for (size_t i = 0; i < index_rank; ++i) which += index[a + i] * index_strides[i];
        from += indices[static_cast<size_t>(which)] * strides[a];
        for (size_t i = a + 1; i < strides.size(); ++i) from += index[i - 1 + index_rank] * strides[i];
        return from;
    });
}

Result<TensorPtr> slice(NodeView& view, const Inputs& inputs) {
    if (auto ok = need(inputs, 1); !ok) return forward_error(ok);
    const Tensor& in = *inputs[0];
    auto range = resolve_slice(view, in.shape());
    if (!range) return forward_error(range);
    Shape shape = in.shape();
    for (size_t i = 0; i < shape.rank(); ++i) {
        shape[i] = slice_extent(range->starts[i], range->ends[i], range->steps[i]);
    }
    const auto strides = strides_of(in.shape());
    return gather_elements(in, shape, [&](const std::vector<int64_t>& index) {
        int64_t from = 0;
        for (size_t i = 0; i < index.size(); ++i)
            from += (range->starts[i] + index[i] * range->steps[i]) * strides[i];
        return from;
    });
}

Result<TensorPtr> concat(NodeView& view, const Inputs& inputs) {
    if (auto ok = need(inputs, std::max<size_t>(inputs.size(), 1)); !ok) return forward_error(ok);
    const Tensor& first = *inputs[0];
    auto axis = resolve_axis(view.integer("axis", 1), first.shape().rank());
    if (!axis) return forward_error(axis);
    const auto a = static_cast<size_t>(*axis);
    Shape shape = first.shape();
    for (size_t i = 1; i < inputs.size(); ++i) {
        const Shape& other = inputs[i]->shape();
        bool fits = other.rank() == shape.rank() && inputs[i]->type() == first.type();
        for (size_t k = 0; fits && k < shape.rank(); ++k) fits = k == a || other[k] == shape[k];
        if (!fits)
            return misfit("shapes " + first.shape().to_string() + " and " + other.to_string() +
                          " cannot be joined");
        shape[a] += other[a];
        if (auto ok = check_size(shape, inputs); !ok) return forward_error(ok);
    }
    auto out = std::make_shared<Tensor>(first.type(), shape);
    int64_t outer = 1;
    for (size_t i = 0; i < a; ++i) outer *= shape[i];
    if (outer == 0) return out;
    std::byte* to = out->bytes().data();
    for (int64_t o = 0; o < outer; ++o) {
        for (const TensorPtr& input : inputs) {
            const size_t run = input->bytes().size() / static_cast<size_t>(outer);
            if (run > 0) std::memcpy(to, input->bytes().data() + static_cast<size_t>(o) * run, run);
            to += run;
        }
    }
    return out;
}

/// A shape given as a constant vector.
Result<Shape> shape_from(const Tensor& tensor) {
    if (tensor.type() != DataType::i64 || tensor.shape().rank() != 1 || tensor.elements() > 64) {
        return misfit("its shape is no short vector of int64");
    }
    Shape shape(tensor.to_i64());
    if (!shape.checked_elements()) return misfit("its shape " + shape.to_string() + " is impossible");
    return shape;
}

Result<TensorPtr> constant_of_shape(NodeView& view, const Inputs& inputs) {
    if (auto ok = need(inputs, 1); !ok) return forward_error(ok);
    auto shape = shape_from(*inputs[0]);
    if (!shape) return forward_error(shape);
    if (auto ok = check_size(*shape, inputs); !ok) return forward_error(ok);
    TensorPtr value = view.tensor("value");
    if (!value) value = std::make_shared<const Tensor>(DataType::f32, Shape{1});
    if (value->elements() != 1) return misfit("its value is no single number");
    return gather_elements(*value, *shape, [](const std::vector<int64_t>&) { return 0; });
}

Result<TensorPtr> expand(NodeView&, const Inputs& inputs) {
    if (auto ok = need(inputs, 2); !ok) return forward_error(ok);
    auto target = shape_from(*inputs[1]);
    if (!target) return forward_error(target);
    const Tensor& in = *inputs[0];
    auto shape = broadcast_shape(in.shape(), *target);
    if (!shape) return forward_error(shape);
    if (auto ok = check_size(*shape, inputs); !ok) return forward_error(ok);
    const auto strides = strides_of(in.shape());
    const size_t lead = shape->rank() - in.shape().rank();
    return gather_elements(in, *shape, [&](const std::vector<int64_t>& index) {
        int64_t from = 0;
        for (size_t i = 0; i < strides.size(); ++i)
            from += in.shape()[i] == 1 ? 0 : index[lead + i] * strides[i];
        return from;
    });
}

Result<TensorPtr> tile(NodeView&, const Inputs& inputs) {
    if (auto ok = need(inputs, 2); !ok) return forward_error(ok);
    const Tensor& in = *inputs[0];
    const auto rank = static_cast<int64_t>(in.shape().rank());
    if (inputs[1]->type() != DataType::i64 || inputs[1]->elements() != rank)
        return misfit("its repeats do not fit " + in.shape().to_string());
    const auto repeats = inputs[1]->to_i64();
    Shape shape = in.shape();
    for (size_t i = 0; i < shape.rank(); ++i) {
        if (repeats[i] < 0 || __builtin_mul_overflow(shape[i], repeats[i], &shape[i]))
            return misfit("its repeats hold " + std::to_string(repeats[i]));
    }
    if (auto ok = check_size(shape, inputs); !ok) return forward_error(ok);
    const auto strides = strides_of(in.shape());
    return gather_elements(in, shape, [&](const std::vector<int64_t>& index) {
        int64_t from = 0;
        for (size_t i = 0; i < strides.size(); ++i) from += index[i] % in.shape()[i] * strides[i];
        return from;
    });
}

Result<TensorPtr> range(NodeView&, const Inputs& inputs) {
    if (auto ok = need(inputs, 3); !ok) return forward_error(ok);
    for (const TensorPtr& input : inputs) {
        if (input->elements() != 1 || input->type() != inputs[0]->type())
            return misfit("its bounds are no single numbers");
    }
    const bool real = is_real(inputs[0]->type());
    const auto bound = [&](size_t i) {
        return real ? reals_of(*inputs[i])[0] : static_cast<double>(inputs[i]->to_i64()[0]);
    };
    const double start = bound(0), step = bound(2);
    if (step == 0) return misfit("its step is 0");
    const double count = std::max(0.0, std::ceil((bound(1) - start) / step));
    if (!(count <= double(1 << 20)) ||
        (!real && std::max(std::fabs(start), std::fabs(bound(1))) > double(1LL << 50))) {
        return misfit("it asks for too many values");
    }
    std::vector<double> values(static_cast<size_t>(count)); // exact for integers below 2^53
    for (size_t i = 0; i < values.size(); ++i) values[i] = start + static_cast<double>(i) * step;
    const Shape shape{static_cast<int64_t>(values.size())};
    if (real) return tensor_of_reals(inputs[0]->type(), shape, values);
    return tensor_of_integers(inputs[0]->type(), shape, std::vector<int64_t>(values.begin(), values.end()));
}

} // namespace

Function layout_function(const std::string& op_type) {
    static const std::map<std::string, Function> functions{
        {"Constant", constant},   {"Identity", identity}, {"Reshape", reshape},
        {"Flatten", reshape},     {"Squeeze", reshape},   {"Unsqueeze", reshape},
        {"Transpose", transpose}, {"Gather", gather},     {"Slice", slice},
        {"Concat", concat},       {"Expand", expand},     {"ConstantOfShape", constant_of_shape},
        {"Range", range},         {"Tile", tile},
    };
    const auto it = functions.find(op_type);
    return it == functions.end() ? nullptr : it->second;
}

} // namespace widthwise::onnx::folding
