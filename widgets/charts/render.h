#pragma once
// Charts onto any painter, without a window.

#include "widgets/charts/design_space.h"

class QPainter;
class QPalette;
class QSizeF;

namespace widthwise::gui {

void render_design_space(QPainter& painter, const QSizeF& size, const DesignSpace& space,
                         const QPalette& palette);

} // namespace widthwise::gui
