#include "widgets/charts/training_curves.h"

#include "widgets/theme.h"

#include <array>

namespace widthwise::gui {

RunStyle run_style(int style, const QPalette& palette) {
    const bool dark = is_dark(palette);
    const std::array<QColor, 5> colours{accent(palette), dark ? okabe_ito::orange : okabe_ito::vermillion,
                                        okabe_ito::green, okabe_ito::purple,
                                        dark ? okabe_ito::yellow : okabe_ito::orange};
    static constexpr std::array<Qt::PenStyle, 4> dashes{Qt::SolidLine, Qt::DashLine, Qt::DotLine,
                                                        Qt::DashDotLine};
    const auto index = static_cast<size_t>(style);
    // Five and four have no common divisor: neighbours differ in both, and twenty runs are all different.
    return {colours[index % colours.size()], dashes[index % dashes.size()]};
}

} // namespace widthwise::gui
