#pragma once
// A small FPGA and the networks of its tests.

#include "tests/core/cost/small_networks.h"

namespace widthwise::test {

/// A Zynq 7020 at 100 MHz.
inline HardwareTarget zynq() {
    HardwareTarget target;
    target.name = "zynq";
    target.kind = TargetKind::fpga_dataflow;
    target.clock_hz = 100e6;
    target.sizing = Sizing::to_design;
    target.memory = {{.name = "DDR3", .bytes = std::nullopt, .bytes_per_cycle = 21},
                     {.name = "BRAM", .bytes = 645120}};
    Fpga fpga;
    fpga.luts = 53200;
    fpga.bram18 = 280;
    fpga.dsps = 220;
    fpga.dsp = DspKind::dsp48e1;
    fpga.fill_luts = fpga.fill_bram = fpga.fill_uram = fpga.fill_dsps = 1;
    fpga.lut_pj = 0.35;
    fpga.bram18_pj = 12;
    fpga.uram_pj = 40;
    fpga.dsp_pj = 6;
    target.fpga = fpga;
    target.static_power_w = 1;
    return target;
}

/// One fully connected layer after another.
inline GraphPtr dense(int64_t inputs, const std::vector<int64_t>& outputs) {
    Net net({1, inputs});
    for (size_t i = 0; i < outputs.size(); ++i) net.gemm("fc" + std::to_string(i), outputs[i]);
    return net.build();
}

inline std::string refusal(const GraphPtr& graph, int bits, const HardwareTarget& target) {
    const auto cost = cost::estimate(*graph, PrecisionPlan(precision(bits, bits)), target);
    return cost ? std::string() : cost.error().to_line();
}

} // namespace widthwise::test
