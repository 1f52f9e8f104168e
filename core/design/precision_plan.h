#pragma once
// Which precision each layer gets: the thing that the user edits. A value; copying is cheap enough for undo.

#include "core/graph/graph.h"
#include "core/quant/number_format.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise {

/// Weights, and the layer's input as its multipliers read it.
struct LayerPrecision {
    NumberFormat weights;
    NumberFormat activations;
    bool operator==(const LayerPrecision&) const = default;
};

class PrecisionPlan {
public:
    /// Everything float32.
    PrecisionPlan() = default;
    explicit PrecisionPlan(LayerPrecision everywhere) : m_default(std::move(everywhere)) {}

    [[nodiscard]] const LayerPrecision& default_precision() const { return m_default; }
    /// The layer's own precision, or the default.
    [[nodiscard]] const LayerPrecision& at(std::string_view layer) const;
    void set(std::string layer, LayerPrecision precision);
    void set_default(LayerPrecision precision) { m_default = std::move(precision); }
    /// Layers that were named, in name order.
    [[nodiscard]] const std::map<std::string, LayerPrecision, std::less<>>& layers() const {
        return m_layers;
    }
    /// No integer anywhere.
    [[nodiscard]] bool is_float() const;
    bool operator==(const PrecisionPlan&) const = default;

private:
    LayerPrecision m_default;
    std::map<std::string, LayerPrecision, std::less<>> m_layers;
};

/// "w8a8", "w4a6", "w32a32" or "float" -> default formats at these widths (32: float32). Errors: usage.
[[nodiscard]] Result<LayerPrecision> parse_bits(std::string_view text);
/// The inverse where the formats are the defaults: "w4a6", "float", "w32a8".
[[nodiscard]] std::string bits_label(const LayerPrecision& precision);
/// One label for a whole plan: "w8a8" when uniform over the weighted layers of `graph`, else "mixed w2-8
/// a4-8".
[[nodiscard]] std::string plan_label(const PrecisionPlan& plan, const Graph& graph);

/// "NAME=w4a6", NAME may be a glob over the layers that take a precision. Errors: usage for the form;
/// invalid_input for a name that matches no such layer, with the near ones.
[[nodiscard]] Result<void> apply_layer_option(PrecisionPlan& plan, const Graph& graph,
                                              std::string_view option);

/// The widthwise-design/1 document of the command line's contract. Unknown keys, unknown layers (near names
/// are given) and invalid formats are invalid_input errors; `where` is the source's name. Formats of the
/// contract that this version does not run are `unsupported` errors.
[[nodiscard]] Result<PrecisionPlan> plan_from_json(std::string_view text, const Graph& graph,
                                                   const std::string& where);
/// Stable key order, resolved scales and zero points included, 9 significant digits (f32 round-trips).
[[nodiscard]] std::string plan_to_json(const PrecisionPlan& plan);

} // namespace widthwise
