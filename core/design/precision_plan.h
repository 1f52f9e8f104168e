#pragma once
// Which precision each layer gets: the thing that the user edits. A value; copying is cheap enough for undo.

#include "core/graph/graph.h"
#include "core/quant/number_format.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise {

enum class Overflow { wrap, saturate };
/// "wrap", "saturate".
[[nodiscard]] std::string_view to_string(Overflow overflow);

inline constexpr int k_min_accumulator_bits = 2;
inline constexpr int k_max_accumulator_bits = 32;
/// The register that a layer's products are summed in: two's complement. 32 bits hold every sum that the
/// engine accepts; narrower ones are simulated for layers that run on integers. `saturate` cuts after each
/// addition, in the order kernel row, kernel column, input channel.
struct AccumulatorFormat {
    int bits = 32; ///< 2..32
    Overflow overflow = Overflow::wrap;
    bool operator==(const AccumulatorFormat&) const = default;
};

/// Weights, and the layer's input as its multipliers read it.
struct LayerPrecision {
    NumberFormat weights;
    NumberFormat activations;
    AccumulatorFormat accumulator = {};
    bool operator==(const LayerPrecision&) const = default;
};

/// How sums become the next layer's integers.
///  float_scale         multiplied by an f32 scale, rounded half to even
///  integer_multiplier  a 32-bit integer multiplier and a right shift, as gemmlowp and TensorFlow Lite do
///                      (Jacob et al. 2018, section 2.2)
///  power_of_two_shift  the scale rounded to the nearest power of two: a shift alone
/// Layers with weights round as named; residual adds take their two multipliers in the same form and round
/// half to even.
enum class RequantizationMode { float_scale, integer_multiplier, power_of_two_shift };
enum class Rounding { half_even, half_up, half_away, floor };
/// "float", "integer_multiplier", "power_of_two_shift".
[[nodiscard]] std::string_view to_string(RequantizationMode mode);
/// "half_even", "half_up", "half_away", "floor".
[[nodiscard]] std::string_view to_string(Rounding rounding);
inline constexpr std::array k_requantization_modes = {RequantizationMode::float_scale,
                                                      RequantizationMode::integer_multiplier,
                                                      RequantizationMode::power_of_two_shift};
inline constexpr std::array k_roundings = {Rounding::half_even, Rounding::half_up, Rounding::half_away,
                                           Rounding::floor};
struct Requantization {
    RequantizationMode mode = RequantizationMode::float_scale;
    Rounding rounding = Rounding::half_even; ///< float_scale: half_even only
    bool operator==(const Requantization&) const = default;
};

/// invalid_input for a rounding that the mode does not have.
[[nodiscard]] Result<void> validate(const Requantization& requantization);

/// Changes of the network's numbers that make low bits work; applied in this order whatever the order asked.
enum class Pass {
    equalize,                 ///< cross-layer equalization (Nagel et al. 2019, section 4.1); needs no data
    absorb_bias,              ///< high-bias absorption (section 4.1.3); needs no data
    reestimate_batch_norm,    ///< BatchNormalization statistics measured again with quantized weights
    adaround,                 ///< weights rounded up or down by layer-wise reconstruction (Nagel et al. 2020)
    bias_correction_analytic, ///< section 4.2, data-free
    bias_correction           ///< empirical, from calibration images
};
inline constexpr std::array k_passes = {Pass::equalize,
                                        Pass::absorb_bias,
                                        Pass::reestimate_batch_norm,
                                        Pass::adaround,
                                        Pass::bias_correction_analytic,
                                        Pass::bias_correction};
/// "equalize", "absorb_bias", "reestimate_batch_norm", "adaround", "bias_correction_analytic",
/// "bias_correction".
[[nodiscard]] std::string_view to_string(Pass pass);

/// What passes have made of a weighted layer: its folded weights and bias, f32, layouts as in the graph.
struct LayerValues {
    std::vector<float> weights, bias;
    /// The upper bound of the Clip that follows, where equalization has moved it.
    std::optional<float> clip_hi = {};
    bool operator==(const LayerValues&) const = default;
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
    /// Nothing is quantized anywhere, no pass asked for, no values carried.
    [[nodiscard]] bool is_float() const;

    // What holds for the whole network.
    [[nodiscard]] const Requantization& requantization() const { return m_requantization; }
    void set_requantization(Requantization r) { m_requantization = r; }
    /// True (the default): BatchNormalization is folded into the weights before they are quantized. False:
    /// the weights are quantized as they are, BatchNormalization goes into the requantization.
    [[nodiscard]] bool folds_batch_norm() const { return m_folds_batch_norm; }
    void set_folds_batch_norm(bool fold) { m_folds_batch_norm = fold; }
    /// To be applied before the network runs; in Pass order, each once.
    [[nodiscard]] const std::vector<Pass>& passes() const { return m_passes; }
    void set_passes(std::vector<Pass> passes); ///< sorted, repeated ones dropped
    /// What passes already applied have left, by layer: these layers' weights and biases are replaced.
    [[nodiscard]] const std::map<std::string, std::shared_ptr<const LayerValues>, std::less<>>&
    values() const {
        return m_values;
    }
    void set_values(std::string layer, std::shared_ptr<const LayerValues> values); ///< null: none any more
    /// By content, values included.
    bool operator==(const PrecisionPlan& other) const;

private:
    LayerPrecision m_default;
    std::map<std::string, LayerPrecision, std::less<>> m_layers;
    Requantization m_requantization;
    bool m_folds_batch_norm = true;
    std::vector<Pass> m_passes;
    std::map<std::string, std::shared_ptr<const LayerValues>, std::less<>> m_values;
};

/// "w8a8", "w4a6", "w32a32" or "float" -> default formats at these widths (1: binary, 32: float32). Other
/// types stand under their short names (fp16, bf16, e4m3, e5m2, ternary, log4, fixed8, dfixed8) in place of a
/// width or, for both, alone: "wlog4a8", "w4 abf16", "e4m3". Errors: usage.
[[nodiscard]] Result<LayerPrecision> parse_bits(std::string_view text);
/// The inverse where the formats are the defaults: "w4a6", "float", "w32a8", "wlog4 a8", "bf16".
[[nodiscard]] std::string bits_label(const LayerPrecision& precision);
/// One label for a whole plan: "w8a8" when uniform over the weighted layers of `graph`, else "mixed w2-8
/// a4-8", "mixed w4,log4 a8".
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
