#pragma once
// Scales of several widths per layer: what a meta-initialization brings with it, so that a plan of any of
// these widths has where to start from.

#include "core/design/precision_plan.h"

#include <map>
#include <string>

namespace widthwise {

/// By layer: what calibration found and meta-training moved.
struct ScaleTable {
    /// Resolved formats: layer -> bits -> format.
    std::map<std::string, std::map<int, NumberFormat>> weights, activations;
    /// `plan` with every format that the table knows resolved; others stay open, to be calibrated. A format
    /// is known where the table has one of the same type, width, symmetry and granularity for the layer.
    [[nodiscard]] PrecisionPlan resolve(const PrecisionPlan& plan) const;
    bool operator==(const ScaleTable&) const = default;
};

/// A JSON document and back, for the file's metadata. Errors of reading: invalid_input.
[[nodiscard]] std::string to_json(const ScaleTable& table);
[[nodiscard]] Result<ScaleTable> scale_table_from_json(std::string_view text, const std::string& where);

} // namespace widthwise
