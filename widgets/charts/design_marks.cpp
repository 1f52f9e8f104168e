#include "widgets/charts/design_marks.h"

#include "widgets/charts/chart_style.h"
#include "widgets/charts/design_space_plot.h"
#include "widgets/theme.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>

namespace widthwise::gui {
namespace {

QPolygonF diamond(const QPointF& at, double radius) {
    return QPolygonF({at + QPointF(0, -radius), at + QPointF(radius, 0), at + QPointF(0, radius),
                      at + QPointF(-radius, 0)});
}

/// One look for chart and legend.
struct MarkStyle {
    QColor front, current, baseline, dominated, paper, search;
    explicit MarkStyle(const QPalette& palette)
        : front(accent(palette))
        , current(is_dark(palette) ? okabe_ito::orange : okabe_ito::vermillion)
        , baseline(palette.color(QPalette::Active, QPalette::WindowText))
        , dominated(muted_text(palette))
        , paper(palette.color(QPalette::Base))
        , search(is_dark(palette) ? okabe_ito::green.lighter(140) : okabe_ito::green) {}

    void draw_front(QPainter& p, const QPointF& at) const {
        p.setPen(QPen(paper, 1));
        p.setBrush(front);
        p.drawEllipse(at, 4.5, 4.5);
    }
    void draw_dominated(QPainter& p, const QPointF& at) const {
        p.setPen(QPen(paper, 1));
        p.setBrush(dominated);
        p.drawEllipse(at, 3.2, 3.2);
    }
    void draw_candidate(QPainter& p, const QPointF& at) const {
        p.setPen(Qt::NoPen);
        p.setBrush(search);
        p.drawEllipse(at, 2.2, 2.2);
    }
    void draw_baseline(QPainter& p, const QPointF& at) const {
        p.setPen(QPen(baseline, 1.6));
        p.setBrush(Qt::NoBrush);
        p.drawEllipse(at, 7.5, 7.5);
    }
    void draw_current(QPainter& p, const QPointF& at) const {
        p.setPen(QPen(paper, 1.2));
        p.setBrush(current);
        p.drawPolygon(diamond(at, 7.5));
    }
};

} // namespace

DesignMarks::DesignMarks(const DesignSpacePlot& plot, QGraphicsItem* chart)
    : QGraphicsItem(chart), m_plot(plot) {
    setZValue(100);
}

QRectF DesignMarks::boundingRect() const {
    return parentItem()->boundingRect();
}

void DesignMarks::changed() {
    prepareGeometryChange();
    update();
}

void DesignMarks::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*) {
    const DesignSpace& space = m_plot.space();
    const QPalette& palette = m_plot.m_palette;
    const MarkStyle style(palette);
    painter->setRenderHint(QPainter::Antialiasing);

    paintCandidates(*painter);
    std::vector<bool> on_front(space.points.size(), false);
    QPolygonF steps;
    for (const size_t i : m_plot.m_front) {
        on_front[i] = true;
        const QPointF at = m_plot.positionOf(space.points[i]);
        // What one can have for a cost is a staircase: the best design that is not dearer.
        if (!steps.isEmpty()) steps << QPointF(at.x(), steps.last().y());
        steps << at;
    }
    QColor line = style.front;
    line.setAlphaF(0.7F);
    painter->setPen(QPen(line, 1.5));
    painter->setBrush(Qt::NoBrush);
    painter->drawPolyline(steps);

    if (space.error_bars) {
        for (size_t i = 0; i < space.points.size(); ++i) {
            const DesignPoint& point = space.points[i];
            QColor colour = on_front[i] ? style.front : style.dominated;
            colour.setAlphaF(0.45F);
            painter->setPen(QPen(colour, 1));
            const QPointF low = m_plot.place(cost_of(point, space.axis), point.top1_lo);
            const QPointF high = m_plot.place(cost_of(point, space.axis), point.top1_hi);
            painter->drawLine(low, high);
            for (const QPointF& end : {low, high})
                painter->drawLine(end - QPointF(3, 0), end + QPointF(3, 0));
        }
    }
    for (size_t i = 0; i < space.points.size(); ++i)
        if (!on_front[i]) style.draw_dominated(*painter, m_plot.positionOf(space.points[i]));
    for (const size_t i : m_plot.m_front) style.draw_front(*painter, m_plot.positionOf(space.points[i]));
    for (const DesignPoint& point : space.points) {
        const QPointF at = m_plot.positionOf(point);
        if (point.id == space.current_id && point.id != 0) style.draw_current(*painter, at);
        if (point.id == space.baseline_id && point.id != 0) style.draw_baseline(*painter, at);
    }
    for (const auto* points : {&space.candidates, &space.points})
        for (const DesignPoint& point : *points) {
            if (point.id == 0 || (point.id != m_plot.m_hovered && point.id != space.shown_id)) continue;
            QColor ring = style.front;
            ring.setAlphaF(0.25F);
            painter->setPen(point.id == space.shown_id ? QPen(style.front, 1.6) : QPen(Qt::NoPen));
            painter->setBrush(ring);
            const double radius = point.id < 0 ? 8 : 12;
            painter->drawEllipse(m_plot.positionOf(point), radius, radius);
        }
    paintLabels(*painter);
    paintLegend(*painter);
}

void DesignMarks::paintCandidates(QPainter& painter) const {
    const DesignSpace& space = m_plot.space();
    if (space.candidates.empty()) return;
    const MarkStyle style(m_plot.m_palette);
    painter.save();
    painter.setClipRect(m_plot.chart()->plotArea().adjusted(-4, -4, 4, 4));
    // One call for all dots of a kind: those left early are fainter, and come first.
    const auto split = std::ranges::find(space.candidates, false, &DesignPoint::partial);
    const auto dots = [&](auto from, auto to, float alpha, double width) {
        QPolygonF places;
        for (auto it = from; it != to; ++it) places << m_plot.positionOf(*it);
        QColor colour = style.search;
        colour.setAlphaF(alpha);
        painter.setPen(QPen(colour, width, Qt::SolidLine, Qt::RoundCap));
        painter.drawPoints(places);
    };
    dots(space.candidates.begin(), split, 0.3F, 2.5);
    dots(split, space.candidates.end(), 0.65F, 3.5);
    QPolygonF steps;
    for (const size_t i : m_plot.m_search_front) {
        const QPointF at = m_plot.positionOf(space.candidates[i]);
        if (!steps.isEmpty()) steps << QPointF(at.x(), steps.last().y());
        steps << at;
    }
    painter.setPen(QPen(style.search, 1.5, Qt::DashLine));
    painter.setBrush(Qt::NoBrush);
    painter.drawPolyline(steps);
    for (const size_t i : m_plot.m_search_front)
        style.draw_candidate(painter, m_plot.positionOf(space.candidates[i]));
    painter.restore();
}

void DesignMarks::paintLabels(QPainter& painter) const {
    const DesignSpace& space = m_plot.space();
    const QFontMetricsF metrics(chart_font());
    painter.setFont(chart_font());
    painter.setPen(m_plot.m_palette.color(QPalette::Active, QPalette::WindowText));
    const QRectF area = m_plot.chart()->plotArea();
    std::vector<QRectF> taken;
    for (const DesignPoint& point : space.points) {
        const QPointF at = m_plot.positionOf(point);
        taken.emplace_back(at.x() - 6, at.y() - 6, 12, 12);
    }
    std::vector<const DesignPoint*> order;
    for (const DesignPoint& point : space.points)
        if (point.id == space.current_id || point.id == space.baseline_id) order.push_back(&point);
    for (const size_t i : m_plot.m_front) order.push_back(&space.points[i]);
    std::vector<int64_t> labelled;
    for (const DesignPoint* point : order) {
        if (std::ranges::find(labelled, point->id) != labelled.end()) continue;
        const QString text = QString::fromStdString(point->label);
        const QSizeF size(metrics.horizontalAdvance(text), metrics.height());
        const QPointF at = m_plot.positionOf(*point);
        // Right below, right above, left below, left above.
        for (const QPointF& corner :
             {QPointF(10, 3), QPointF(10, -size.height() - 3), QPointF(-10 - size.width(), 3),
              QPointF(-10 - size.width(), -size.height() - 3)}) {
            const QRectF box(at + corner, size);
            if (!area.contains(box)) continue;
            if (std::ranges::any_of(taken, [&](const QRectF& other) { return other.intersects(box); }))
                continue;
            painter.drawText(QPointF(box.left(), box.top() + metrics.ascent()), text);
            taken.push_back(box);
            labelled.push_back(point->id);
            break;
        }
    }
}

void DesignMarks::paintLegend(QPainter& painter) const {
    const DesignSpace& space = m_plot.space();
    if (space.points.empty() && space.candidates.empty()) return;
    const MarkStyle style(m_plot.m_palette);
    const QFontMetricsF metrics(chart_font());
    painter.setFont(chart_font());
    const QRectF area = m_plot.chart()->plotArea();
    QPointF at(area.left() + 8, area.top() - metrics.height() * 0.5 - 7);
    const auto entry = [&](const QString& text, auto&& draw) {
        draw(at);
        painter.setPen(muted_text(m_plot.m_palette));
        painter.drawText(at + QPointF(14, metrics.ascent() * 0.5 - 1), text);
        at.rx() += 14 + metrics.horizontalAdvance(text) + 24;
    };
    if (!space.candidates.empty())
        entry(QObject::tr("searched"), [&](const QPointF& p) { style.draw_candidate(painter, p); });
    if (space.points.empty()) return;
    entry(QObject::tr("Pareto front"), [&](const QPointF& p) { style.draw_front(painter, p); });
    // Only what there is: narrow charts have no room for more.
    if (space.current_id != 0)
        entry(QObject::tr("current"), [&](const QPointF& p) { style.draw_current(painter, p); });
    if (space.baseline_id != 0)
        entry(QObject::tr("baseline w8a8"), [&](const QPointF& p) { style.draw_baseline(painter, p); });
    entry(QObject::tr("dominated"), [&](const QPointF& p) { style.draw_dominated(painter, p); });
}

} // namespace widthwise::gui
