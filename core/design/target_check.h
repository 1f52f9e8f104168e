#pragma once
// Contradictions between the keys of a target file.

#include "core/design/hardware_target.h"
#include "core/design/target_reader.h"

namespace widthwise {

/// Keys that mean nothing for the target's kind, and sections that it cannot do without.
void check_kind(TargetReader& document, const HardwareTarget& target);
/// Of a target whose keys have all been read and are each valid.
void check_consistent(TargetReader& document, const HardwareTarget& target);

} // namespace widthwise
