#pragma once
// The few constants of a target that measurements of single layers can tell apart.

#include "core/design/hardware_target.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace widthwise::cost {

/// How a constant enters a layer's figure. With `x` what `set` takes:
///   latency = sum over added (x slope) + max over rivals (offset + x slope)
///   energy  = fixed + sum over parts (x slope)
enum class ConstantRole {
    rival, ///< of latency: the longest of compute and each level's transfers counts
    added, ///< of latency: an overhead of every layer
    part,  ///< of energy
};

struct Constant {
    std::string key;  ///< as in the target's file: "memory[0].bytes_per_cycle"
    std::string unit; ///< of the value in the file: "bytes per cycle"
    ConstantRole role = ConstantRole::rival;
    bool inverse = false; ///< the file holds 1 / x: bandwidths, efficiencies
    double least = 0;     ///< of x: an efficiency is at most 1
    double probe = 1;     ///< where its slope is found: at x = probe and at 1.5 times that, it alone counts
    /// The file's value; nullopt where a law or "never the bottleneck" stands.
    std::function<std::optional<double>(const HardwareTarget&)> value;
    std::function<void(HardwareTarget&, double x)> set;
    /// So that it plays no part: unlimited bandwidth, full efficiency, no energy.
    std::function<void(HardwareTarget&)> silence;
};

/// Latency: mac_efficiency (GPU: gpu.achievable), each shared level's bandwidth, GPU: the launch overhead.
/// FPGA dataflow: the clock alone.
[[nodiscard]] std::vector<Constant> latency_constants(const HardwareTarget& target);
/// Energy: static_power_w, the energy of a MAC (GPU: of all peaks in proportion; FPGA: of all resources in
/// proportion), each shared level's energy per bit, reads and writes in the proportion that they have.
/// Scratchpads move with the MACs, so that no measurement of layers tells them apart: they stay as they are.
[[nodiscard]] std::vector<Constant> energy_constants(const HardwareTarget& target);

} // namespace widthwise::cost
