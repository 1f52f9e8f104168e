#pragma once
// Any one number or name of a hardware target by its key, as a search variable: read, and replaced.

#include "core/design/hardware_target.h"

#include <string>
#include <string_view>
#include <vector>

namespace widthwise {

/// `key`: a path in the widthwise-target/1 document: "node_nm", "array.rows", "memory.GLB.bytes" (a level by
/// its name), "mac.style", "fpga.target_fps". The value as JSON text: "65", "\"bit_serial\"". Errors: usage
/// for a key that targets of this kind do not have, with near ones.
[[nodiscard]] Result<std::string> target_parameter(const HardwareTarget& target, std::string_view key);

/// The target with that value in place; what follows from it is derived anew (an area that was measured of
/// the chip as it is, and constants of another node, no longer stand: they give way to the laws). Errors: as
/// target_parameter; invalid_input as target_from_json for a value that is not allowed.
[[nodiscard]] Result<HardwareTarget> with_target_parameter(const HardwareTarget& target, std::string_view key,
                                                           std::string_view value);

/// Keys that can be varied on this target with the values they have now, in the document's order: numbers,
/// and names with more than one choice.
struct TargetParameter {
    std::string key, value;
    std::vector<std::string> suggestions; ///< a sensible range around the value, smallest first, JSON texts
};
[[nodiscard]] std::vector<TargetParameter> target_parameters(const HardwareTarget& target);

} // namespace widthwise
