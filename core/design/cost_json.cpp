// Writes the `cost --json` document.
#include "core/design/cost_json.h"
#include "core/design/confidence_json.h"
#include "core/design/json.h"
#include "core/design/json_values.h"
#include "core/design/mapping_json.h"

namespace widthwise {
namespace {

using nlohmann::ordered_json;

ordered_json energy_json(const EnergyBreakdown& energy) {
    return {{"compute", energy.compute_j}, {"registers", energy.registers_j}, {"noc", energy.noc_j},
            {"buffer", energy.buffer_j},   {"dram", energy.dram_j},           {"static", energy.static_j}};
}

void put_resources(ordered_json& object, const FpgaResources& resources) {
    object["lut"] = number(resources.luts);
    object["dsp"] = number(resources.dsps);
    object["bram18"] = number(resources.bram18);
    object["uram"] = number(resources.urams);
}

ordered_json layer_json(const LayerCost& layer, CostDetail detail) {
    ordered_json object = {
        {"name", layer.layer},
        {"macs", layer.macs},
        {"weight_bits", layer.weight_bits},
        {"activation_bits", layer.activation_bits},
        {"run_weight_bits", layer.run_weight_bits},
        {"run_activation_bits", layer.run_activation_bits},
        {"fallback", layer.fallback.empty() ? ordered_json(nullptr) : ordered_json(layer.fallback)},
        {"compute_cycles", layer.compute_cycles},
        {"cycles", layer.cycles},
        {"latency_s", number(layer.latency_s)},
        {"energy_j", number(layer.energy.total_j())},
        {"energy", energy_json(layer.energy)},
        {"dram_bytes", number(layer.dram_bytes)},
        {"buffer_bytes", number(layer.buffer_bytes)},
        {"on_chip_bytes", number(layer.on_chip_bytes)},
        {"utilization", number(layer.utilization)},
        {"mapped_units", number(layer.mapped_units)},
        {"peak_macs_per_s", number(layer.peak_macs_per_s)},
        {"bound", layer.bound == Bound::compute ? "compute" : "memory"},
        {"limited_by", layer.limited_by},
        {"mapping", layer.mapping},
    };
    if (detail == CostDetail::all)
        object["nest"] = layer.nest ? nest_json(*layer.nest) : ordered_json(nullptr);
    if (layer.resources) put_resources(object, *layer.resources);
    if (layer.pe > 0) object["pe"] = layer.pe;
    if (layer.simd > 0) object["simd"] = layer.simd;
    return object;
}

ordered_json area_json(const CostBreakdown& cost) {
    ordered_json area = ordered_json::object();
    if (cost.resources) put_resources(area, *cost.resources);
    for (const auto& [component, mm2] : cost.area) area[component + std::string(k_area_suffix)] = number(mm2);
    return area;
}

ordered_json available_json(const CostBreakdown& cost) {
    if (!cost.available) return nullptr;
    ordered_json object = ordered_json::object();
    put_resources(object, *cost.available);
    return object;
}

ordered_json options_json(const std::vector<OptionGain>& options) {
    ordered_json list = ordered_json::array();
    for (const OptionGain& option : options)
        list.push_back({{"option", option.option},
                        {"taken", option.taken},
                        {"latency_s", number(option.latency_s)},
                        {"energy_j", number(option.energy_j)},
                        {"dram_bytes", number(option.dram_bytes)},
                        {"peak_activation_bytes", number(option.peak_activation_bytes)}});
    return list;
}

ordered_json energy_per_mac(const CostBreakdown& cost) {
    double macs = 0;
    for (const LayerCost& layer : cost.layers) macs += static_cast<double>(layer.macs);
    return macs > 0 ? number(cost.energy_j / macs) : ordered_json(nullptr);
}

} // namespace

std::string cost_to_json(const CostBreakdown& cost, CostDetail detail) {
    ordered_json layers = ordered_json::array();
    for (const LayerCost& layer : cost.layers) layers.push_back(layer_json(layer, detail));
    const ordered_json document = {
        {"target", cost.target},
        {"batch", cost.batch},
        {"latency_s", number(cost.latency_s)},
        {"throughput_ips", number(cost.throughput_ips)},
        {"energy_j", number(cost.energy_j)},
        {"energy_per_inference_j", number(cost.energy_j / static_cast<double>(cost.batch))},
        {"energy_per_mac_j", energy_per_mac(cost)},
        {"power_w", number(cost.power_w)},
        {"area_mm2", number(cost.area_mm2)},
        {"area", area_json(cost)},
        {"available", available_json(cost)},
        {"weight_bytes", number(cost.weight_bytes)},
        {"model_bytes", number(cost.model_bytes)},
        {"bops", number(cost.bops)},
        {"dram_bytes", number(cost.dram_bytes)},
        {"dram_bytes_per_s", number(cost.dram_bytes_per_s)},
        {"dram_peak_bytes_per_s", optional(cost.dram_peak_bytes_per_s)},
        {"on_chip_bytes", number(cost.on_chip_bytes)},
        {"peak_activation_bytes", number(cost.peak_activation_bytes)},
        {"utilization", number(cost.utilization)},
        {"mapped_units", number(cost.mapped_units)},
        {"peak_macs_per_s", number(cost.peak_macs_per_s)},
        {"options", options_json(cost.options)},
        {"confidence", confidence_json(cost.confidence)},
        {"layers", std::move(layers)},
    };
    return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

} // namespace widthwise
