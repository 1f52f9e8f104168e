#include "core/design/target_keys.h"

#include <cmath>

namespace widthwise {
namespace {

using nlohmann::ordered_json;

ordered_json given(const std::optional<double>& value) {
    return value ? ordered_json(*value) : ordered_json(nullptr);
}

/// `keys` in their order: from `object`, else with the default that stands here.
ordered_json filled(const ordered_json& object,
                    std::initializer_list<std::pair<const char*, ordered_json>> keys) {
    ordered_json all = ordered_json::object();
    for (const auto& [key, otherwise] : keys) all[key] = object.contains(key) ? object[key] : otherwise;
    return all;
}

ordered_json level_keys(const HardwareTarget& target, size_t i, const ordered_json& object) {
    const MemoryLevel& level = target.memory[i];
    const bool spatial = target.kind == TargetKind::spatial, outermost = i == 0;
    ordered_json keys = ordered_json::object();
    keys["name"] = level.name;
    const MemoryLevel defaults;
    if (spatial && !outermost) keys["per_pe"] = level.per_pe;
    keys["bytes"] = level.bytes ? ordered_json(*level.bytes) : ordered_json(nullptr);
    if (!outermost && target.kind == TargetKind::fpga_dataflow) return keys;
    if (spatial && !outermost)
        keys["holds"] =
            object.contains("holds") ? object["holds"] : ordered_json{"weights", "inputs", "outputs"};
    if (spatial || outermost) keys["element_bits"] = level.element_bits;
    const auto& rate = level.bytes_per_cycle;
    keys["bandwidth_bytes_per_s"] = rate ? ordered_json(*rate * target.clock_hz) : ordered_json(nullptr);
    keys["bytes_per_cycle"] = given(rate);
    const bool one = level.read_energy_pj_per_bit == level.write_energy_pj_per_bit;
    keys["energy_pj_per_bit"] = given(one ? level.read_energy_pj_per_bit : std::nullopt);
    keys["read_energy_pj_per_bit"] = given(level.read_energy_pj_per_bit);
    keys["write_energy_pj_per_bit"] = given(level.write_energy_pj_per_bit);
    keys["area_mm2"] = given(level.area_mm2);
    return keys;
}

ordered_json zeros_keys(const ordered_json& document) {
    const ordered_json object = document.value("zeros", ordered_json::object());
    ordered_json keys =
        filled(object,
               {{"gating", false}, {"skips_inputs", false}, {"skips_weights", false}, {"compressed", false}});
    if (object.contains("run_bits")) keys["run_bits"] = object["run_bits"];
    return keys;
}

/// The document with every key that this kind of target may have.
ordered_json complete(const HardwareTarget& target) {
    HardwareTarget bare = target;
    bare.sources.clear();
    bare.confidence.clear();
    const ordered_json from = ordered_json::parse(target_to_json(bare));
    const bool spatial = target.kind == TargetKind::spatial;
    ordered_json all = filled(from, {{"node_nm", nullptr}, {"voltage_v", nullptr}, {"clock_hz", nullptr}});
    if (spatial) {
        all.update(filled(from, {{"array", nullptr},
                                 {"dataflow", nullptr},
                                 {"objective", nullptr},
                                 {"mac", nullptr},
                                 {"mac_efficiency", 1.0},
                                 {"mac_pj", nullptr}}));
        all["zeros"] = zeros_keys(from);
    }
    // What else a unit of FPGA dataflow has does not count.
    if (target.kind == TargetKind::fpga_dataflow)
        all["mac"] = {{"accumulator_bits", target.mac.accumulator_bits}};
    all["memory"] = ordered_json::array();
    for (size_t i = 0; i < target.memory.size(); ++i)
        all["memory"].push_back(level_keys(target, i, from["memory"][i]));
    if (spatial) all.update(filled(from, {{"noc_pj_per_bit", nullptr}, {"diagonal_multicast", false}}));
    if (target.kind != TargetKind::fpga_dataflow) all.update(filled(from, {{"keeps_feature_maps", false}}));
    all.update(filled(from, {{"static_power_w", nullptr}, {"area_mm2", nullptr}, {"sizing", nullptr}}));
    all["supports"] = filled(from.value("supports", ordered_json::object()),
                             {{"formats", nullptr},
                              {"granularity", {"tensor", "channel", "group"}},
                              {"weight_zero_points", true},
                              {"input_zero_points", true}});
    if (target.gpu) all["gpu"] = from["gpu"];
    if (target.fpga) {
        all["fpga"] = from["fpga"];
        all["fpga"].update(filled(from["fpga"], {{"target_fps", nullptr}, {"reconfigure_s", nullptr}}));
    }
    return all;
}

/// What names the entries of a list; empty: a list of plain values.
std::string entry_name(const ordered_json& entry) {
    for (const char* key : {"name", "format"})
        if (entry.is_object() && entry.contains(key)) return entry[key].get<std::string>();
    return {};
}

void flatten(const ordered_json& value, const std::string& key, const nlohmann::json::json_pointer& where,
             std::vector<TargetKey>& out) {
    const auto below = [&](const std::string& name) { return key.empty() ? name : key + "." + name; };
    if (value.is_object()) {
        const std::string own = entry_name(value);
        for (const auto& [name, entry] : value.items())
            if (own.empty() || entry != own) flatten(entry, below(name), where / name, out);
        return;
    }
    if (value.is_array() && !value.empty() && value[0].is_object() && !entry_name(value[0]).empty()) {
        for (size_t i = 0; i < value.size(); ++i)
            flatten(value[i], below(entry_name(value[i])), where / i, out);
        return;
    }
    out.push_back({key, where, value});
}

} // namespace

std::vector<TargetKey> target_keys(const HardwareTarget& target) {
    std::vector<TargetKey> keys;
    flatten(complete(target), {}, nlohmann::json::json_pointer(), keys);
    return keys;
}

std::string value_text(const ordered_json& value) {
    constexpr double k_exact = 9007199254740992.0; // 2^53
    if (value.is_number_float()) {
        const double number = value.get<double>();
        if (std::nearbyint(number) == number && std::abs(number) < k_exact)
            return std::to_string(static_cast<int64_t>(number));
    }
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

} // namespace widthwise
