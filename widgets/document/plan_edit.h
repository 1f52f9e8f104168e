#pragma once
// Edits of a precision plan that mean something to the user, as pure functions.

#include "core/design/precision_plan.h"
#include "core/graph/graph.h"

#include <QStringList>

namespace widthwise::gui {

enum class Operand { weights, activations };

inline constexpr int k_float_bits = 32;

/// Whether the layer has this operand to give a width to.
[[nodiscard]] bool takes_bits(const Graph& graph, const std::string& layer, Operand operand);

/// The plan's width for it; k_float_bits for float32.
[[nodiscard]] int bits_of(const PrecisionPlan& plan, const std::string& layer, Operand operand);

/// `format` at another width (k_min_bits..k_max_bits or k_float_bits): granularity and range rule stay,
/// resolved scales do not.
[[nodiscard]] NumberFormat with_bits(const NumberFormat& format, int bits, Operand operand);

/// The same precisions in one form: the commonest precision of the weighted layers is the default, only
/// layers that differ are named. Plans that mean the same compare equal.
[[nodiscard]] PrecisionPlan canonical_plan(const PrecisionPlan& plan, const Graph& graph);

/// Every layer at these widths, with the default formats.
[[nodiscard]] PrecisionPlan uniform_plan(int weight_bits, int activation_bits);

} // namespace widthwise::gui
