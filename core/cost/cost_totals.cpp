#include "core/cost/cost_totals.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {

void copy_figures(const LayerFigures& figures, const Machine& machine, LayerCost& layer) {
    layer.compute_cycles = figures.compute_cycles;
    layer.cycles = figures.cycles;
    layer.latency_s = static_cast<double>(figures.cycles) * machine.cycle_s();
    layer.energy = figures.energy;
    layer.dram_bytes = figures.dram_bytes;
    layer.buffer_bytes = figures.buffer_bytes;
    layer.on_chip_bytes = figures.on_chip_bytes;
    layer.mapped_units = figures.mapped_units;
    layer.bound = figures.bound;
    layer.limited_by = figures.limited_by;
    const double peak =
        figures.peak_macs_per_cycle > 0 ? figures.peak_macs_per_cycle : machine.macs_per_cycle();
    const double slots = static_cast<double>(figures.cycles) * peak;
    layer.utilization = slots > 0 ? static_cast<double>(layer.macs) / slots : 0;
    layer.peak_macs_per_s = peak / machine.cycle_s();
}

void set_totals(CostBreakdown& cost, const Machine& machine) {
    double macs = 0, ideal_s = 0, on_chip_bytes = 0, cycles = 0, compute_cycles = 0, mapped = 0;
    cost.energy_j = cost.dram_bytes = cost.on_chip_bytes = 0;
    for (const LayerCost& layer : cost.layers) {
        macs += static_cast<double>(layer.macs);
        if (layer.peak_macs_per_s > 0) ideal_s += static_cast<double>(layer.macs) / layer.peak_macs_per_s;
        cycles += static_cast<double>(layer.cycles);
        compute_cycles += static_cast<double>(layer.compute_cycles);
        mapped += layer.mapped_units * static_cast<double>(layer.compute_cycles);
        cost.energy_j += layer.energy.total_j();
        cost.dram_bytes += layer.dram_bytes;
        on_chip_bytes += layer.on_chip_bytes;
        cost.on_chip_bytes = std::max(cost.on_chip_bytes, layer.on_chip_bytes);
    }
    const NetworkTime time = machine.network_time(cost.layers, cost.batch);
    cost.latency_s = time.latency_s;
    cost.throughput_ips = time.throughput_ips;
    const double batch_s =
        time.throughput_ips > 0 ? static_cast<double>(cost.batch) / time.throughput_ips : 0;
    cost.power_w = batch_s > 0 ? cost.energy_j / batch_s : 0;
    cost.dram_bytes_per_s = batch_s > 0 ? cost.dram_bytes / batch_s : 0;
    if (time.concurrent) {
        ideal_s = macs * machine.cycle_s() / machine.macs_per_cycle();
        cost.on_chip_bytes = on_chip_bytes;
    }
    const double busy_s = time.concurrent ? batch_s : cycles * machine.cycle_s();
    cost.utilization = busy_s > 0 && macs > 0 ? ideal_s / busy_s : 0;
    cost.mapped_units = compute_cycles > 0 ? mapped / compute_cycles : 0;
    cost.peak_macs_per_s = machine.macs_per_cycle() / machine.cycle_s();
}

void set_area(CostBreakdown& cost, const Machine& machine, const std::map<std::string, double>& area,
              const HardwareTarget& target) {
    cost.resources = machine.resources();
    cost.available = machine.available();
    cost.area = area;
    cost.area_mm2 = 0;
    for (const auto& [component, mm2] : cost.area) cost.area_mm2 += mm2;
    if (cost.area.empty()) cost.area_mm2 = std::nan("");
    if (target.area_mm2) cost.area_mm2 = *target.area_mm2;
}

} // namespace widthwise::cost
