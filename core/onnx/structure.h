#pragma once
// Whether the nodes of a file form a network at all.

#include "core/base/result.h"
#include "core/onnx/raw_model.h"

namespace widthwise::onnx {

/// Every value is produced once and before it is read; the outputs exist. Errors (invalid_input, naming the
/// node): two producers, an input that nothing produces, a cycle, nodes that stand in the wrong order.
[[nodiscard]] Result<void> check_structure(const RawModel& model);

} // namespace widthwise::onnx
