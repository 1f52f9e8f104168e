// QONNX's MultiThreshold, which rewrite_quantizers leaves as it is.

#include "core/onnx/translate.h"

#include <algorithm>

namespace widthwise::onnx::translation {

namespace {

Result<Translated> multi_threshold(NodeView& view, const Batch&) {
    auto in = activation_shape(view);
    if (!in) return forward_error(in);
    const Operand* thresholds = view.input(1);
    if (!thresholds) return misfit("it has no thresholds");
    if (!thresholds->constant) return refuse("its thresholds are computed, not constant");
    const Tensor& tensor = *thresholds->constant;
    if (tensor.type() != DataType::f32 || tensor.shape().rank() != 2)
        return misfit("its thresholds are no matrix of float32");
    const auto values = tensor.as<float>();
    if (!std::none_of(values.begin(), values.end(), [](float t) { return t != t; }))
        return misfit("one of its thresholds is no number");
    const MultiThresholdAttributes a{view.real("out_scale", 1), view.real("out_bias", 0)};
    return Translated{Op::multi_threshold, a, {Source{0, nullptr}, Source{1, nullptr}}};
}

} // namespace

Function threshold_function(const std::string& op_type) {
    return op_type == "MultiThreshold" ? multi_threshold : nullptr;
}

} // namespace widthwise::onnx::translation
