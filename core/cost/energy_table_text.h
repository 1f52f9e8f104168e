#pragma once
// What the readers of an energy table share.

#include "core/cost/energy_table.h"

#include <string_view>

namespace widthwise::cost {

inline constexpr size_t k_most_components = 10000;

/// A component by its path, its spans counted; nullopt for a span that is none, or no name.
[[nodiscard]] std::optional<TableComponent> component_of(std::string_view path);

[[nodiscard]] Result<EnergyTable> energy_table_from_yaml(std::string_view text, const std::string& where);
[[nodiscard]] Result<EnergyTable> energy_table_from_csv(std::string_view text, const std::string& where,
                                                        const std::string& design);

} // namespace widthwise::cost
