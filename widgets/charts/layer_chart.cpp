#include "widgets/charts/layer_chart.h"

#include "widgets/charts/chart_style.h"
#include "widgets/charts/painted_item.h"

#include <QChartView>
#include <QKeyEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>

namespace widthwise::gui {

LayerChart::LayerChart(QWidget* parent) : QWidget(parent) {
    setFocusPolicy(Qt::StrongFocus);
}

void LayerChart::setChart(QChart* chart) {
    m_chart = chart;
    m_marks = new PaintedItem(chart, [this](QPainter& painter) { paintMarks(painter); });
    connect(chart, &QChart::plotAreaChanged, this, &LayerChart::repaintMarks);
    m_view = new QChartView(chart, this);
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->setFocusPolicy(Qt::NoFocus);
    m_view->setMinimumSize(280, 120);
    m_view->viewport()->setMouseTracking(true);
    m_view->viewport()->installEventFilter(this);
    m_legend = new QLabel(this);
    m_legend->setFont(chart_font());
    m_legend->setContentsMargins(16, 4, 16, 0);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_legend);
    column->addWidget(m_view, 1);
    // Last: the palette changes with it.
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    refresh();
}

void LayerChart::closeChart() {
    delete m_view;
    m_view = nullptr;
}

void LayerChart::setSelected(const QStringList& labels) {
    m_selected = labels;
    repaintMarks();
}

QPoint LayerChart::positionOf(const QString& label) const {
    const auto place = placeOf(label);
    if (!place) return {-1, -1};
    return m_view->viewport()->mapTo(this, m_view->mapFromScene(m_chart->mapToScene(*place)));
}

void LayerChart::setLegend(const QString& rich_text) {
    m_legend->setText(rich_text);
}

void LayerChart::repaintMarks() {
    m_view->setBackgroundBrush(palette().color(QPalette::Base));
    m_marks->changed();
}

void LayerChart::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_view) refresh();
}

void LayerChart::keyPressEvent(QKeyEvent* event) {
    const QStringList all = labels();
    const int step = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
    if (step == 0 || all.isEmpty()) {
        QWidget::keyPressEvent(event);
        return;
    }
    const auto found =
        std::ranges::find_if(all, [this](const QString& label) { return m_selected.contains(label); });
    const auto at = found == all.end() ? 0 : found - all.begin() + step;
    emit chosen(all[std::clamp<qsizetype>(at, 0, all.size() - 1)]);
}

bool LayerChart::eventFilter(QObject* watched, QEvent* event) {
    if (!m_view || watched != m_view->viewport()) return QWidget::eventFilter(watched, event);
    if (event->type() != QEvent::MouseMove && event->type() != QEvent::MouseButtonPress) return false;
    const auto& mouse = *static_cast<QMouseEvent*>(event);
    const QString label = labelAt(m_chart->mapFromScene(m_view->mapToScene(mouse.pos())));
    if (event->type() == QEvent::MouseMove) {
        m_view->viewport()->setCursor(label.isEmpty() ? Qt::ArrowCursor : Qt::PointingHandCursor);
        if (label.isEmpty())
            QToolTip::hideText();
        else
            QToolTip::showText(mouse.globalPosition().toPoint(), tipOf(label), m_view->viewport());
        return false;
    }
    setFocus(Qt::MouseFocusReason);
    if (!label.isEmpty() && mouse.button() == Qt::LeftButton) emit chosen(label);
    return false;
}

} // namespace widthwise::gui
