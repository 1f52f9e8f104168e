#pragma once
// A hardware target as data: what resources/targets/*.json and the user's own files say. The form is in the
// manual.

#include "core/base/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise {

enum class TargetKind { spatial }; ///< "fpga_dataflow" and "gpu" are named in errors until their models exist
enum class Dataflow { weight_stationary, output_stationary, input_stationary, best };
enum class Sizing { fixed, to_design };
enum class MacStyle { bit_parallel };

[[nodiscard]] std::string_view to_string(Dataflow dataflow); ///< "ws", "os", "is", "best"

/// Outermost (DRAM) first.
struct MemoryLevel {
    std::string name;
    std::optional<int64_t> bytes;          ///< nullopt: unbounded; only the outermost level may be
    std::optional<double> bytes_per_cycle; ///< reads and writes together; nullopt: never the bottleneck
    /// nullopt: the law of core/cost/energy_law.h (outermost level: DRAM; others: SRAM by size and technology
    /// node).
    std::optional<double> read_energy_pj_per_bit;
    std::optional<double> write_energy_pj_per_bit;
    bool operator==(const MemoryLevel&) const = default;
};

/// The initial values are the documented defaults of what a target file leaves out.
struct HardwareTarget {
    std::string name = "custom";
    std::string description;
    TargetKind kind = TargetKind::spatial;
    double node_nm = 45;    ///< 7..130, the range of the scaling tables
    double voltage_v = 0.9; ///< 0.6..1.3; 0.9 V is that of the 45 nm constants
    double clock_hz = 500e6;
    int64_t rows = 16, cols = 16;
    Dataflow dataflow = Dataflow::weight_stationary;
    MacStyle mac_style = MacStyle::bit_parallel;
    int weight_bits = 8, activation_bits = 8; ///< widest operands of one MAC unit
    int accumulator_bits = 32;
    /// At least DRAM and one buffer. Default: DRAM at 12.8 GB/s (one 64-bit DDR3-1600 channel) and a buffer
    /// of 128 KiB.
    std::vector<MemoryLevel> memory = {{"DRAM", std::nullopt, 25.6, std::nullopt, std::nullopt},
                                       {"buffer", 131072, std::nullopt, std::nullopt, std::nullopt}};
    double static_power_w = 0;
    Sizing sizing = Sizing::fixed;
    std::map<std::string, std::string> sources; ///< key -> where the constant comes from
    bool operator==(const HardwareTarget&) const = default;
};

/// The widthwise-target/1 document of the command line's contract, plus "description", "voltage_v", "sources"
/// and, per memory level, "read_energy_pj_per_bit" and "write_energy_pj_per_bit". `where` is the file or
/// preset. Errors: invalid_input naming the unknown or doubled key, the wrong type, the value out of range,
/// both bandwidth units at once, fewer than two levels, or a buffer that cannot hold two tiles of the array;
/// unsupported for kinds, MAC styles and dataflows of the contract that have no model here.
[[nodiscard]] Result<HardwareTarget> target_from_json(std::string_view text, const std::string& where);
/// Indented, keys in the contract's order; reading it back gives an equal value.
[[nodiscard]] std::string target_to_json(const HardwareTarget& target);

} // namespace widthwise
