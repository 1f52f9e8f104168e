#pragma once
// Contradictions between the keys of a target file.

#include "core/design/hardware_target.h"
#include "core/design/object_reader.h"

namespace widthwise {

/// Keys that mean nothing for the target's kind, and sections that it cannot do without.
void check_kind(ObjectReader& document, const HardwareTarget& target);
/// Of a target whose keys have all been read and are each valid.
void check_consistent(ObjectReader& document, const HardwareTarget& target);

} // namespace widthwise
