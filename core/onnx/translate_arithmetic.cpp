// Element-wise ops of several numbers: arithmetic, comparisons, logic, choice.

#include "core/onnx/translate.h"

#include "core/base/text.h"
#include "core/onnx/shape_rules.h"

namespace widthwise::onnx::translation {

namespace {

/// numpy broadcasting must leave the batch where it is: the outermost axis of all operands, or of the only
/// activation. The common shape of the first `count` inputs.
Result<Shape> common_shape(const NodeView& view, size_t count) {
    std::optional<Shape> shape;
    for (size_t i = 0; i < count; ++i) {
        const Operand* operand = view.input(i);
        if (!operand) return misfit("it lacks an input");
        if (view.opset() < 7 && shape && *operand->shape != *shape)
            return refuse("broadcasting before operator set 7 is not run");
        auto both = shape ? broadcast_shape(*shape, *operand->shape) : Result<Shape>(*operand->shape);
        if (!both) return both;
        shape = std::move(*both);
    }
    if (!shape) return misfit("it has no input");
    bool any_activation = false;
    for (size_t i = 0; i < count; ++i) any_activation |= view.input(i)->is_activation();
    if (!any_activation || shape->rank() == 0) return refuse("all its inputs are constant");
    for (size_t i = 0; i < count; ++i) {
        const Operand* operand = view.input(i);
        if (operand->is_activation() && operand->shape->rank() != shape->rank())
            return refuse("it broadcasts " + in_quotes(operand->name) + " across the batch");
    }
    if ((*shape)[0] != 1) return refuse("its constant holds values for each image of a batch");
    return *shape;
}

/// Integer constants make no sense beside float activations, but for exponents.
Result<void> all_f32(const NodeView& view) {
    for (const Operand& operand : view.inputs()) {
        if (operand.constant && operand.constant->type() != DataType::f32)
            return misfit(in_quotes(operand.name) + " is " +
                          std::string(to_string(operand.constant->type())));
    }
    return {};
}

template <Op op> Result<Translated> binary(NodeView& view, const Batch&) {
    if (view.inputs().size() != 2)
        return misfit("it has " + std::to_string(view.inputs().size()) + " inputs, not 2");
    auto shape = common_shape(view, 2);
    if (!shape) return forward_error(shape);
    if (auto ok = all_f32(view); !ok) return forward_error(ok);
    return Translated{op, {}, {Source{0, nullptr}, Source{1, nullptr}}};
}

Result<Translated> pow(NodeView& view, const Batch&) {
    auto shape = common_shape(view, 2);
    if (!shape) return forward_error(shape);
    auto base = number_source(view, 0), exponent = number_source(view, 1);
    if (!base) return forward_error(base);
    if (!exponent) return forward_error(exponent);
    return Translated{Op::pow, {}, {*base, *exponent}};
}

/// Sum, Min, Max and Mean of any number of inputs: one pair after the other, from the left.
template <Op op> Result<Translated> variadic(NodeView& view, const Batch&) {
    const size_t count = view.inputs().size();
    auto shape = common_shape(view, count);
    if (!shape) return forward_error(shape);
    if (auto ok = all_f32(view); !ok) return forward_error(ok);
    const bool mean = view.op_type() == "Mean";
    Translated out;
    Source sum{0, nullptr};
    for (size_t i = 1; i < count; ++i)
        sum = out.then(op, {}, {sum, Source{i, nullptr}}, mean ? "Add" : view.op_type());
    if (mean && count > 1) {
        const Source share =
            made_constant(view, Tensor::from_f32(Shape{}, {1.0F / static_cast<float>(count)}), "share");
        out.then(Op::mul, {}, {sum, share}, "Mul");
    }
    if (count == 1) out.then(Op::identity, {}, {sum}, "Identity");
    return std::move(out).finished();
}

template <Comparison comparison> Result<Translated> compare(NodeView& view, const Batch&) {
    auto shape = common_shape(view, 2);
    if (!shape) return forward_error(shape);
    auto a = number_source(view, 0), b = number_source(view, 1);
    if (!a) return forward_error(a);
    if (!b) return forward_error(b);
    return Translated{Op::compare, CompareAttributes{comparison}, {*a, *b}, DataType::boolean};
}

/// On ones and zeros And is a product, Or the maximum, Xor that they differ.
template <Op op> Result<Translated> logic(NodeView& view, const Batch&) {
    auto shape = common_shape(view, 2);
    if (!shape) return forward_error(shape);
    auto a = number_source(view, 0), b = number_source(view, 1);
    if (!a) return forward_error(a);
    if (!b) return forward_error(b);
    return Translated{op, {}, {*a, *b}, DataType::boolean};
}

Result<Translated> logical_not(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    return Translated{Op::function,
                      FunctionAttributes{widthwise::Function::logical_not, 0, 0},
                      {Source{0, nullptr}},
                      DataType::boolean};
}

Result<Translated> exclusive_or(NodeView& view, const Batch& batch) {
    auto same = compare<Comparison::equal>(view, batch);
    if (!same) return same;
    same->steps[0].output = -1;
    same->steps[0].op_type = "Equal";
    same->then(Op::function, FunctionAttributes{widthwise::Function::logical_not, 0, 0},
               {Source{0, nullptr, {}, 0}}, "Not");
    return std::move(*same).finished(DataType::boolean);
}

Result<Translated> where(NodeView& view, const Batch&) {
    auto shape = common_shape(view, 3);
    if (!shape) return forward_error(shape);
    std::vector<Source> inputs;
    for (size_t i = 0; i < 3; ++i) {
        auto source = number_source(view, i);
        if (!source) return forward_error(source);
        inputs.push_back(std::move(*source));
    }
    return Translated{Op::where, {}, std::move(inputs), type_of_input(view, 1)};
}

} // namespace

Function arithmetic_function(const std::string& op_type) {
    static const std::map<std::string, Function> functions{
        {"Add", binary<Op::add>},
        {"Sub", binary<Op::sub>},
        {"Mul", binary<Op::mul>},
        {"Div", binary<Op::div>},
        {"Pow", pow},
        {"Sum", variadic<Op::add>},
        {"Mean", variadic<Op::add>},
        {"Min", variadic<Op::minimum>},
        {"Max", variadic<Op::maximum>},
        {"Equal", compare<Comparison::equal>},
        {"Less", compare<Comparison::less>},
        {"LessOrEqual", compare<Comparison::less_or_equal>},
        {"Greater", compare<Comparison::greater>},
        {"GreaterOrEqual", compare<Comparison::greater_or_equal>},
        {"And", logic<Op::mul>},
        {"Or", logic<Op::maximum>},
        {"Xor", exclusive_or},
        {"Not", logical_not},
        {"Where", where},
    };
    const auto it = functions.find(op_type);
    return it == functions.end() ? nullptr : it->second;
}

} // namespace widthwise::onnx::translation
