#pragma once
// Networks that others quantized, as float networks whose quantizers stand apart.

#include "core/base/result.h"
#include "core/onnx/raw_model.h"

namespace widthwise::onnx {

/// Rewrites QuantizeLinear and DequantizeLinear, the integer operators of ONNX and ONNX Runtime (QLinearConv,
/// ConvInteger, QGemm, ...), DynamicQuantizeLinear and QONNX's Quant and BipolarQuant into float layers,
/// quantizers of activations (RawNode::quantizer) and constants that hold their real values, with the format
/// of a layer's weights at the layer (RawNode::weights). Integer tensors become their real values under the
/// same name. What cannot be rewritten stays, with its reason in RawNode::refused. A network without
/// quantizers is left as it is: then the result is false. Errors: invalid_input naming the node (scales that
/// are no positive numbers, zero points out of range, an axis outside the tensor, numbers that do not fit).
[[nodiscard]] Result<bool> rewrite_quantizers(RawModel& model);

} // namespace widthwise::onnx
