#pragma once
// What of a hardware target no longer stands once a key of it changes; for this room only.

#include "core/design/hardware_target.h"

#include <string>

namespace widthwise {

/// Takes out of `target`, before `key` (as target_keys has it) gets another value, what was known of the chip
/// as it was, and corrects what is given per cycle; target_parameter.h has the list. Errors: invalid_input
/// where the change would need constants that no law gives.
[[nodiscard]] Result<void> drop_what_changes(HardwareTarget& target, const std::string& key);

/// After the change: what is in proportion to `key`, and what is known of the figures that it changes.
void follow_change(HardwareTarget& target, const HardwareTarget& before, const std::string& key);

} // namespace widthwise
