#pragma once
// Sensitivities as a table: one row a layer, one column an operand and width.

#include "core/design/sensitivity.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise::cli {

enum class SensitivityMetric { top1, loss, kl, sqnr, hessian };
inline constexpr std::array<std::string_view, 5> k_sensitivity_metrics{"top1", "loss", "kl", "sqnr",
                                                                       "hessian"};

[[nodiscard]] std::string sensitivity_text(const Sensitivity& sensitivity, const std::vector<int>& widths,
                                           SensitivityMetric metric);

} // namespace widthwise::cli
