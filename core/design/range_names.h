#pragma once
// Range rules by the names that designs and the command line give them.

#include "core/quant/number_format.h"

#include <optional>
#include <string>
#include <string_view>

namespace widthwise {

/// "minmax", "moving_average", "percentile:99.99", "mse", "entropy", "dynamic"; nullopt for anything else.
/// The percentile is any number; validate() judges it.
[[nodiscard]] std::optional<RangeRule> range_rule_from_text(std::string_view text);
/// The inverse; nullopt for a given range, which has no name.
[[nodiscard]] std::optional<std::string> range_rule_text(const RangeRule& rule);

} // namespace widthwise
