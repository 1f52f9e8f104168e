#include "widgets/charts/chart_style.h"

#include "widgets/theme.h"

#include <QApplication>
#include <QGraphicsLayout>
#include <QLegend>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {

QFont chart_font(bool bold) {
    QFont font = QApplication::font();
    font.setPointSizeF(font.pointSizeF() > 0 ? font.pointSizeF() * 0.9 : 9);
    font.setBold(bold);
    return font;
}

void style_chart(QChart& chart, const QPalette& palette) {
    chart.legend()->hide();
    chart.setAnimationOptions(QChart::NoAnimation);
    chart.layout()->setContentsMargins(0, 0, 0, 0);
    chart.setBackgroundRoundness(0);
    chart.setBackgroundPen(Qt::NoPen);
    chart.setBackgroundBrush(palette.color(QPalette::Base));
    chart.setPlotAreaBackgroundVisible(false);
    chart.setDropShadowEnabled(false);
}

void style_axis(QValueAxis& axis, const QString& title, const QPalette& palette) {
    axis.setTitleText(title);
    axis.setTitleFont(chart_font());
    axis.setTitleBrush(palette.color(QPalette::Active, QPalette::WindowText));
    axis.setLabelsFont(chart_font());
    axis.setLabelsColor(muted_text(palette));
    axis.setGridLineColor(grid_line(palette));
    axis.setLinePenColor(grid_line(palette));
    axis.setTruncateLabels(false);
}

void set_scale(QValueAxis& axis, const AxisScale& scale) {
    // A hair above: a tick at -1e-17 would be labelled "-0.0". Far below what a label shows, however large
    // the step.
    const double hair = std::min(scale.step * 1e-7, 1e-3 * std::pow(10.0, -scale.decimals));
    axis.setRange(scale.lo + hair, scale.hi + hair);
    axis.setTickCount(scale.ticks);
    axis.setLabelFormat(QStringLiteral("%.%1f").arg(scale.decimals));
}

} // namespace widthwise::gui
