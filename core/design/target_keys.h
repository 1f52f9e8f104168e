#pragma once
// A target's document as a flat list of keys, for this room only.

#include "core/design/hardware_target.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace widthwise {

/// A number, flag, name or list of the document.
struct TargetKey {
    std::string key;                    ///< "memory.GLB.bytes"
    nlohmann::json::json_pointer where; ///< "/memory/1/bytes"
    nlohmann::ordered_json value;       ///< null: left out
};

/// All that a target of this kind may have, in the document's order, defaults in place. Bandwidths and
/// energies stand there in each of the ways in which they can be given.
[[nodiscard]] std::vector<TargetKey> target_keys(const HardwareTarget& target);

/// The value as the document has it: whole numbers without a fraction.
[[nodiscard]] std::string value_text(const nlohmann::ordered_json& value);

} // namespace widthwise
