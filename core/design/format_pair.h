#pragma once
// Operand formats as target files write them: "integer:8", "float16", "power_of_two:4", "binary"; two that
// meet in one multiplier: "w4a8", "float16" (both alike), or {"weights": ..., "activations": ...} in JSON.

#include "core/design/hardware_target.h"

namespace widthwise {

/// "integer:8", "power_of_two:4", "codebook:4"; types of one width stand alone: "float16", "binary".
[[nodiscard]] std::string to_text(const OperandSupport& operand);
/// Errors: invalid_input for an unknown type or a width that it does not have; `where` is left to the caller.
[[nodiscard]] Result<OperandSupport> operand_from_text(std::string_view text);

/// "w4a8" for two integers (1 is binary), "float16" where both are alike, else "weights power_of_two:4,
/// activations integer:8".
[[nodiscard]] std::string to_text(const FormatPair& pair);
/// "w4a8" (1 is binary, 32 float32) or one operand's text for both.
[[nodiscard]] Result<FormatPair> pair_from_text(std::string_view text);

} // namespace widthwise
