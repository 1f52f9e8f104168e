#include "core/design/hardware_target.h"

#include <nlohmann/json.hpp>

#include <array>

namespace widthwise {

std::string_view to_string(TargetKind kind) {
    constexpr std::array<std::string_view, 3> names = {"spatial", "fpga_dataflow", "gpu"};
    return names[static_cast<size_t>(kind)];
}

std::string_view to_string(Dataflow dataflow) {
    constexpr std::array<std::string_view, 6> names = {"ws", "os", "is", "rs", "nlr", "best"};
    return names[static_cast<size_t>(dataflow)];
}

std::string_view to_string(MacStyle style) {
    constexpr std::array<std::string_view, 3> names = {"bit_parallel", "bit_serial", "bit_composable"};
    return names[static_cast<size_t>(style)];
}

std::string_view to_string(SerialOperands operands) {
    constexpr std::array<std::string_view, 3> names = {"activations", "weights", "both"};
    return names[static_cast<size_t>(operands)];
}

std::string_view to_string(Objective objective) {
    constexpr std::array<std::string_view, 3> names = {"latency", "energy", "energy_delay"};
    return names[static_cast<size_t>(objective)];
}

std::string_view to_string(DspKind kind) {
    constexpr std::array<std::string_view, 3> names = {"dsp48e1", "dsp48e2", "dsp58"};
    return names[static_cast<size_t>(kind)];
}

std::string_view to_string(Basis basis) {
    constexpr std::array<std::string_view, 4> names = {"exact", "measured", "fitted", "estimate"};
    return names[static_cast<size_t>(basis)];
}

std::string target_to_json(const HardwareTarget& target) {
    using nlohmann::ordered_json;
    ordered_json memory = ordered_json::array();
    for (const MemoryLevel& level : target.memory) {
        ordered_json entry = {{"name", level.name}};
        if (level.bytes) entry["bytes"] = *level.bytes;
        if (level.bytes_per_cycle) entry["bytes_per_cycle"] = *level.bytes_per_cycle;
        const auto& read = level.read_energy_pj_per_bit;
        const auto& write = level.write_energy_pj_per_bit;
        if (read && read == write) {
            entry["energy_pj_per_bit"] = *read;
        } else {
            if (read) entry["read_energy_pj_per_bit"] = *read;
            if (write) entry["write_energy_pj_per_bit"] = *write;
        }
        memory.push_back(std::move(entry));
    }
    ordered_json document = {
        {"format", "widthwise-target/1"},
        {"name", target.name},
        {"description", target.description},
        {"kind", "spatial"},
        {"node_nm", target.node_nm},
        {"voltage_v", target.voltage_v},
        {"clock_hz", target.clock_hz},
        {"array", {{"rows", target.rows}, {"cols", target.cols}}},
        {"dataflow", to_string(target.dataflow)},
        {"mac",
         {{"style", "bit_parallel"},
          {"weight_bits", target.mac.weight_bits},
          {"activation_bits", target.mac.activation_bits},
          {"accumulator_bits", target.mac.accumulator_bits}}},
        {"memory", std::move(memory)},
        {"static_power_w", target.static_power_w},
        {"sizing", target.sizing == Sizing::fixed ? "fixed" : "to_design"},
    };
    if (!target.sources.empty()) document["sources"] = target.sources;
    return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

} // namespace widthwise
