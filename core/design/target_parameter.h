#pragma once
// Any one number or name of a hardware target by its key, as a search variable: read, and replaced.

#include "core/design/hardware_target.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace widthwise {

/// `key`: a path in the widthwise-target/1 document: "node_nm", "array.rows", "memory.GLB.bytes" (a level by
/// its name), "gpu.peaks.float16.macs_per_s" (a peak by its format), "mac.style", "fpga.target_fps"; both
/// units of a bandwidth and both ways to give an access energy. The value as JSON text: "65",
/// "\"bit_serial\""; "null" where the target gives none (a law or "as fast as possible" stands in). Errors:
/// usage for a key that targets of this kind do not have, with near ones.
[[nodiscard]] Result<std::string> target_parameter(const HardwareTarget& target, std::string_view key);

/// The target with that value in place ("null": left out); what follows from it is derived anew. The same
/// value as before is treated as any other, so that all values of a search are judged by the same laws. What
/// no longer stands, and what gives way to the laws of core/cost:
///   node_nm, voltage_v     energies of MACs, on-chip levels and network; node_nm: all areas. Refused where
///                          constants have no law (GPUs, FPGAs)
///   array, mac, sizing, supports.formats, a level's bytes, per_pe or area: the area of the die
///   mac                    the energy of a MAC (but accumulator_bits where it is an FPGA's), and with
///                          another style the keys that belong to the old one
///   a level's bytes        its energies and its area, unless it is DRAM or an FPGA's memory
///   clock_hz               the bandwidth of DRAM in bytes per cycle (that per second stays); the peaks of a
///                          GPU follow the clock
///   gpu.multiprocessors    peaks are in proportion; the area of the die
/// Where confidence was in figures that this changes, it becomes an estimate, at best within a factor of 2.
/// static_power_w has no law and stays: who changes node or array gives it, too. Errors: as target_parameter;
/// invalid_input as target_from_json for a value that is not allowed.
[[nodiscard]] Result<HardwareTarget> with_target_parameter(const HardwareTarget& target, std::string_view key,
                                                           std::string_view value);
/// Several at once, of which only all together need make a target: a larger array with its larger buffer.
[[nodiscard]] Result<HardwareTarget>
with_target_parameters(const HardwareTarget& target,
                       std::span<const std::pair<std::string, std::string>> values);

/// Keys that a designer may want to vary on this target, with the values they have now, in the document's
/// order: sizes, rates, widths, and names with more than one choice; not constants of energy and area.
struct TargetParameter {
    std::string key, value;
    std::vector<std::string> suggestions; ///< a sensible range around the value, smallest first, JSON texts
};
[[nodiscard]] std::vector<TargetParameter> target_parameters(const HardwareTarget& target);

} // namespace widthwise
