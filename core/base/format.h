#pragma once
// Numbers as people read them, the same in the window, on the command line and in reports. Independent of the
// locale.

#include <string>
#include <string_view>

namespace widthwise {

/// What stands for a number that is not finite.
inline constexpr std::string_view k_no_number = "\u2013";

/// Engineering notation with `digits` significant digits (3 or more): (0.00184, "J") -> "1.84 mJ", (0, "J")
/// -> "0 J", (40.6e6, "") -> "40.6 M". Prefixes from atto to exa, plain exponents beyond. Not for units with
/// a power ("mm²").
[[nodiscard]] std::string format_si(double value, std::string_view unit, int digits = 3);

/// Decimal multiples with three digits: "812 B", "12.3 kB", "1.20 MB".
[[nodiscard]] std::string format_bytes(double bytes);

/// A share 0..1 (or a difference of shares): (0.9123, 1) -> "91.2 %".
[[nodiscard]] std::string format_percent(double share, int decimals = 1);

/// A difference of shares in percentage points, always with its sign: (-0.0123, 2) -> "−1.23".
[[nodiscard]] std::string format_points(double difference, int decimals = 2);

/// `digits` significant digits without a prefix or needless exponent: (0.123456) -> "0.123", (1234.5) ->
/// "1230".
[[nodiscard]] std::string format_number(double value, int digits = 3);

/// Fixed number of decimals, never "-0.0".
[[nodiscard]] std::string format_fixed(double value, int decimals);

} // namespace widthwise
