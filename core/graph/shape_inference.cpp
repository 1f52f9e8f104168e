#include "core/base/text.h"
#include "core/graph/shape_checks.h"

namespace widthwise {

namespace {

using shapes::Inputs;
using shapes::misfit;
using shapes::need_constants;
using shapes::need_inputs;

template <typename T> Result<const T*> typed(const Attributes& attributes) {
    if (const T* found = std::get_if<T>(&attributes)) return found;
    return misfit("its attributes belong to another op");
}

/// Ops that take `T` and one input.
template <typename T>
Result<Shape> unary(const Attributes& attributes, Inputs inputs,
                    Result<Shape> (*infer)(const T&, const Shape&)) {
    auto a = typed<T>(attributes);
    if (!a) return forward_error(a);
    if (auto ok = need_inputs(inputs, 1, 1); !ok) return forward_error(ok);
    return infer(**a, inputs[0]->shape);
}

/// Ops that take `T`, one input and constants.
template <typename T>
Result<Shape> learned(const Attributes& attributes, Inputs inputs, size_t least, size_t most,
                      Result<Shape> (*infer)(const T&, Inputs)) {
    auto a = typed<T>(attributes);
    if (!a) return forward_error(a);
    if (auto ok = need_inputs(inputs, least, most); !ok) return forward_error(ok);
    if (auto ok = need_constants(inputs); !ok) return forward_error(ok);
    return infer(**a, inputs);
}

/// Ops without attributes.
Result<Shape> plain(Inputs inputs, size_t count, Result<Shape> (*infer)(Inputs)) {
    if (auto ok = need_inputs(inputs, count, count); !ok) return forward_error(ok);
    return infer(inputs);
}

Result<Shape> same(Inputs inputs) {
    return inputs[0]->shape;
}

Result<Shape> global_pool(Inputs inputs) {
    const Shape& in = inputs[0]->shape;
    if (auto ok = shapes::need_rank(in, 4, "the input"); !ok) return forward_error(ok);
    return Shape{in[0], in[1], 1, 1};
}

Result<Shape> pointwise(Op op, const Attributes& attributes, Inputs inputs) {
    switch (op) {
    case Op::clip:
        return unary<ClipAttributes>(attributes, inputs, shapes::clip);
    case Op::leaky_relu:
        if (auto a = typed<LeakyReluAttributes>(attributes); !a) return forward_error(a);
        return plain(inputs, 1, same);
    case Op::function:
        return unary<FunctionAttributes>(attributes, inputs, shapes::function);
    case Op::compare:
        if (auto a = typed<CompareAttributes>(attributes); !a) return forward_error(a);
        return plain(inputs, 2, shapes::broadcast);
    case Op::where:
        return plain(inputs, 3, shapes::broadcast);
    case Op::prelu:
        return plain(inputs, 2, shapes::prelu);
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::div:
    case Op::pow:
    case Op::minimum:
    case Op::maximum:
        return plain(inputs, 2, shapes::broadcast);
    case Op::multi_threshold:
        if (auto a = typed<MultiThresholdAttributes>(attributes); !a) return forward_error(a);
        if (auto ok = need_inputs(inputs, 2, 2); !ok) return forward_error(ok);
        if (auto ok = need_constants(inputs); !ok) return forward_error(ok);
        return shapes::multi_threshold(inputs);
    default: // relu, sigmoid, tanh, exp, identity, quantize
        return plain(inputs, 1, same);
    }
}

Result<Shape> dispatch(Op op, const Attributes& attributes, Inputs inputs) {
    switch (op) {
    case Op::conv:
        return learned<ConvAttributes>(attributes, inputs, 2, 3, shapes::conv);
    case Op::conv_transpose:
        return learned<ConvTransposeAttributes>(attributes, inputs, 2, 3, shapes::conv_transpose);
    case Op::gemm:
        if (auto ok = need_inputs(inputs, 2, 3); !ok) return forward_error(ok);
        if (auto ok = need_constants(inputs); !ok) return forward_error(ok);
        return shapes::gemm(inputs);
    case Op::matmul:
        return plain(inputs, 2, shapes::matmul);
    case Op::batch_norm:
        return learned<BatchNormAttributes>(attributes, inputs, 5, 5, shapes::batch_norm);
    case Op::instance_norm:
        return learned<NormAttributes>(attributes, inputs, 3, 3, shapes::instance_norm);
    case Op::layer_norm:
        return learned<NormAttributes>(attributes, inputs, 2, 3, shapes::layer_norm);
    case Op::lrn:
        return unary<LrnAttributes>(attributes, inputs, shapes::lrn);
    case Op::softmax:
        return unary<SoftmaxAttributes>(attributes, inputs, shapes::softmax);
    case Op::relu:
    case Op::leaky_relu:
    case Op::prelu:
    case Op::clip:
    case Op::sigmoid:
    case Op::tanh:
    case Op::exp:
    case Op::function:
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::div:
    case Op::pow:
    case Op::minimum:
    case Op::maximum:
    case Op::compare:
    case Op::where:
    case Op::identity:
    case Op::quantize:
    case Op::multi_threshold:
        return pointwise(op, attributes, inputs);
    case Op::max_pool:
    case Op::average_pool:
        return unary<PoolAttributes>(attributes, inputs, shapes::pool);
    case Op::global_average_pool:
        return plain(inputs, 1, global_pool);
    case Op::reduce_mean:
        if (auto a = typed<ReduceAttributes>(attributes); a && (*a)->reduction != Reduction::mean)
            return misfit("it is no mean");
        return unary<ReduceAttributes>(attributes, inputs, shapes::reduce);
    case Op::reduce:
        return unary<ReduceAttributes>(attributes, inputs, shapes::reduce);
    case Op::arg_max:
        return unary<ArgMaxAttributes>(attributes, inputs, shapes::arg_max);
    case Op::concat: {
        auto a = typed<ConcatAttributes>(attributes);
        if (!a) return forward_error(a);
        if (inputs.empty()) return misfit("it joins nothing");
        return shapes::concat(**a, inputs);
    }
    case Op::slice:
        return unary<SliceAttributes>(attributes, inputs, shapes::slice);
    case Op::pad:
        return unary<PadAttributes>(attributes, inputs, shapes::pad);
    case Op::reshape:
        return unary<ReshapeAttributes>(attributes, inputs, shapes::reshape);
    case Op::transpose:
        return unary<TransposeAttributes>(attributes, inputs, shapes::transpose);
    case Op::gather:
        return unary<GatherAttributes>(attributes, inputs, shapes::gather);
    case Op::expand:
        return unary<ExpandAttributes>(attributes, inputs, shapes::expand);
    case Op::depth_to_space:
        return unary<BlockAttributes>(attributes, inputs, shapes::depth_to_space);
    case Op::space_to_depth:
        return unary<BlockAttributes>(attributes, inputs, shapes::space_to_depth);
    case Op::resize:
        return unary<ResizeAttributes>(attributes, inputs, shapes::resize);
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
