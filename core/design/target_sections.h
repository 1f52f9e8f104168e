#pragma once
// The sections of a target file, each read into its part of the target. Complaints go to the reader's.

#include "core/design/hardware_target.h"
#include "core/design/target_reader.h"

namespace widthwise {

/// "memory"; bandwidths per second become those per cycle of the target's clock.
void read_memory(TargetReader& document, HardwareTarget& target);
void read_mac(TargetReader& document, HardwareTarget& target);
void read_zeros(TargetReader& document, HardwareTarget& target);
void read_supports(TargetReader& document, HardwareTarget& target);
void read_gpu(TargetReader& document, HardwareTarget& target);
void read_fpga(TargetReader& document, HardwareTarget& target);
void read_confidence(TargetReader& document, HardwareTarget& target);
void read_sources(TargetReader& document, HardwareTarget& target);

} // namespace widthwise
