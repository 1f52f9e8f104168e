#pragma once
// The roofline chart itself: axes, roofs and points. For charts/ only: it sees QtCharts.

#include "widgets/charts/axis_scale.h"
#include "widgets/charts/roofline.h"

#include <QCategoryAxis>
#include <QChart>
#include <QLineSeries>
#include <QPalette>

namespace widthwise::gui {

class RooflinePlot {
public:
    RooflinePlot();
    /// Owned by the view that shows it.
    [[nodiscard]] QChart* chart() const { return m_chart; }
    /// Sorts the points by reuse.
    void show(Roofline roofline, const QPalette& palette);
    [[nodiscard]] const Roofline& roofline() const { return m_roofline; }
    void paint(QPainter& painter, const QStringList& selected) const;
    /// As rich text.
    [[nodiscard]] QString legend() const;
    /// Chart coordinates.
    [[nodiscard]] QPointF positionOf(const RooflinePoint& point) const;
    /// The nearest one within a few pixels; null: none.
    [[nodiscard]] const RooflinePoint* pointAt(const QPointF& position) const;

private:
    void findRanges();
    void refreshAxes();
    [[nodiscard]] QPointF place(double intensity, double rate) const;
    [[nodiscard]] QColor colourOf(RooflinePoint::BoundBy bound) const;
    void paintSlope(QPainter& painter) const;
    void paintRoofs(QPainter& painter) const;
    void paintPoint(QPainter& painter, const RooflinePoint& point, bool is_selected) const;

    Roofline m_roofline;
    QPalette m_palette;
    Decades m_x_range, m_y_range;
    QChart* m_chart = new QChart;
    QLineSeries* m_anchor = new QLineSeries; ///< empty: maps values to positions
    QCategoryAxis *m_x = nullptr, *m_y = nullptr;
};

} // namespace widthwise::gui
