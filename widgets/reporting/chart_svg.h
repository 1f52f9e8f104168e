#pragma once
// The design-space chart as SVG text, for reports. Needs no window and no display.

#include "widgets/charts/design_space.h"

#include <string>

namespace widthwise::gui {

/// `width` x `height` in CSS pixels, on white. Call it on the main thread: where there is no QApplication
/// yet, an offscreen one is created for the rest of the program. Empty space gives axes without points.
[[nodiscard]] std::string design_space_svg(const DesignSpace& space, int width = 720, int height = 420);

} // namespace widthwise::gui
