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
    if (point.id < 0)
        return QObject::tr("%1: %2 on the %3, %4")
            .arg(qt(point.label), percent(point.top1, 2),
                 point.partial ? QObject::tr("first search images") : QObject::tr("search images"), text);
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
    const auto unplaced = [&](const DesignPoint& point) {
        return !std::isfinite(cost_of(point, space.axis)) || !std::isfinite(point.top1);
    };
    std::erase_if(m_space.points, unplaced);
    std::erase_if(m_space.candidates, unplaced);
    m_lacking = m_space.points.empty() && !space.points.empty();
    double best = 0;
    for (const auto* points : {&m_space.points, &m_space.candidates})
        for (const DesignPoint& point : *points) best = std::max(best, point.top1);
    std::erase_if(m_space.candidates,
                  [&](const DesignPoint& point) { return point.top1 < best - k_candidate_span; });
    m_palette = palette;
    m_front = pareto_front(m_space.points, space.axis);
    // Rough accuracies are on no front.
    std::ranges::stable_partition(m_space.candidates, [](const DesignPoint& point) { return point.partial; });
    const auto first = std::ranges::find(m_space.candidates, false, &DesignPoint::partial);
    const auto offset = static_cast<size_t>(first - m_space.candidates.begin());
    m_search_front = pareto_front({first, m_space.candidates.end()}, space.axis);
    for (size_t& position : m_search_front) position += offset;
    style_chart(*m_chart, palette);
    fit();
    m_marks->changed();
}

void DesignSpacePlot::fit() {
    double cost_lo = 0, cost_hi = 0, top_lo = 0.5, top_hi = 1;
    bool first = true;
    const auto include = [&](double cost, double lo, double hi) {
        cost_lo = first ? cost : std::min(cost_lo, cost);
        cost_hi = first ? cost : std::max(cost_hi, cost);
        top_lo = first ? lo : std::min(top_lo, lo);
        top_hi = first ? hi : std::max(top_hi, hi);
        first = false;
    };
    for (const DesignPoint& point : m_space.points)
        include(cost_of(point, m_space.axis), m_space.error_bars ? point.top1_lo : point.top1,
                m_space.error_bars ? point.top1_hi : point.top1);
    for (const DesignPoint& point : m_space.candidates)
        include(cost_of(point, m_space.axis), point.top1, point.top1);
    const CostAxisTitle title = cost_axis_title(m_space.axis, cost_hi);
    m_factor = title.factor;
    style_axis(*m_x, m_lacking ? QObject::tr("%1: the target has none").arg(title.text) : title.text,
               m_palette);
    // A low chart has no room for all of the title.
    const bool low = m_chart->size().height() > 0 && m_chart->size().height() < 190;
    style_axis(*m_y,
               m_space.agreement ? QObject::tr("Agreement (%)")
               : low             ? QObject::tr("Top-1 (%)")
                                 : QObject::tr("Top-1 accuracy (%)"),
               m_palette);
    const double margin = (cost_hi - cost_lo) * 0.03;
    AxisScale x = nice_scale(std::max(0.0, cost_lo - margin) / m_factor, (cost_hi + margin) / m_factor, 6);
    if (first) x = nice_scale(0, 1);
    set_scale(*m_x, x);
    set_scale(*m_y, nice_scale(std::max(0.0, top_lo * 100), std::min(100.0, top_hi * 100)));
}

void DesignSpacePlot::setHovered(int64_t id) {
    if (id == m_hovered) return;
    m_hovered = id;
    m_marks->changed();
}

QPointF DesignSpacePlot::place(double cost, double top1) const {
    // The same as QChart::mapToPosition, which takes too long for thousands of points.
    const QRectF area = m_chart->plotArea();
    const double x = (cost / m_factor - m_x->min()) / (m_x->max() - m_x->min());
    const double y = (top1 * 100 - m_y->min()) / (m_y->max() - m_y->min());
    return {area.left() + x * area.width(), area.bottom() - y * area.height()};
}

QPointF DesignSpacePlot::positionOf(const DesignPoint& point) const {
    return place(cost_of(point, m_space.axis), point.top1);
}

const DesignPoint* DesignSpacePlot::pointAt(const QPointF& position, double reach) const {
    const DesignPoint* nearest = nullptr;
    const auto look = [&](const std::vector<DesignPoint>& points, double best) {
        for (const DesignPoint& point : points) {
            const QPointF offset = positionOf(point) - position;
            const double distance = std::hypot(offset.x(), offset.y());
            if (distance > best) continue;
            best = distance;
            nearest = &point;
        }
    };
    look(m_space.points, reach);
    if (!nearest) look(m_space.candidates, reach / 2);
    return nearest;
}

} // namespace widthwise::gui
