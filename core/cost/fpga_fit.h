#pragma once
// Whether units that must each be done in so many cycles an image fit on a device together, and which of its
// resources each then takes.

#include "core/cost/fpga_unit.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace widthwise::cost {

/// What may be filled.
struct FpgaLimits {
    FpgaResources most;
    DspKind dsp = DspKind::dsp48e2;
    double dram_bits_per_cycle = 0; ///< 0: unbounded
};

/// One layer of the network: a matrix unit or the work of a vector unit.
struct DataflowLayer {
    const MatrixUnit* unit = nullptr;
    const VectorWork* work = nullptr;
    double dram_reads = 0, dram_writes = 0; ///< bits of one image that enter and leave the device here
    [[nodiscard]] double dram_bits() const { return dram_reads + dram_writes; }
};

enum class WeightStore { lutram, on_chip, streamed }; ///< on_chip: block RAM, URAM or both

struct FittedLayer {
    const UnitChoice* choice = nullptr; ///< of matrix layers
    double cycles = 0;                  ///< of one image, without waiting for DRAM
    double dsp_share = 0;               ///< of the products, 0..1: the others are made of LUTs
    WeightStore store = WeightStore::lutram;
    double weight_dram_bits = 0; ///< of one image
    FpgaResources resources;
};

struct Fit {
    std::vector<FittedLayer> layers;
    FpgaResources total;
    double dram_bits = 0; ///< of one image
    double interval = 0;  ///< cycles from image to image
};

/// What keeps units off a device.
struct Shortage {
    std::string what; ///< "LUTs", "BRAM18", "bits of DRAM bandwidth a cycle"
    double needed = 0, available = 0;
    size_t layer = 0; ///< that needs most of it
    double layer_needs = 0;
};

class Fitter {
public:
    Fitter(std::span<const DataflowLayer> layers, int64_t batch, const FpgaLimits& limits)
        : m_layers(layers), m_batch(batch), m_limits(limits) {}

    /// Every unit is the smallest that takes at most `cycles` an image. Weights up to 128 words deep stand in
    /// LUTs; of the deeper ones those whose block RAM an URAM best replaces go to URAM, the others to block
    /// RAM. What does not fit there is streamed from DRAM again for each input vector (FINN's external
    /// weights), layers with the fewest vectors first. Products are made by DSPs where these save most LUTs,
    /// by as few as leave LUTs and DSPs equally full, or as many as are needed for the LUTs to suffice; one
    /// layer may be split between the two, by its outputs. More of a resource never makes what fits not fit.
    [[nodiscard]] std::optional<Fit> fit(double cycles) const;

    /// Why fit(cycles) fails.
    [[nodiscard]] Shortage shortage(double cycles) const;

    /// Fewer can none of the foldings keep; with more no unit gets smaller and all weights may be streamed.
    [[nodiscard]] double fewest_cycles() const;
    [[nodiscard]] double most_cycles() const;

private:
    struct Draft;
    [[nodiscard]] std::optional<Draft> draft(double cycles) const;
    [[nodiscard]] bool hopeless(double cycles) const;
    void stream(Draft& draft, size_t count) const;
    void store(Draft& draft) const;
    [[nodiscard]] bool place_weights(Draft& draft) const;
    [[nodiscard]] double spend_dsps(Draft& draft, double dsps) const;

    std::span<const DataflowLayer> m_layers;
    int64_t m_batch;
    FpgaLimits m_limits;
};

} // namespace widthwise::cost
