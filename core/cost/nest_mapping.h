#pragma once
// Between mappings as values and tilings, and whether one fits a target.

#include "core/cost/nest_counts.h"
#include "core/cost/nest_pricing.h"

#include <optional>

namespace widthwise::cost {

/// Errors: invalid_input when a level is none of the target's or stands out of order, a loop stands twice at
/// one place, spatial loops stand elsewhere than right outside the processing elements, or the extents do not
/// cover the layer, naming the loop.
[[nodiscard]] Result<Tiling> tiling_of(const Mapping& mapping, const HardwareTarget& target,
                                       const NestShape& shape);

/// Loops of extent 1 are left out.
[[nodiscard]] Mapping mapping_of(const Tiling& tiling, const HardwareTarget& target);

/// The level whose loops spread over the array: the innermost shared one.
[[nodiscard]] size_t array_level(const HardwareTarget& target);

/// A level on the chip that cannot hold its tiles.
struct Overflow {
    size_t level = 0;
    double needed_bits = 0;
};
/// The innermost such level.
[[nodiscard]] std::optional<Overflow> overflowing_level(const Tiling& tiling, const NestShape& shape,
                                                        const NestPricing& pricing);
/// "its tiles need 120 bytes in GLB, which has 100".
[[nodiscard]] std::string to_text(const Overflow& overflow, const HardwareTarget& target);

/// Errors: invalid_input when the array or a level is too small for the tiling, with what is needed and what
/// there is.
[[nodiscard]] Result<void> check_fit(const Tiling& tiling, const HardwareTarget& target,
                                     const NestShape& shape, const NestPricing& pricing);

} // namespace widthwise::cost
