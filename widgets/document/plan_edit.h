#pragma once
// Edits of a precision plan that mean something to the user, as pure functions.

#include "core/design/precision_plan.h"
#include "core/graph/graph.h"
#include "widgets/document/format_edit.h"

#include <QStringList>

namespace widthwise::gui {

inline constexpr int k_float_bits = 32;

/// Whether the layer has this operand to give a width to.
[[nodiscard]] bool takes_bits(const Graph& graph, const std::string& layer, LayerOperand operand);

[[nodiscard]] const NumberFormat& format_of(const LayerPrecision& precision, LayerOperand operand);
[[nodiscard]] const NumberFormat& format_of(const PrecisionPlan& plan, const std::string& layer,
                                            LayerOperand operand);
/// Bits that one number takes; k_float_bits for float32.
[[nodiscard]] int bits_of(const PrecisionPlan& plan, const std::string& layer, LayerOperand operand);

/// `format` at another width (k_min_bits..k_max_bits or k_float_bits): the type stays where it comes in this
/// width, else an integer takes its place; granularity and range rule stay, resolved scales do not.
[[nodiscard]] NumberFormat with_bits(const NumberFormat& format, int bits, LayerOperand operand);
/// The plan with one width for these layers; those without the operand, or with this width already, are left
/// alone.
[[nodiscard]] PrecisionPlan with_bits(const PrecisionPlan& plan, const Graph& graph,
                                      const QStringList& layers, LayerOperand operand, int bits);
/// The same, up or down from each layer's own width; float32 counts as one above k_max_bits.
[[nodiscard]] PrecisionPlan with_step(const PrecisionPlan& plan, const Graph& graph,
                                      const QStringList& layers, LayerOperand operand, int step);

/// The layers' formats, of those that take the operand.
[[nodiscard]] std::vector<NumberFormat> formats_of(const PrecisionPlan& plan, const Graph& graph,
                                                   const QStringList& layers, LayerOperand operand);
/// Layers whose format cannot take the change are left alone.
[[nodiscard]] PrecisionPlan with_format(const PrecisionPlan& plan, const Graph& graph,
                                        const QStringList& layers, LayerOperand operand,
                                        const FormatChange& change);

/// Weighted layers only: they have sums to hold.
[[nodiscard]] PrecisionPlan with_accumulator(const PrecisionPlan& plan, const Graph& graph,
                                             const QStringList& layers, std::optional<int> bits,
                                             std::optional<Overflow> overflow);
[[nodiscard]] PrecisionPlan with_pass(const PrecisionPlan& plan, Pass pass, bool on);

/// The same precisions with nothing resolved: for a network whose weights are other ones.
[[nodiscard]] PrecisionPlan without_parameters(const PrecisionPlan& plan);

/// The same precisions in one form: the commonest precision of the weighted layers is the default, only
/// layers that differ are named. Plans that mean the same compare equal. What holds for the whole network
/// stays.
[[nodiscard]] PrecisionPlan canonical_plan(const PrecisionPlan& plan, const Graph& graph);

/// Every layer at these widths, with the default formats.
[[nodiscard]] PrecisionPlan uniform_plan(int weight_bits, int activation_bits);

/// "Cross-layer equalization", "CLE", and what it does in one line.
[[nodiscard]] QString pass_name(Pass pass);
[[nodiscard]] QString pass_short_name(Pass pass);
[[nodiscard]] QString pass_explanation(Pass pass);
/// "w4a8 + AdaRound": plan_label, and the passes that it asks for.
[[nodiscard]] QString label_with_passes(const PrecisionPlan& plan, const Graph& graph);

} // namespace widthwise::gui
