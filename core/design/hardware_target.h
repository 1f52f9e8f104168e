#pragma once
// A hardware target as data: what resources/targets/*.json and the user's own files say. The form is in the manual.

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
    std::optional<int64_t> bytes;              ///< nullopt: unbounded (DRAM)
    std::optional<double> bytes_per_cycle;     ///< nullopt: never the bottleneck
    double read_energy_pj_per_bit = 0;
    double write_energy_pj_per_bit = 0;
    bool operator==(const MemoryLevel&) const = default;
};

struct HardwareTarget {
    std::string name;
    std::string description;
    TargetKind kind = TargetKind::spatial;
    double node_nm = 45;
    double clock_hz = 500e6;
    int64_t rows = 16, cols = 16;
    Dataflow dataflow = Dataflow::weight_stationary;
    MacStyle mac_style = MacStyle::bit_parallel;
    int weight_bits = 8, activation_bits = 8; ///< widest operands of one MAC unit
    int accumulator_bits = 32;
    std::vector<MemoryLevel> memory; ///< at least DRAM and one buffer
    double static_power_w = 0;
    Sizing sizing = Sizing::fixed;
    std::map<std::string, std::string> sources; ///< key -> where the constant comes from
    bool operator==(const HardwareTarget&) const = default;
};

/// Errors: invalid_input naming the unknown key, the wrong type or the value out of range; `where` is the file or preset.
[[nodiscard]] Result<HardwareTarget> target_from_json(std::string_view text, const std::string& where);
[[nodiscard]] std::string target_to_json(const HardwareTarget& target);

} // namespace widthwise
