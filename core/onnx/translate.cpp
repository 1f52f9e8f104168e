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

namespace {

Function find(const std::string& op_type) {
    for (const auto lookup : {layer_function, pointwise_function, shape_function}) {
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
