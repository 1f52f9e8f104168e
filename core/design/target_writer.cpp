// Writes the widthwise-target/1 document: what every target of its kind has, and of the rest what differs
// from the default.
#include "core/design/confidence_json.h"
#include "core/design/format_pair.h"
#include "core/design/hardware_target.h"
#include "core/design/target_names.h"

#include <nlohmann/json.hpp>

namespace widthwise {
namespace {

using nlohmann::ordered_json;

template <typename T> void put(ordered_json& object, const char* key, const T& value, const T& otherwise) {
    if (!(value == otherwise)) object[key] = value;
}
template <typename T> void put(ordered_json& object, const char* key, const std::optional<T>& value) {
    if (value) object[key] = *value;
}

ordered_json level_json(const MemoryLevel& level) {
    const MemoryLevel defaults;
    ordered_json entry = {{"name", level.name}};
    put(entry, "per_pe", level.per_pe, defaults.per_pe);
    put(entry, "bytes", level.bytes);
    if (!(level.holds == defaults.holds)) {
        ordered_json holds = ordered_json::array();
        for (size_t i = 0; i < k_operands; ++i)
            if (level.holds.has(static_cast<Operand>(i))) holds.push_back(k_operand_names[i]);
        entry["holds"] = std::move(holds);
    }
    put(entry, "element_bits", level.element_bits, defaults.element_bits);
    put(entry, "bytes_per_cycle", level.bytes_per_cycle);
    const auto& read = level.read_energy_pj_per_bit;
    const auto& write = level.write_energy_pj_per_bit;
    if (read && read == write) {
        entry["energy_pj_per_bit"] = *read;
    } else {
        put(entry, "read_energy_pj_per_bit", read);
        put(entry, "write_energy_pj_per_bit", write);
    }
    put(entry, "area_mm2", level.area_mm2);
    return entry;
}

ordered_json mac_json(const MacUnit& mac) {
    ordered_json object = {{"style", to_string(mac.style)},
                           {"weight_bits", mac.weight_bits},
                           {"activation_bits", mac.activation_bits},
                           {"accumulator_bits", mac.accumulator_bits}};
    if (mac.style == MacStyle::bit_composable) object["min_bits"] = mac.min_bits;
    if (mac.style == MacStyle::bit_serial) object["serial"] = to_string(mac.serial);
    return object;
}

ordered_json zeros_json(const ZeroUse& zeros) {
    ordered_json object = {{"gating", zeros.gating},
                           {"skips_inputs", zeros.skips_inputs},
                           {"skips_weights", zeros.skips_weights},
                           {"compressed", zeros.compressed}};
    if (zeros.compressed) object["run_bits"] = zeros.run_bits;
    return object;
}

ordered_json pair_json(const FormatPair& pair) {
    const std::string text = to_text(pair);
    const auto read = pair_from_text(text);
    if (read && *read == pair) return text;
    return {{"weights", to_text(pair.weights)}, {"activations", to_text(pair.activations)}};
}

ordered_json supports_json(const Capabilities& supports) {
    ordered_json object = ordered_json::object();
    for (const FormatPair& pair : supports.pairs) object["formats"].push_back(pair_json(pair));
    object["granularity"] = {"tensor"};
    if (supports.per_channel) object["granularity"].push_back("channel");
    if (supports.per_group) object["granularity"].push_back("group");
    object["weight_zero_points"] = supports.weight_zero_points;
    object["input_zero_points"] = supports.input_zero_points;
    return object;
}

ordered_json gpu_json(const Gpu& gpu) {
    ordered_json peaks = ordered_json::array();
    for (const GpuPeak& peak : gpu.peaks)
        peaks.push_back({{"format", to_text(peak.format)},
                         {"macs_per_s", peak.macs_per_s},
                         {"tile_m", peak.tile_m},
                         {"tile_n", peak.tile_n},
                         {"tile_k", peak.tile_k},
                         {"pj_per_mac", peak.pj_per_mac}});
    return {{"multiprocessors", gpu.multiprocessors},
            {"peaks", std::move(peaks)},
            {"launch_overhead_s", gpu.launch_overhead_s},
            {"achievable", gpu.achievable}};
}

ordered_json fpga_json(const Fpga& fpga) {
    ordered_json object = {{"luts", fpga.luts},           {"flip_flops", fpga.flip_flops},
                           {"bram18", fpga.bram18},       {"urams", fpga.urams},
                           {"dsps", fpga.dsps},           {"dsp", to_string(fpga.dsp)},
                           {"fill_luts", fpga.fill_luts}, {"fill_bram", fpga.fill_bram},
                           {"fill_uram", fpga.fill_uram}, {"fill_dsps", fpga.fill_dsps},
                           {"lut_pj", fpga.lut_pj},       {"bram18_pj", fpga.bram18_pj},
                           {"uram_pj", fpga.uram_pj},     {"dsp_pj", fpga.dsp_pj}};
    put(object, "target_fps", fpga.target_fps);
    put(object, "reconfigure_s", fpga.reconfigure_s);
    return object;
}

void put_array(ordered_json& document, const HardwareTarget& target) {
    const HardwareTarget defaults;
    document["array"] = {{"rows", target.rows}, {"cols", target.cols}};
    document["dataflow"] = to_string(target.dataflow);
    document["objective"] = to_string(target.objective);
    document["mac"] = mac_json(target.mac);
    put(document, "mac_efficiency", target.mac_efficiency, defaults.mac_efficiency);
    put(document, "mac_pj", target.mac_pj);
    if (!(target.zeros == defaults.zeros)) document["zeros"] = zeros_json(target.zeros);
    put(document, "noc_pj_per_bit", target.noc_pj_per_bit);
    put(document, "diagonal_multicast", target.diagonal_multicast, defaults.diagonal_multicast);
}

} // namespace

std::string target_to_json(const HardwareTarget& target) {
    const HardwareTarget defaults;
    ordered_json document = {
        {"format", "widthwise-target/1"}, {"name", target.name},       {"description", target.description},
        {"kind", to_string(target.kind)}, {"node_nm", target.node_nm}, {"voltage_v", target.voltage_v},
        {"clock_hz", target.clock_hz},
    };
    if (target.kind == TargetKind::spatial) put_array(document, target);
    if (target.kind == TargetKind::fpga_dataflow) document["mac"] = mac_json(target.mac);
    document["memory"] = ordered_json::array();
    for (const MemoryLevel& level : target.memory) document["memory"].push_back(level_json(level));
    put(document, "keeps_feature_maps", target.keeps_feature_maps, defaults.keeps_feature_maps);
    document["static_power_w"] = target.static_power_w;
    put(document, "area_mm2", target.area_mm2);
    document["sizing"] = k_sizing_names[static_cast<size_t>(target.sizing)];
    if (!(target.supports == defaults.supports)) document["supports"] = supports_json(target.supports);
    if (target.gpu) document["gpu"] = gpu_json(*target.gpu);
    if (target.fpga) document["fpga"] = fpga_json(*target.fpga);
    if (!target.confidence.empty()) document["confidence"] = confidence_json(target.confidence);
    if (!target.sources.empty()) document["sources"] = target.sources;
    return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

} // namespace widthwise
