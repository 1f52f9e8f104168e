#pragma once
// What Qt Charts has no series for, drawn over a chart's axes and grid. For charts/ only.

#include <QChart>
#include <QGraphicsItem>

#include <functional>
#include <utility>

namespace widthwise::gui {

/// Covers the chart; `paint` draws in the chart's coordinates.
class PaintedItem : public QGraphicsItem {
public:
    using Paint = std::function<void(QPainter& painter)>;
    PaintedItem(QChart* chart, Paint paint)
        : QGraphicsItem(chart), m_chart(chart), m_paint(std::move(paint)) {
        setZValue(20); // above the grid
    }
    [[nodiscard]] QRectF boundingRect() const override { return m_chart->boundingRect(); }
    void paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*) override { m_paint(*painter); }
    void changed() {
        prepareGeometryChange();
        update();
    }

private:
    QChart* m_chart;
    Paint m_paint;
};

} // namespace widthwise::gui
