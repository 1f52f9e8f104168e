// Activation functions, element-wise arithmetic, softmax and means.

#include "core/onnx/translate.h"

#include "core/base/text.h"
#include "core/onnx/proto_tensor.h"
#include "core/onnx/shape_rules.h"

namespace widthwise::onnx::translation {

namespace {

Result<Translated> unary(NodeView& view, Op op, Attributes attributes = {}) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    return Translated{op, std::move(attributes), {Source{0, nullptr}}};
}

template <Op op> Result<Translated> plain(NodeView& view, const Batch&) {
    return unary(view, op);
}

Result<Translated> leaky_relu(NodeView& view, const Batch&) {
    return unary(view, Op::leaky_relu, LeakyReluAttributes{view.real("alpha", 0.01F)});
}

/// One bound of Clip: an attribute before operator set 11, an optional constant input after.
Result<float> bound(NodeView& view, const std::string& name, size_t index, float fallback) {
    if (view.opset() < 11) return view.real(name, fallback);
    const Operand* operand = view.input(index);
    if (!operand) return fallback;
    if (!operand->constant) return refuse("its bounds are computed, not constant");
    if (operand->constant->type() != DataType::f32 || operand->constant->elements() != 1) {
        return misfit("its " + name + " is no single float32 number");
    }
    return operand->constant->as<float>()[0];
}

Result<Translated> clip(NodeView& view, const Batch&) {
    ClipAttributes a;
    auto lo = bound(view, "min", 1, a.lo);
    if (!lo) return forward_error(lo);
    auto hi = bound(view, "max", 2, a.hi);
    if (!hi) return forward_error(hi);
    return unary(view, Op::clip, ClipAttributes{*lo, *hi});
}

Result<Translated> cast(NodeView& view, const Batch&) {
    const int64_t to = view.integer("to", 0);
    if (to != onnx_type_of(DataType::f32))
        return refuse("Cast to another type than float32 is not run by this version");
    return unary(view, Op::identity);
}

Result<Translated> dropout(NodeView& view, const Batch&) {
    const Operand* training = view.input(2);
    if (training && !training->constant) return refuse("its training_mode is computed, not constant");
    if (training && training->constant->elements() == 1 && training->constant->to_i64()[0] != 0) {
        return refuse("Dropout in training mode is not run");
    }
    return unary(view, Op::identity);
}

/// Before operator set 13 softmax normalized over `axis` (1 by default) and all that follows, since then over
/// `axis` (the last by default) alone. The two agree where nothing but ones follows.
Result<Translated> softmax(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    const bool old = view.opset() < 13;
    auto axis = resolve_axis(view.integer("axis", old ? 1 : -1), in->rank());
    if (!axis) return forward_error(axis);
    if (*axis == 0) return refuse("Softmax across the batch is not run");
    int64_t trailing = 1;
    for (size_t i = static_cast<size_t>(*axis) + 1; i < in->rank(); ++i) trailing *= (*in)[i];
    return unary(view, Op::softmax, SoftmaxAttributes{*axis, old && trailing > 1});
}

/// numpy broadcasting must leave the batch where it is: the outermost axis of both operands, or of the only
/// activation.
template <Op op> Result<Translated> binary(NodeView& view, const Batch&) {
    if (view.inputs().size() != 2)
        return refuse(view.op_type() + " of " + std::to_string(view.inputs().size()) + " inputs is not run");
    const Operand* a = view.input(0);
    const Operand* b = view.input(1);
    if (!a || !b) return misfit("it lacks an input");
    auto shape = broadcast_shape(*a->shape, *b->shape);
    if (view.opset() < 7 && *a->shape != *b->shape)
        return refuse("broadcasting before operator set 7 is not run");
    if (!shape) return forward_error(shape);
    for (const Operand* operand : {a, b}) {
        if (operand->is_activation() && operand->shape->rank() != shape->rank()) {
            return refuse("it broadcasts " + in_quotes(operand->name) + " across the batch");
        }
        if (operand->constant && operand->constant->type() != DataType::f32) {
            return misfit(in_quotes(operand->name) + " is " +
                          std::string(to_string(operand->constant->type())));
        }
    }
    if ((*shape)[0] != 1) return refuse("its constant holds values for each image of a batch");
    return Translated{op, {}, {Source{0, nullptr}, Source{1, nullptr}}};
}

Result<Translated> reduce_mean(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    auto given = view.integers("axes", 1);
    if (!given) return forward_error(given);
    const bool nothing = !*given || (*given)->empty();
    if (nothing && view.integer("noop_with_empty_axes", 0) != 0) return unary(view, Op::identity);
    if (nothing) return refuse("a mean across the batch is not run");
    auto axes = resolve_axes(**given, in->rank());
    if (!axes) return forward_error(axes);
    if (axes->front() == 0) return refuse("a mean across the batch is not run");
    return unary(view, Op::reduce_mean, ReduceAttributes{*axes, view.integer("keepdims", 1) != 0});
}

} // namespace

Function pointwise_function(const std::string& op_type) {
    static const std::map<std::string, Function> functions{
        {"Relu", plain<Op::relu>},
        {"LeakyRelu", leaky_relu},
        {"Clip", clip},
        {"Sigmoid", plain<Op::sigmoid>},
        {"Tanh", plain<Op::tanh>},
        {"Exp", plain<Op::exp>},
        {"Softmax", softmax},
        {"Identity", plain<Op::identity>},
        {"Dropout", dropout},
        {"Cast", cast},
        {"Add", binary<Op::add>},
        {"Sum", binary<Op::add>},
        {"Sub", binary<Op::sub>},
        {"Mul", binary<Op::mul>},
        {"Div", binary<Op::div>},
        {"ReduceMean", reduce_mean},
    };
    const auto it = functions.find(op_type);
    return it == functions.end() ? nullptr : it->second;
}

} // namespace widthwise::onnx::translation
