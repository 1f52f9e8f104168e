#pragma once
// What the hardware model says of one network at one design. Per batch where the key says nothing else; SI
// units.

#include "core/design/hardware_target.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace widthwise {

struct EnergyBreakdown {
    double compute_j = 0, registers_j = 0, noc_j = 0, buffer_j = 0, dram_j = 0, static_j = 0;
    [[nodiscard]] double total_j() const {
        return compute_j + registers_j + noc_j + buffer_j + dram_j + static_j;
    }
    bool operator==(const EnergyBreakdown&) const = default;
};

enum class Bound { compute, memory };

/// What a unit, or a whole design, takes of an FPGA.
struct FpgaResources {
    double luts = 0, dsps = 0, bram18 = 0, urams = 0;
    bool operator==(const FpgaResources&) const = default;
};

struct LayerCost {
    std::string layer;
    int64_t macs = 0;                         ///< of the whole batch
    int weight_bits = 0, activation_bits = 0; ///< as the design asks; 0 bits: the layer has no weights
    /// As the target runs it; differs where it has no unit for the design's formats.
    int run_weight_bits = 0, run_activation_bits = 0;
    std::string
        fallback; ///< "runs as w8a8: the target multiplies no 4-bit integers"; empty: runs as designed
    int64_t compute_cycles = 0; ///< without memory stalls
    int64_t cycles = 0;
    double latency_s = 0;
    EnergyBreakdown energy;
    double dram_bytes = 0, buffer_bytes = 0;
    double on_chip_bytes = 0;   ///< storage in use in the shared levels on the chip, largest tile
    double utilization = 0;     ///< MACs done / (latency x peak_macs_per_s), 0..1: achieved
    double mapped_units = 0;    ///< share of the MAC units that the mapping occupies, 0..1: theoretical
    double peak_macs_per_s = 0; ///< of the target in the formats in which it runs the layer
    Bound bound = Bound::compute;
    std::string limited_by;                 ///< "compute", the memory level's name, "launch", ...
    std::string mapping;                    ///< "ws: 18 x 2 folds of 32x32, T = 1024"
    std::shared_ptr<const MappedNest> nest; ///< null where no loops are mapped (GPU, vector unit)
    std::optional<FpgaResources> resources; ///< on an FPGA
    int64_t pe = 0, simd = 0;               ///< folding of an FPGA unit; 0: no unit of its own
};

/// What an option would give or gives: figures of the whole network with it minus those without, negative is
/// a gain.
struct OptionGain {
    std::string option; ///< "keep feature maps on chip", "depth-first fusion", "operator order"
    bool taken = false;
    double latency_s = 0, energy_j = 0, dram_bytes = 0, peak_activation_bytes = 0;
};

struct CostBreakdown {
    std::string target;
    int64_t batch = 1;
    double latency_s = 0;
    double throughput_ips = 0;
    double energy_j = 0; ///< of the whole batch
    double power_w = 0;
    double area_mm2 = 0;                               ///< NaN: does not apply (an FPGA's share of a device)
    std::map<std::string, double> area;                ///< component -> mm2
    std::optional<FpgaResources> resources, available; ///< on an FPGA: taken, and what may be filled
    double weight_bytes = 0;                           ///< weights at their width
    double model_bytes = 0; ///< plus biases, scales, zero points, codebook levels (32 bits each)
    double bops = 0;        ///< sum of MACs x weight bits x activation bits, one image
    double dram_bytes = 0;
    double utilization = 0;     ///< achieved: time that the MACs would take at each layer's peak / time taken
    double mapped_units = 0;    ///< theoretical, weighted by compute cycles
    double peak_macs_per_s = 0; ///< of the target at its own widest operands
    double dram_bytes_per_s = 0;                 ///< external bandwidth in use, averaged over the run
    std::optional<double> dram_peak_bytes_per_s; ///< nullopt: unbounded
    double on_chip_bytes = 0;                    ///< most of any layer
    double peak_activation_bytes = 0;            ///< most that must be alive at once, one image
    std::vector<OptionGain> options;
    std::map<std::string, Confidence> confidence; ///< "latency", "energy", "area", "size", ...
    std::vector<LayerCost> layers;                ///< every node of the graph, in its order
};

} // namespace widthwise
