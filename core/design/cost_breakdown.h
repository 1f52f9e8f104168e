#pragma once
// What the hardware model says of one network at one design. Per batch where the key says nothing else; SI
// units.

#include "core/design/hardware_target.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace widthwise {

struct EnergyBreakdown {
    double compute_j = 0, registers_j = 0, noc_j = 0, buffer_j = 0, dram_j = 0, static_j = 0;
    [[nodiscard]] double total_j() const {
        return compute_j + registers_j + noc_j + buffer_j + dram_j + static_j;
    }
};

enum class Bound { compute, memory };

struct LayerCost {
    std::string layer;
    int64_t macs = 0;                         ///< of the whole batch
    int weight_bits = 0, activation_bits = 0; ///< 0 bits: the layer has no weights
    int64_t compute_cycles = 0;               ///< without memory stalls
    int64_t cycles = 0;
    double latency_s = 0;
    EnergyBreakdown energy;
    double dram_bytes = 0, buffer_bytes = 0;
    double utilization = 0; ///< MACs done / (cycles x MAC units), 0..1
    Bound bound = Bound::compute;
    std::string mapping; ///< "ws: 18 x 2 folds of 32x32, T = 1024"
};

struct CostBreakdown {
    std::string target;
    int64_t batch = 1;
    double latency_s = 0;
    double throughput_ips = 0;
    double energy_j = 0; ///< of the whole batch
    double power_w = 0;
    double area_mm2 = 0;
    std::map<std::string, double> area; ///< component -> mm2
    double weight_bytes = 0;            ///< weights at their width
    double model_bytes = 0;             ///< plus biases (32 bits), scales and zero points (32 bits each)
    double bops = 0;                    ///< sum of MACs x weight bits x activation bits, one image
    double dram_bytes = 0;
    double utilization = 0;
    std::vector<LayerCost> layers; ///< every node of the graph, in its order
};

} // namespace widthwise
