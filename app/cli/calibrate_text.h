#pragma once
// What calibrating a target changed, and how far to trust it.

#include "core/cost/energy_table.h"
#include "core/cost/fit.h"

#include <optional>
#include <string>

namespace widthwise::cli {

struct Calibration {
    std::optional<cost::TableFit> table; ///< from an energy table
    std::optional<cost::TargetFit> fit;  ///< from measurements
    std::string path;                    ///< where the target was written; empty: nowhere
    [[nodiscard]] const HardwareTarget& target() const { return fit ? fit->target : table->target; }
};

[[nodiscard]] std::string calibration_text(const Calibration& calibration);
/// {"target", "path", "constants": [{"key", "unit", "before", "after", "fitted", "relative_error", "note"}],
///  "latency" and "energy": null or {"mean", "worst", "worst_layer", "mean_left_out", "worst_left_out",
///  "mean_before", "layers": [{"name", "measured_s" or "measured_j", "before_.", "modelled_.",
///  "left_out_."}]}, "table": [{"key", "before", "after", "from"}], "unused": [component]}
[[nodiscard]] std::string calibration_json(const Calibration& calibration);

} // namespace widthwise::cli
