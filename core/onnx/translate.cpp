#include "core/onnx/translate.h"

#include "core/base/text.h"

namespace widthwise::onnx {

namespace translation {

Result<Shape> activation_shape(const NodeView& view) {
    const Operand* input = view.input(0);
    if (!input) return misfit("it has no input");
    if (input->constant) return refuse("its input " + in_quotes(input->name) + " is constant");
    return *input->shape;
}

Result<Shape> image_shape(const NodeView& view) {
    auto shape = activation_shape(view);
    if (shape && shape->rank() != 4)
        return refuse(view.op_type() + " on " + shape->to_string() + " is not run, only on images");
    return shape;
}

Result<void> need_constants(const NodeView& view) {
    for (size_t i = 1; i < view.inputs().size(); ++i) {
        const Operand* input = view.input(i);
        if (input && !input->constant)
            return refuse("its weights (" + in_quotes(input->name) + ") are computed, not constant");
    }
    return {};
}

std::vector<Source> leading_inputs(const NodeView& view, size_t count) {
    std::vector<Source> out;
    for (size_t i = 0; i < count && view.input(i); ++i) out.push_back({i, nullptr});
    return out;
}

Result<Source> number_source(const NodeView& view, size_t index) {
    const Operand* operand = view.input(index);
    if (!operand) return misfit("it lacks an input");
    if (!operand->constant || operand->constant->type() == DataType::f32) return Source{index, nullptr};
    Tensor numbers = Tensor::from_f32(operand->constant->shape(), operand->constant->to_f32());
    return Source{index, std::make_shared<const Tensor>(std::move(numbers)), "f32"};
}

Result<std::optional<double>> single_number(const NodeView& view, size_t index, const std::string& what) {
    const Operand* operand = view.input(index);
    if (!operand) return std::optional<double>{};
    if (!operand->constant) return refuse("its " + what + " is computed, not constant");
    if (operand->constant->elements() != 1) return misfit("its " + what + " is no single number");
    return std::optional<double>(operand->constant->to_f32().front());
}

Source made_constant(const NodeView& view, Tensor tensor, const std::string& how) {
    return Source{0, std::make_shared<const Tensor>(std::move(tensor)), view.node().name + ":" + how};
}

DataType type_of_input(const NodeView& view, size_t index) {
    const Operand* operand = view.input(index);
    return operand ? operand->type.value_or(DataType::f32) : DataType::f32;
}

tl::unexpected<Error> moves_batch(const NodeView& view) {
    return refuse(view.op_type() + " mixes the batch with other axes, which is not run");
}

namespace {

Function find(const std::string& op_type) {
    for (const auto lookup : {layer_function, matrix_function, pool_function, norm_function,
                              activation_function, arithmetic_function, reduction_function, shape_function,
                              piece_function, image_function, threshold_function}) {
        if (const auto function = lookup(op_type)) return function;
    }
    return nullptr;
}

} // namespace

} // namespace translation

bool can_translate(const std::string& op_type) {
    return translation::find(op_type) != nullptr;
}

Result<Translated> translate(NodeView& view, const Batch& batch) {
    const auto function = view.node().domain.empty() ? translation::find(view.op_type()) : nullptr;
    if (!function) return translation::refuse(view.op_type() + " is not run by this version");
    auto out = function(view, batch);
    if (view.problem()) return tl::unexpected<Error>(*view.problem());
    return out;
}

} // namespace widthwise::onnx
