#include "core/cost/fit_constants.h"

namespace widthwise::cost {
namespace {

Constant efficiency() {
    Constant c{"mac_efficiency", "", ConstantRole::rival, true, 1, 1, {}, {}, {}};
    c.value = [](const HardwareTarget& t) { return std::optional(t.mac_efficiency); };
    c.set = [](HardwareTarget& t, double x) { t.mac_efficiency = 1 / x; };
    c.silence = [](HardwareTarget& t) { t.mac_efficiency = 1; };
    return c;
}

/// What is least known of an FPGA design before it is synthesized. Memories keep their bytes per second.
Constant clock(const HardwareTarget& original) {
    Constant c{"clock_hz", "Hz", ConstantRole::rival, true, 1e-11, 1, {}, {}, {}};
    c.value = [](const HardwareTarget& t) { return std::optional(t.clock_hz); };
    c.set = [original](HardwareTarget& t, double x) {
        t.clock_hz = 1 / x;
        for (size_t i = 0; i < t.memory.size(); ++i)
            if (const auto& bytes = original.memory[i].bytes_per_cycle)
                t.memory[i].bytes_per_cycle = *bytes * original.clock_hz * x;
    };
    c.probe = 1 / original.clock_hz;    // a much slower one would be folded otherwise
    c.silence = [](HardwareTarget&) {}; // the only one
    return c;
}

Constant achievable() {
    Constant c{"gpu.achievable", "", ConstantRole::rival, true, 1, 1, {}, {}, {}};
    c.value = [](const HardwareTarget& t) { return std::optional(t.gpu->achievable); };
    c.set = [](HardwareTarget& t, double x) { t.gpu->achievable = 1 / x; };
    c.silence = [](HardwareTarget& t) { t.gpu->achievable = 1; };
    return c;
}

Constant launch_overhead() {
    Constant c{"gpu.launch_overhead_s", "s", ConstantRole::added, false, 0, 1, {}, {}, {}};
    c.value = [](const HardwareTarget& t) { return std::optional(t.gpu->launch_overhead_s); };
    c.set = [](HardwareTarget& t, double x) { t.gpu->launch_overhead_s = x; };
    c.silence = [](HardwareTarget& t) { t.gpu->launch_overhead_s = 0; };
    return c;
}

Constant bandwidth(size_t level) {
    Constant c{"memory[" + std::to_string(level) + "].bytes_per_cycle",
               "bytes per cycle",
               ConstantRole::rival,
               true,
               0,
               1,
               {},
               {},
               {}};
    c.probe = 1e6; // cycles per byte
    c.value = [level](const HardwareTarget& t) { return t.memory[level].bytes_per_cycle; };
    c.set = [level](HardwareTarget& t, double x) { t.memory[level].bytes_per_cycle = 1 / x; };
    c.silence = [level](HardwareTarget& t) { t.memory[level].bytes_per_cycle = std::nullopt; };
    return c;
}

Constant static_power() {
    Constant c{"static_power_w", "W", ConstantRole::part, false, 0, 1, {}, {}, {}};
    c.value = [](const HardwareTarget& t) { return std::optional(t.static_power_w); };
    c.set = [](HardwareTarget& t, double x) { t.static_power_w = x; };
    c.silence = [](HardwareTarget& t) { t.static_power_w = 0; };
    return c;
}

Constant mac_energy() {
    Constant c{"mac_pj", "pJ", ConstantRole::part, false, 0, 1, {}, {}, {}};
    c.value = [](const HardwareTarget& t) { return t.mac_pj; };
    c.set = [](HardwareTarget& t, double x) { t.mac_pj = x; };
    c.silence = [](HardwareTarget& t) { t.mac_pj = 0; };
    return c;
}

/// All peaks in the proportion that `original` has; x is the first's.
Constant gpu_mac_energy(const Gpu& original) {
    Constant c{"gpu.peaks[0].pj_per_mac", "pJ", ConstantRole::part, false, 0, 1, {}, {}, {}};
    c.value = [](const HardwareTarget& t) { return std::optional(t.gpu->peaks.front().pj_per_mac); };
    c.set = [original](HardwareTarget& t, double x) {
        for (size_t i = 0; i < original.peaks.size(); ++i)
            t.gpu->peaks[i].pj_per_mac = x * original.peaks[i].pj_per_mac / original.peaks.front().pj_per_mac;
    };
    c.silence = [](HardwareTarget& t) {
        for (GpuPeak& peak : t.gpu->peaks) peak.pj_per_mac = 0;
    };
    return c;
}

/// All resources in the proportion that `original` has; x is the LUT's.
Constant fpga_energy(const Fpga& original) {
    Constant c{"fpga.lut_pj", "pJ", ConstantRole::part, false, 0, 1, {}, {}, {}};
    c.value = [](const HardwareTarget& t) { return std::optional(t.fpga->lut_pj); };
    c.set = [original](HardwareTarget& t, double x) {
        const double scale = x / original.lut_pj;
        t.fpga->lut_pj = x;
        t.fpga->bram18_pj = original.bram18_pj * scale;
        t.fpga->uram_pj = original.uram_pj * scale;
        t.fpga->dsp_pj = original.dsp_pj * scale;
    };
    c.silence = [](HardwareTarget& t) {
        t.fpga->lut_pj = t.fpga->bram18_pj = t.fpga->uram_pj = t.fpga->dsp_pj = 0;
    };
    return c;
}

Constant access_energy(size_t level, const MemoryLevel& original) {
    Constant c{"memory[" + std::to_string(level) + "].energy_pj_per_bit",
               "pJ per bit",
               ConstantRole::part,
               false,
               0,
               1,
               {},
               {},
               {}};
    const double read = original.read_energy_pj_per_bit.value_or(0);
    const double write = original.write_energy_pj_per_bit.value_or(read);
    const double ratio = read > 0 && write > 0 ? write / read : 1;
    if (ratio != 1) c.key = "memory[" + std::to_string(level) + "].read_energy_pj_per_bit";
    const auto set = [level](HardwareTarget& t, double reads, double writes) {
        t.memory[level].read_energy_pj_per_bit = reads;
        t.memory[level].write_energy_pj_per_bit = writes;
    };
    c.value = [level](const HardwareTarget& t) { return t.memory[level].read_energy_pj_per_bit; };
    c.set = [set, ratio](HardwareTarget& t, double x) { set(t, x, x * ratio); };
    c.silence = [set](HardwareTarget& t) { set(t, 0, 0); };
    return c;
}

} // namespace

std::vector<Constant> latency_constants(const HardwareTarget& target) {
    if (target.kind == TargetKind::fpga_dataflow) return {clock(target)};
    std::vector<Constant> all;
    all.push_back(target.gpu ? achievable() : efficiency());
    for (size_t i = 0; i < target.memory.size(); ++i)
        if (!target.memory[i].per_pe) all.push_back(bandwidth(i));
    if (target.gpu) all.push_back(launch_overhead());
    return all;
}

std::vector<Constant> energy_constants(const HardwareTarget& target) {
    std::vector<Constant> all;
    if (target.gpu && !target.gpu->peaks.empty() && target.gpu->peaks.front().pj_per_mac > 0)
        all.push_back(gpu_mac_energy(*target.gpu));
    else if (target.kind == TargetKind::fpga_dataflow && target.fpga && target.fpga->lut_pj > 0)
        all.push_back(fpga_energy(*target.fpga));
    else if (target.kind == TargetKind::spatial)
        all.push_back(mac_energy());
    all.push_back(static_power());
    for (size_t i = 0; i < target.memory.size(); ++i)
        if (!target.memory[i].per_pe) all.push_back(access_energy(i, target.memory[i]));
    return all;
}

} // namespace widthwise::cost
