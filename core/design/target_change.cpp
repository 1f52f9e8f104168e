#include "core/design/target_change.h"

#include "core/base/text.h"

#include <algorithm>

namespace widthwise {
namespace {

constexpr double k_least_factor = 2; ///< of an estimate
constexpr std::string_view k_changed = "changed: ";
constexpr std::string_view k_in_part = "changed since: ";

/// `key` is `name`, or below it: "mac" of "mac.style".
bool is_or_below(std::string_view key, std::string_view name) {
    return key == name || (key.starts_with(name) && key.substr(name.size()).starts_with('.'));
}

bool ends_in(std::string_view key, std::string_view name) {
    return key.ends_with(name) && key.substr(0, key.size() - name.size()).ends_with('.');
}

/// Of a key of a memory level; nullopt: it is another key.
std::optional<size_t> level_of(const HardwareTarget& target, std::string_view key) {
    for (size_t i = 0; i < target.memory.size(); ++i)
        if (key.substr(0, key.rfind('.')) == "memory." + target.memory[i].name) return i;
    return std::nullopt;
}

/// The name under which target files tell where a constant comes from.
std::string source_of(const HardwareTarget& target, const std::string& key) {
    if (const auto level = level_of(target, key)) return "memory[" + std::to_string(*level) + "]";
    return key.substr(0, key.find('.'));
}

/// A constant that gives way, with where it came from.
void drop(HardwareTarget& target, std::optional<double>& value, const std::string& source) {
    value = std::nullopt;
    target.sources.erase(source);
}

void drop_energies(MemoryLevel& level) {
    level.read_energy_pj_per_bit = level.write_energy_pj_per_bit = std::nullopt;
}

void drop_technology(HardwareTarget& target, bool areas) {
    drop(target, target.mac_pj, "mac_pj");
    drop(target, target.noc_pj_per_bit, "noc_pj_per_bit");
    for (size_t i = 1; i < target.memory.size(); ++i) {
        drop_energies(target.memory[i]);
        if (areas) target.memory[i].area_mm2 = std::nullopt;
    }
    if (areas) drop(target, target.area_mm2, "area_mm2");
}

void drop_of_level(HardwareTarget& target, size_t i, const std::string& key) {
    const bool resized = ends_in(key, "bytes");
    if (!resized && !ends_in(key, "per_pe") && !ends_in(key, "area_mm2")) return;
    if (i == 0) return; // not on the chip
    drop(target, target.area_mm2, "area_mm2");
    if (!resized) return;
    target.memory[i].area_mm2 = std::nullopt;
    // A block of an FPGA's memory is as large as ever, only their number changes.
    if (!target.fpga) drop_energies(target.memory[i]);
}

bool changes_die(std::string_view key) {
    return is_or_below(key, "array") || is_or_below(key, "mac") || key == "sizing" ||
           key == "supports.formats" || key == "gpu.multiprocessors";
}

/// Figures that a key has a say in.
std::vector<const char*> figures_of(std::string_view key) {
    if (key == "area_mm2" || ends_in(key, "area_mm2")) return {"area"};
    if (key == "voltage_v" || key == "static_power_w" || key.ends_with("_pj") ||
        key.find("pj_per_") != std::string_view::npos)
        return {"energy"};
    if (key == "node_nm") return {"energy", "area"};
    if (key == "clock_hz" || ends_in(key, "bandwidth_bytes_per_s") || ends_in(key, "bytes_per_cycle"))
        return {"latency", "energy"};
    return {"latency", "energy", "area"};
}

void note_change(Confidence& known, const std::string& key) {
    known.basis = Basis::estimate;
    known.factor = std::max(known.factor, k_least_factor);
    if (!known.note.starts_with(k_changed)) {
        known.note = std::string(k_changed) + key;
        return;
    }
    const auto keys = split(known.note.substr(k_changed.size()), ',');
    if (std::none_of(keys.begin(), keys.end(), [&](const std::string& one) { return trim(one) == key; }))
        known.note += ", " + key;
}

} // namespace

Result<void> drop_what_changes(HardwareTarget& target, const std::string& key) {
    if (key == "node_nm" || key == "voltage_v") {
        if (target.gpu || target.fpga)
            return fail(ErrorCode::invalid_input,
                        "its energies are given for this node and voltage, and no law tells them elsewhere",
                        "target '" + target.name + "': " + key,
                        "take another target, or a target file with the energies there");
        drop_technology(target, key == "node_nm");
    }
    if (changes_die(key)) drop(target, target.area_mm2, "area_mm2");
    const bool fpga_sum = target.fpga && key == "mac.accumulator_bits";
    if (is_or_below(key, "mac") && !fpga_sum) drop(target, target.mac_pj, "mac_pj");
    if (const auto level = level_of(target, key)) drop_of_level(target, *level, key);
    return {};
}

void follow_change(HardwareTarget& target, const HardwareTarget& before, const std::string& key) {
    if (target.gpu && before.gpu)
        for (GpuPeak& peak : target.gpu->peaks) {
            if (key == "clock_hz") peak.macs_per_s *= target.clock_hz / before.clock_hz;
            if (key == "gpu.multiprocessors")
                peak.macs_per_s *= static_cast<double>(target.gpu->multiprocessors) /
                                   static_cast<double>(before.gpu->multiprocessors);
        }
    for (const char* figure : figures_of(key))
        if (const auto known = target.confidence.find(figure); known != target.confidence.end())
            note_change(known->second, key);
    const auto source = target.sources.find(source_of(target, key));
    if (source != target.sources.end() && !source->second.starts_with(k_in_part))
        source->second.insert(0, k_in_part);
}

} // namespace widthwise
