#pragma once

#include "core/design/precision_plan.h"
#include "core/graph/graph.h"

#include <filesystem>
#include <map>
#include <string>

namespace widthwise::onnx {

/// Serialized ModelProto (opset 13, or the oldest that has all ops; batch dimension "N") of a graph without
/// unsupported ops; passes the checker and imports to the same nodes. `metadata` becomes metadata_props.
[[nodiscard]] Result<std::string> export_model(const Graph& graph,
                                               const std::map<std::string, std::string>& metadata = {});

enum class QuantizedForm { qdq, qonnx };

/// The graph with its resolved design written into it. qdq (opset 13): QuantizeLinear and DequantizeLinear
/// around every quantized tensor, int8 or uint8 (narrower widths keep their range by a Clip before the
/// QuantizeLinear), biases int32; runs in ONNX Runtime; integer formats of at most 8 bits only. qonnx:
/// Quant and BipolarQuant of the domain "qonnx.custom_op.general", any width; formats that it cannot hold go
/// into the metadata as a design. Both forms: weights of a codebook are written as floats, the levels
/// themselves, and the codebook goes into the metadata. Values that passes left are written as weights;
/// BatchNormalization that the design folds is folded. Errors: unsupported naming the layer and the format.
[[nodiscard]] Result<std::string> export_quantized(const Graph& graph, const PrecisionPlan& resolved,
                                                   QuantizedForm form,
                                                   const std::map<std::string, std::string>& metadata = {});

/// How a network carries the design that it was trained with: in QONNX's nodes, the whole of it in the
/// metadata besides, for what nodes cannot say; or in the metadata alone, beside a float network.
enum class LearnedForm { qonnx, beside };

/// A trained network with its resolved design. The weights that stand before QONNX's quantizers are the float
/// ones, from which training can go on. Errors: as export_quantized.
[[nodiscard]] Result<std::string> export_learned(const Graph& graph, const PrecisionPlan& design,
                                                 LearnedForm form,
                                                 const std::map<std::string, std::string>& metadata = {});

} // namespace widthwise::onnx
