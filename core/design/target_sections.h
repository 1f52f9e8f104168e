#pragma once
// The sections of a target file, each read into its part of the target. Complaints go to the reader's.

#include "core/design/hardware_target.h"
#include "core/design/object_reader.h"

namespace widthwise {

/// "memory"; bandwidths per second become those per cycle of the target's clock.
void read_memory(ObjectReader& document, HardwareTarget& target);
void read_mac(ObjectReader& document, HardwareTarget& target);
void read_zeros(ObjectReader& document, HardwareTarget& target);
void read_supports(ObjectReader& document, HardwareTarget& target);
void read_gpu(ObjectReader& document, HardwareTarget& target);
void read_fpga(ObjectReader& document, HardwareTarget& target);
void read_sources(ObjectReader& document, HardwareTarget& target);

} // namespace widthwise
