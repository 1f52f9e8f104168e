#pragma once
// The design-space chart itself, for window and report. For charts/ only: it sees QtCharts.

#include "widgets/charts/design_space.h"

#include <QChart>
#include <QPalette>
#include <QScatterSeries>
#include <QValueAxis>

#include <memory>
#include <optional>

namespace widthwise::gui {

class DesignMarks;

/// "Energy per image (mJ)", and what to divide SI values by.
struct CostAxisTitle {
    QString text;
    double factor = 1;
};
[[nodiscard]] CostAxisTitle cost_axis_title(CostAxis axis, double largest);
/// "w4a8: 91.2 % (90.1 to 92.3), 1.84 mJ"; of a candidate, whose id is negative, without the interval.
[[nodiscard]] QString describe(const DesignPoint& point, CostAxis axis);

/// A QChart for axes and grid, with one item on top that draws front, error bars and points.
class DesignSpacePlot {
public:
    DesignSpacePlot();
    ~DesignSpacePlot();
    DesignSpacePlot(const DesignSpacePlot&) = delete;
    DesignSpacePlot& operator=(const DesignSpacePlot&) = delete;

    /// Owned by the scene that it is added to.
    [[nodiscard]] QChart* chart() const { return m_chart; }
    void show(const DesignSpace& space, const QPalette& palette);
    [[nodiscard]] const DesignSpace& space() const { return m_space; }
    void setHovered(int64_t id);
    /// The point within `reach` pixels of `position` (chart coordinates), the nearest one; candidates only
    /// where there is no design, and nearer by.
    [[nodiscard]] const DesignPoint* pointAt(const QPointF& position, double reach = 12) const;
    /// Chart coordinates.
    [[nodiscard]] QPointF positionOf(const DesignPoint& point) const;

private:
    friend class DesignMarks;
    [[nodiscard]] QPointF place(double cost, double top1) const;
    void fit();

    QChart* m_chart;
    QScatterSeries* m_anchor; ///< invisible: the axes need a series
    QValueAxis *m_x, *m_y;
    DesignMarks* m_marks;
    DesignSpace m_space;
    std::vector<size_t> m_front, m_search_front; ///< of points, of candidates
    QPalette m_palette;
    double m_factor = 1;
    bool m_lacking = false; ///< there are designs, none of which has this cost
    int64_t m_hovered = 0;
};

} // namespace widthwise::gui
