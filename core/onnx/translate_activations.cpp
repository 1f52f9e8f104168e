// Functions of one number, and what only changes its type.

#include "core/onnx/translate.h"

#include "core/base/text.h"
#include "core/onnx/proto_tensor.h"

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

using Kind = widthwise::Function;

template <Kind kind> Result<Translated> function(NodeView& view, const Batch&) {
    return unary(view, Op::function, FunctionAttributes{kind, 0, 0});
}

Result<Translated> leaky_relu(NodeView& view, const Batch&) {
    return unary(view, Op::leaky_relu, LeakyReluAttributes{view.real("alpha", 0.01F)});
}

Result<Translated> hard_sigmoid(NodeView& view, const Batch&) {
    return unary(view, Op::function,
                 FunctionAttributes{Kind::hard_sigmoid, view.real("alpha", 0.2F), view.real("beta", 0.5F)});
}

Result<Translated> elu(NodeView& view, const Batch&) {
    return unary(view, Op::function, FunctionAttributes{Kind::elu, view.real("alpha", 1), 0});
}

/// Klambauer 2017; the constants as the ONNX specification writes them.
Result<Translated> selu(NodeView& view, const Batch&) {
    return unary(view, Op::function,
                 FunctionAttributes{Kind::selu, view.real("alpha", 1.67326319217681884765625F),
                                    view.real("gamma", 1.05070102214813232421875F)});
}

Result<Translated> gelu(NodeView& view, const Batch&) {
    const std::string form = view.text("approximate", "none");
    if (form != "none" && form != "tanh") return misfit("its approximate is " + in_quotes(form));
    return unary(view, Op::function, FunctionAttributes{form == "tanh" ? Kind::gelu_tanh : Kind::gelu, 0, 0});
}

/// The slope broadcasts to the input.
Result<Translated> prelu(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    if (auto ok = need_constants(view); !ok) return forward_error(ok);
    const Operand* slope = view.input(1);
    if (!slope) return misfit("it has no slope");
    const Shape& shape = *slope->shape;
    if (shape.rank() == in->rank() && shape[0] != 1)
        return refuse("its slope holds values for each image of a batch");
    auto source = number_source(view, 1);
    if (!source) return forward_error(source);
    return Translated{Op::prelu, {}, {Source{0, nullptr}, *source}};
}

/// One bound of Clip: an attribute before operator set 11, an optional constant input after.
Result<float> bound(NodeView& view, const std::string& name, size_t index, float fallback) {
    if (view.opset() < 11) return view.real(name, fallback);
    const Operand* operand = view.input(index);
    if (!operand) return fallback;
    if (!operand->constant) return refuse("its bounds are computed, not constant");
    if (operand->constant->type() != DataType::f32 || operand->constant->elements() != 1)
        return misfit("its " + name + " is no single float32 number");
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

/// Our numbers are f32 whatever ONNX calls them: only what rounds (to integers) or decides (to booleans) is
/// work. Integers beyond 2^24 would lose digits, but no image network counts that far.
Result<Translated> cast_to(NodeView& view, DataType to) {
    const DataType from = type_of_input(view);
    if (to == DataType::f16 || to == DataType::bf16) to = DataType::f32; // computed in float32 throughout
    if (to == DataType::boolean && from != DataType::boolean) {
        Translated out;
        const Source zero = made_constant(view, Tensor::from_f32(Shape{}, {0}), "zero");
        const Source is_zero =
            out.then(Op::compare, CompareAttributes{Comparison::equal}, {Source{0, nullptr}, zero}, "Equal");
        out.steps.back().type = DataType::boolean;
        out.then(Op::function, FunctionAttributes{Kind::logical_not, 0, 0}, {is_zero}, "Not");
        return std::move(out).finished(DataType::boolean);
    }
    const bool integer = to == DataType::i64 || to == DataType::i32;
    if (integer && from == DataType::f32)
        return Translated{Op::function, FunctionAttributes{Kind::truncate, 0, 0}, {Source{0, nullptr}}, to}
            .as("Cast");
    if (integer || to == DataType::f32 || to == from)
        return Translated{Op::identity, {}, {Source{0, nullptr}}, to}.as("Cast");
    return refuse(view.op_type() + " to " + std::string(to_string(to)) + " is not run by this version");
}

Result<Translated> cast(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    const auto to = data_type_of(static_cast<int>(std::clamp<int64_t>(view.integer("to", 0), 0, 1000)));
    if (!to) return refuse("Cast to this type is not run by this version");
    return cast_to(view, *to);
}

Result<Translated> cast_like(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    if (!view.input(1)) return misfit("it lacks an input");
    return cast_to(view, type_of_input(view, 1));
}

Result<Translated> identity(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    return Translated{Op::identity, {}, {Source{0, nullptr}}, type_of_input(view)};
}

Result<Translated> dropout(NodeView& view, const Batch&) {
    const Operand* training = view.input(2);
    if (training && !training->constant) return refuse("its training_mode is computed, not constant");
    if (training && training->constant->elements() == 1 && training->constant->to_i64()[0] != 0)
        return refuse("Dropout in training mode is not run");
    return unary(view, Op::identity);
}

} // namespace

Function activation_function(const std::string& op_type) {
    static const std::map<std::string, Function> functions{
        {"Relu", plain<Op::relu>},
        {"LeakyRelu", leaky_relu},
        {"PRelu", prelu},
        {"Clip", clip},
        {"Sigmoid", plain<Op::sigmoid>},
        {"HardSigmoid", hard_sigmoid},
        {"HardSwish", function<Kind::hard_swish>},
        {"Tanh", plain<Op::tanh>},
        {"Exp", plain<Op::exp>},
        {"Gelu", gelu},
        {"Erf", function<Kind::erf>},
        {"Log", function<Kind::log>},
        {"Sqrt", function<Kind::sqrt>},
        {"Neg", function<Kind::neg>},
        {"Abs", function<Kind::abs>},
        {"Reciprocal", function<Kind::reciprocal>},
        {"Floor", function<Kind::floor>},
        {"Ceil", function<Kind::ceil>},
        {"Round", function<Kind::round>},
        {"Sign", function<Kind::sign>},
        {"Elu", elu},
        {"Selu", selu},
        {"Softplus", function<Kind::softplus>},
        {"Softsign", function<Kind::softsign>},
        {"Mish", function<Kind::mish>},
        {"Identity", identity},
        {"Dropout", dropout},
        {"Cast", cast},
        {"CastLike", cast_like},
    };
    const auto it = functions.find(op_type);
    return it == functions.end() ? nullptr : it->second;
}

} // namespace widthwise::onnx::translation
