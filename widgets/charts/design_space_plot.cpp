#include "widgets/charts/design_space_plot.h"

#include "widgets/charts/chart_style.h"
#include "widgets/charts/design_marks.h"
#include "widgets/number_text.h"

#include <algorithm>
#include <cmath>

namespace widthwise::gui {

CostAxisTitle cost_axis_title(CostAxis axis, double largest) {
    switch (axis) {
    case CostAxis::energy: {
        const ScaledUnit unit = scaled_unit(largest, QStringLiteral("J"));
        return {QObject::tr("Energy per image (%1)").arg(unit.text), unit.factor};
    }
    case CostAxis::latency: {
        const ScaledUnit unit = scaled_unit(largest, QStringLiteral("s"));
        return {QObject::tr("Latency per image (%1)").arg(unit.text), unit.factor};
    }
    case CostAxis::area:
        return {QObject::tr("Area (mm\u00b2)"), 1};
    case CostAxis::size: {
        const ScaledUnit unit = scaled_unit(largest, QStringLiteral("B"));
        return {QObject::tr("Model size (%1)").arg(unit.text), unit.factor};
    }
    }
    return {};
}

QString describe(const DesignPoint& point, CostAxis axis) {
    const double cost = cost_of(point, axis);
    QString text;
    switch (axis) {
    case CostAxis::energy:
        text = engineering(cost, QStringLiteral("J"));
        break;
    case CostAxis::latency:
        text = engineering(cost, QStringLiteral("s"));
        break;
    case CostAxis::area:
        text = significant(cost) + QStringLiteral("\u00a0mm\u00b2");
        break;
    case CostAxis::size:
        text = bytes_text(cost);
        break;
    }
    return QObject::tr("%1: %2 (%3 to %4), %5")
        .arg(qt(point.label), percent(point.top1, 2), QString::number(point.top1_lo * 100, 'f', 1),
             QString::number(point.top1_hi * 100, 'f', 1), text);
}

DesignSpacePlot::DesignSpacePlot()
    : m_chart(new QChart), m_anchor(new QScatterSeries), m_x(new QValueAxis), m_y(new QValueAxis) {
    m_anchor->setMarkerSize(0.1);
    m_anchor->setOpacity(0);
    m_chart->addSeries(m_anchor);
    m_chart->addAxis(m_x, Qt::AlignBottom);
    m_chart->addAxis(m_y, Qt::AlignLeft);
    m_anchor->attachAxis(m_x);
    m_anchor->attachAxis(m_y);
    m_chart->setMargins(QMargins(12, 26, 24, 8));
    m_marks = new DesignMarks(*this, m_chart);
    QObject::connect(m_chart, &QChart::plotAreaChanged, m_chart, [this] { m_marks->changed(); });
}

DesignSpacePlot::~DesignSpacePlot() {
    // The marks refer to this plot; the chart itself belongs to its scene.
    if (m_chart->scene() == nullptr) {
        delete m_chart;
        return;
    }
    delete m_marks;
    QObject::disconnect(m_chart, &QChart::plotAreaChanged, m_chart, nullptr);
}

void DesignSpacePlot::show(const DesignSpace& space, const QPalette& palette) {
    m_space = space;
    // A cost that a target does not have has no place on the axis.
    std::erase_if(m_space.points,
                  [&](const DesignPoint& point) { return !std::isfinite(cost_of(point, space.axis)); });
    m_palette = palette;
    m_front = pareto_front(m_space.points, space.axis);
    double cost_lo = 0, cost_hi = 0, top_lo = 0.5, top_hi = 1;
    bool first = true;
    for (const DesignPoint& point : m_space.points) {
        const double cost = cost_of(point, space.axis);
        const double lo = space.error_bars ? point.top1_lo : point.top1,
                     hi = space.error_bars ? point.top1_hi : point.top1;
        cost_lo = first ? cost : std::min(cost_lo, cost);
        cost_hi = first ? cost : std::max(cost_hi, cost);
        top_lo = first ? lo : std::min(top_lo, lo);
        top_hi = first ? hi : std::max(top_hi, hi);
        first = false;
    }
    const CostAxisTitle title = cost_axis_title(space.axis, cost_hi);
    m_factor = title.factor;
    style_chart(*m_chart, palette);
    const bool lacking = m_space.points.empty() && !space.points.empty();
    style_axis(*m_x, lacking ? QObject::tr("%1: the target has none").arg(title.text) : title.text, palette);
    style_axis(*m_y, space.agreement ? QObject::tr("Agreement (%)") : QObject::tr("Top-1 accuracy (%)"),
               palette);
    const double margin = (cost_hi - cost_lo) * 0.03;
    AxisScale x = nice_scale(std::max(0.0, cost_lo - margin) / m_factor, (cost_hi + margin) / m_factor, 6);
    if (m_space.points.empty()) x = nice_scale(0, 1);
    set_scale(*m_x, x);
    set_scale(*m_y, nice_scale(std::max(0.0, top_lo * 100), std::min(100.0, top_hi * 100)));
    m_marks->changed();
}

void DesignSpacePlot::setHovered(int64_t id) {
    if (id == m_hovered) return;
    m_hovered = id;
    m_marks->changed();
}

QPointF DesignSpacePlot::place(double cost, double top1) const {
    return m_chart->mapToPosition(QPointF(cost / m_factor, top1 * 100), m_anchor);
}

QPointF DesignSpacePlot::positionOf(const DesignPoint& point) const {
    return place(cost_of(point, m_space.axis), point.top1);
}

const DesignPoint* DesignSpacePlot::pointAt(const QPointF& position, double reach) const {
    const DesignPoint* nearest = nullptr;
    double best = reach;
    for (const DesignPoint& point : m_space.points) {
        const QPointF offset = positionOf(point) - position;
        const double distance = std::hypot(offset.x(), offset.y());
        if (distance > best) continue;
        best = distance;
        nearest = &point;
    }
    return nearest;
}

} // namespace widthwise::gui
