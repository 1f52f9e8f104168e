#pragma once
// A target calibrated from measurements of single layers: the few constants that they tell apart are fitted,
// the others stay as they are, and the fit's error is told.
//
// Latency: a layer takes the longest of its compute cycles and each level's transfers, so that each layer
// tells of the constant that binds it; fitted by least squares of log(modelled / measured). Energy: a sum of
// terms in proportion to the constants; fitted by linear least squares of modelled / measured - 1. A constant
// is left alone where the measurements do not tell it: it has no effect, fewer than two layers are bound by
// it, it moves together with another, its standard error is above half of it, or it fits with a negative
// sign. What leave-one-out predicts of each layer from the others says how far to trust the rest.

#include "core/cost/cost_model.h"

#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace widthwise::cost {

struct MeasuredLayer {
    std::string layer;
    std::optional<double> latency_s, energy_j; ///< of the whole batch; at least one
};

/// Columns `layer`, and `latency_s` or `energy_j` or both; further columns are passed over, empty cells mean
/// not measured. Errors: invalid_input naming file, line and column: a name that is no layer of the network
/// (with near ones), a layer twice, a figure that is not above 0, a line without any.
[[nodiscard]] Result<std::vector<MeasuredLayer>> read_measurements(const std::filesystem::path& path,
                                                                   const Graph& graph);

/// One network at one design on the chip.
struct MeasuredRun {
    std::shared_ptr<const Graph> graph;
    PrecisionPlan plan;
    Options options; ///< batch and zeros as measured
    std::vector<MeasuredLayer> layers;
    std::string source; ///< the file
};

struct FittedConstant {
    std::string key, unit;        ///< as in the target's file
    std::optional<double> before; ///< nullopt: a law, or never the bottleneck
    std::optional<double> after;
    bool fitted = false;
    double relative_error = std::numeric_limits<double>::quiet_NaN(); ///< one standard error over the value
    std::string note;                                                 ///< why it was left alone
};

struct LayerFit {
    std::string layer;
    double measured = 0, before = 0, after = 0; ///< s or J; before: the target as it was
    double left_out = 0;                        ///< predicted by the constants fitted without this layer
};

struct FitQuality {
    std::vector<LayerFit> layers;
    double mean = 0, worst = 0; ///< |modelled / measured - 1| of the fitted target
    double mean_left_out = 0, worst_left_out = 0;
    std::string worst_layer;
    double mean_before = 0; ///< of the target as it was
};

struct TargetFit {
    HardwareTarget target; ///< with `confidence` and `sources` of what was fitted
    std::vector<FittedConstant> constants;
    std::optional<FitQuality> latency, energy; ///< nullopt: not measured
};

/// Errors: invalid_input as estimate(); or a measured layer that costs nothing of its own in the model,
/// saying where its cost is; or fewer than two measurements.
[[nodiscard]] Result<TargetFit> fit_target(const HardwareTarget& target, std::span<const MeasuredRun> runs);

} // namespace widthwise::cost
