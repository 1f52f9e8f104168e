#pragma once
// Which of a GPU's arithmetic units a product runs on.

#include "core/cost/problem.h"
#include "core/design/hardware_target.h"

#include <string>

namespace widthwise::cost {

/// Units of this format multiply operands of `operand` exactly (float16 and bfloat16 take codebook entries
/// and powers of two as they round them). A float32 unit takes everything.
[[nodiscard]] bool unit_takes(const OperandSupport& unit, const OperandFormat& operand);

/// The fastest peak whose units take both operands: of integer (or binary) units where one does, since whole
/// numbers are summed exactly there alone. Null: none does.
[[nodiscard]] const GpuPeak* fastest_peak(const Gpu& gpu, const Operands& operands);

/// The units that run element-wise work and depthwise convolutions, which have no matrix to tile: those of
/// float32 (CUDA cores), else the slowest ones. Null: the GPU lists no peak.
[[nodiscard]] const GpuPeak* general_peak(const Gpu& gpu);

/// The fastest of all, which is the device's peak. Null: the GPU lists none.
[[nodiscard]] const GpuPeak* highest_peak(const Gpu& gpu);

/// "int8", "float16", "binary".
[[nodiscard]] std::string unit_name(const OperandSupport& unit);

} // namespace widthwise::cost
