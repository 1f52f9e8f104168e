#pragma once
// From quantizers that stand in the network to the formats of the layers that read what they round.

#include "core/design/precision_plan.h"
#include "core/onnx/raw_model.h"

namespace widthwise::onnx {

struct QuantizedNetwork {
    GraphPtr graph;
    PrecisionPlan design; ///< float32 but where the file quantizes; every format given
};

/// `graph` was imported from `model`, which rewrite_quantizers has seen. A layer that reads activations takes
/// the format of the quantizer before it and reads the unrounded value; formats pass through moves of numbers
/// and through functions that rounding commutes with. Quantizers that a reader cannot take in (an activation
/// function, the network's output, a second quantizer) stay as Op::quantize. A Clip that only leaves fewer
/// integers to a quantizer of 8 bits makes its format narrower and disappears. A layer's range that begins at
/// 0 stands for a Relu (or, ending at 6, a Clip) that the file leaves out: it is written, and changes no
/// integer.
[[nodiscard]] Result<QuantizedNetwork> absorb_quantizers(const Graph& graph, const RawModel& model);

} // namespace widthwise::onnx
