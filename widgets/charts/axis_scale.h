#pragma once

namespace widthwise::gui {

/// A range that begins and ends on round ticks.
struct AxisScale {
    double lo = 0, hi = 1, step = 0.2;
    int ticks = 6;    ///< both ends included
    int decimals = 1; ///< that its labels need
};

/// Covers [lo, hi] with about `wanted` steps of 1, 2 or 5 x 10^k; an empty range is widened by a tenth to
/// both sides.
[[nodiscard]] AxisScale nice_scale(double lo, double hi, int wanted = 5);

/// Decades that hold all of [lo, hi]: floor and ceiling of their logarithms, at least one decade apart.
struct Decades {
    int lo = 0, hi = 1;
};
[[nodiscard]] Decades decades_of(double lo, double hi);

} // namespace widthwise::gui
