#pragma once
// The scale on which widths are drawn and dragged: a place for each bit up to 8, half a place for each above,
// float32 on top.

namespace widthwise::gui {

/// How high a bar of this width stands, 0..1; `bits` 1..16, or 32 for float32.
[[nodiscard]] double bar_height(int bits);
/// The width whose bar ends nearest to this height.
[[nodiscard]] int bits_at_height(double height);

} // namespace widthwise::gui
