#pragma once
// A network's dataflow design: how fast its units can be made, and how many configurations of the device it
// takes.

#include "core/base/result.h"
#include "core/cost/fpga_fit.h"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace widthwise::cost {

struct DesignRequest {
    int64_t batch = 1;
    FpgaLimits limits;
    std::optional<double> interval;           ///< cycles from image to image; nullopt: as few as fit
    std::optional<double> reconfigure_cycles; ///< to load another configuration; nullopt: there is only one
    std::span<const std::string_view> names;  ///< of the layers, for errors; empty: of no name
};

/// Layers first .. last - 1, on the device at once.
struct Configuration {
    size_t first = 0, last = 0;
    Fit fit;
    double latency_cycles = 0; ///< of one image
    [[nodiscard]] double batch_cycles(int64_t batch) const {
        return latency_cycles + static_cast<double>(batch - 1) * fit.interval;
    }
};

struct FpgaDesign {
    std::vector<Configuration> configurations; ///< run one after another, each for the whole batch
    double batch_cycles = 0;                   ///< from batch to batch, loading included
    double latency_cycles = 0;                 ///< of the first batch
};

/// Of one image.
[[nodiscard]] double input_bits(const DataflowLayer& layer, int64_t batch);
[[nodiscard]] double output_bits(const DataflowLayer& layer, int64_t batch);

/// One configuration's pipeline, from the first input to the last output of one image: a unit starts when its
/// first window is complete, start_l = start_(l-1) + window_l (finish_(l-1) - start_(l-1)), and is done when
/// the unit before it is and its own cycles have passed, finish_l = max(finish_(l-1), start_l + cycles_l).
/// Branches count as if they stood in a row.
[[nodiscard]] double pipeline_cycles(std::span<const DataflowLayer> layers, const Fit& fit,
                                     double dram_bits_per_cycle);

/// Cycles of one layer's unit for one image, waiting for DRAM included: streamed weights of all layers share
/// its bandwidth for as long as all of them take.
[[nodiscard]] double waiting_cycles(const DataflowLayer& layer, const FittedLayer& fitted, const Fit& fit,
                                    double dram_bits_per_cycle);

/// The interval is the first of 1.02^i cycles that fits (Fitter). Where loading another configuration is
/// allowed, also 2, 3, 4, 6, 8, 12, ... configurations are weighed, cut where the units' least LUTs are in
/// equal parts, feature maps between them going through DRAM; the fastest for the batch is taken (as
/// fpgaConvNet does, Venieris and Bouganis, FCCM 2016). Errors: invalid_input saying what is short by how
/// much, and which layer needs most of it.
[[nodiscard]] Result<FpgaDesign> design_dataflow(std::span<const DataflowLayer> layers,
                                                 const DesignRequest& request);

} // namespace widthwise::cost
