#include "widgets/charts/roofline.h"

#include "widgets/charts/roofline_plot.h"

#include <algorithm>

namespace widthwise::gui {

struct RooflineView::Impl {
    RooflinePlot plot;
    Roofline roofline;
};

RooflineView::RooflineView(QWidget* parent) : LayerChart(parent), m_impl(std::make_unique<Impl>()) {
    setObjectName(QStringLiteral("roofline"));
    setAccessibleName(tr("Roofline: achieved speed against reuse"));
    setChart(m_impl->plot.chart());
}

RooflineView::~RooflineView() {
    closeChart();
}

void RooflineView::show(Roofline roofline) {
    m_impl->roofline = std::move(roofline);
    refresh();
}

const Roofline& RooflineView::roofline() const {
    return m_impl->plot.roofline();
}

void RooflineView::paintMarks(QPainter& painter) const {
    m_impl->plot.paint(painter, selected());
}

QStringList RooflineView::labels() const {
    QStringList all;
    for (const RooflinePoint& point : roofline().points) all += point.label;
    return all;
}

const RooflinePoint* RooflineView::find(const QString& label) const {
    const auto& points = roofline().points;
    const auto found = std::ranges::find(points, label, &RooflinePoint::label);
    return found == points.end() ? nullptr : &*found;
}

std::optional<QPointF> RooflineView::placeOf(const QString& label) const {
    const RooflinePoint* point = find(label);
    if (!point) return std::nullopt;
    return m_impl->plot.positionOf(*point);
}

QString RooflineView::labelAt(const QPointF& position) const {
    const RooflinePoint* point = m_impl->plot.pointAt(position);
    return point ? point->label : QString();
}

QString RooflineView::tipOf(const QString& label) const {
    const RooflinePoint* point = find(label);
    return point ? point->tip : QString();
}

void RooflineView::refresh() {
    m_impl->plot.show(m_impl->roofline, palette());
    setLegend(m_impl->plot.legend());
    repaintMarks();
}

} // namespace widthwise::gui
