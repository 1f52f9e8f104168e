#pragma once
// What an array of processing elements that all layers share takes of an FPGA.

#include "core/base/result.h"
#include "core/design/cost_breakdown.h"
#include "core/design/hardware_target.h"

namespace widthwise::cost {

/// What may be filled of the target's device: its resources times the shares.
[[nodiscard]] FpgaResources may_fill(const Fpga& fpga);

/// Estimate. Multipliers stand in DSPs as packed_dsps of finn.h deals them out (each column an output, each
/// row an input), where there are DSPs left, else in LUTs by FINN's formula; every element has an accumulator
/// in LUTs (one a bit) where several products share a DSP. Memories: URAM for those of 256 KiB or more, where
/// there is any left, else block RAM, as many as hold the bytes or give the bytes per cycle; scratchpads in
/// LUTs (64 bits each). The vector unit has an adder and a multiplier of accumulator width by 16 bits a
/// column; 5,000 LUTs for control and data movers and 40 for each row and column.
[[nodiscard]] FpgaResources overlay_resources(const HardwareTarget& target);

/// Errors: invalid_input when the array does not fit on its device, saying what is short.
[[nodiscard]] Result<void> check_overlay(const HardwareTarget& target);

} // namespace widthwise::cost
