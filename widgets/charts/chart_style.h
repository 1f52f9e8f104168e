#pragma once
// How every chart of the program looks. For charts/ only: it sees QtCharts.

#include "widgets/charts/axis_scale.h"

#include <QChart>
#include <QPalette>
#include <QValueAxis>

namespace widthwise::gui {

/// No box, no shadow, no animation, palette's colours.
void style_chart(QChart& chart, const QPalette& palette);
void style_axis(QValueAxis& axis, const QString& title, const QPalette& palette);
void set_scale(QValueAxis& axis, const AxisScale& scale);
/// The application's font, one size down.
[[nodiscard]] QFont chart_font(bool bold = false);

} // namespace widthwise::gui
