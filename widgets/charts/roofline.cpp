#include "widgets/charts/roofline.h"

#include "widgets/charts/chart_style.h"
#include "widgets/charts/painted_item.h"
#include "widgets/charts/roofline_plot.h"

#include <QChartView>
#include <QKeyEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>

namespace widthwise::gui {

struct RooflineView::Impl {
    RooflinePlot plot;
    Roofline roofline;
    QChartView* view = nullptr;
    QLabel* legend = nullptr;
    PaintedItem* marks = nullptr;
};

RooflineView::RooflineView(QWidget* parent) : QWidget(parent), m_impl(std::make_unique<Impl>()) {
    setObjectName(QStringLiteral("roofline"));
    setAccessibleName(tr("Roofline: achieved speed against reuse"));
    setFocusPolicy(Qt::StrongFocus);
    Impl& d = *m_impl;
    QChart* chart = d.plot.chart();
    d.marks = new PaintedItem(chart, [this](QPainter& painter) { m_impl->plot.paint(painter); });
    connect(chart, &QChart::plotAreaChanged, this, [this] { m_impl->marks->changed(); });
    d.view = new QChartView(chart, this);
    d.view->setFrameShape(QFrame::NoFrame);
    d.view->setFocusPolicy(Qt::NoFocus);
    d.view->setMinimumSize(280, 120);
    d.view->viewport()->setMouseTracking(true);
    d.view->viewport()->installEventFilter(this);
    d.legend = new QLabel(this);
    d.legend->setFont(chart_font());
    d.legend->setContentsMargins(16, 4, 16, 0);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(d.legend);
    column->addWidget(d.view, 1);
    // Last: the palette changes with it.
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    refresh();
}

RooflineView::~RooflineView() {
    // The marks draw with what Impl holds.
    delete m_impl->view;
}

void RooflineView::show(Roofline roofline) {
    m_impl->roofline = std::move(roofline);
    refresh();
}

void RooflineView::setSelected(const QStringList& labels) {
    m_impl->plot.setSelected(labels);
    m_impl->marks->changed();
}

const Roofline& RooflineView::roofline() const {
    return m_impl->plot.roofline();
}

QPoint RooflineView::positionOf(const QString& label) const {
    const Impl& d = *m_impl;
    for (const RooflinePoint& point : d.plot.roofline().points)
        if (point.label == label) {
            const QPointF scene = d.plot.chart()->mapToScene(d.plot.positionOf(point));
            return d.view->viewport()->mapTo(this, d.view->mapFromScene(scene));
        }
    return {-1, -1};
}

void RooflineView::refresh() {
    Impl& d = *m_impl;
    d.plot.show(d.roofline, palette());
    d.view->setBackgroundBrush(palette().color(QPalette::Base));
    d.legend->setText(d.plot.legend());
    d.marks->changed();
}

void RooflineView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refresh();
}

void RooflineView::keyPressEvent(QKeyEvent* event) {
    const auto& points = m_impl->plot.roofline().points;
    const int step = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
    if (step == 0 || points.empty()) {
        QWidget::keyPressEvent(event);
        return;
    }
    const auto found = std::ranges::find_if(
        points, [this](const RooflinePoint& point) { return m_impl->plot.selected().contains(point.label); });
    const auto last = static_cast<std::ptrdiff_t>(points.size()) - 1;
    const std::ptrdiff_t at = found == points.end() ? 0 : found - points.begin() + step;
    emit chosen(points[static_cast<size_t>(std::clamp<std::ptrdiff_t>(at, 0, last))].label);
}

bool RooflineView::eventFilter(QObject* watched, QEvent* event) {
    QWidget* viewport = m_impl->view->viewport();
    const auto find = [this](const QMouseEvent& mouse) {
        return m_impl->plot.pointAt(
            m_impl->plot.chart()->mapFromScene(m_impl->view->mapToScene(mouse.pos())));
    };
    if (watched != viewport) return QWidget::eventFilter(watched, event);
    if (event->type() == QEvent::MouseMove) {
        const auto& mouse = *static_cast<QMouseEvent*>(event);
        const RooflinePoint* point = find(mouse);
        viewport->setCursor(point ? Qt::PointingHandCursor : Qt::ArrowCursor);
        if (point)
            QToolTip::showText(mouse.globalPosition().toPoint(), point->tip, viewport);
        else
            QToolTip::hideText();
    } else if (event->type() == QEvent::MouseButtonPress) {
        const auto& mouse = *static_cast<QMouseEvent*>(event);
        setFocus(Qt::MouseFocusReason);
        if (const RooflinePoint* point = find(mouse); point && mouse.button() == Qt::LeftButton)
            emit chosen(point->label);
    }
    return false;
}

} // namespace widthwise::gui
