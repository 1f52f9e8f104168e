#include "widgets/charts/design_space_view.h"

#include "widgets/charts/design_space_plot.h"

#include <QChartView>
#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMouseEvent>
#include <QToolTip>
#include <QVBoxLayout>

namespace widthwise::gui {

struct DesignSpaceView::Impl {
    DesignSpacePlot plot;
    QChartView* view = nullptr;
    QComboBox* axis = nullptr;
    QCheckBox* bars = nullptr;
    QLabel* title = nullptr;
    DesignSpace space;
    std::function<QString(int64_t)> candidate_text;
};

DesignSpaceView::DesignSpaceView(QWidget* parent) : QWidget(parent), m_impl(std::make_unique<Impl>()) {
    setObjectName(QStringLiteral("designSpace"));
    m_impl->view = new QChartView(m_impl->plot.chart(), this);
    m_impl->view->setObjectName(QStringLiteral("designSpaceChart"));
    m_impl->view->setAccessibleName(tr("Design space: accuracy against cost"));
    m_impl->view->setRenderHint(QPainter::Antialiasing);
    m_impl->view->setFrameShape(QFrame::NoFrame);
    m_impl->view->setMinimumSize(280, 150);
    m_impl->view->viewport()->setMouseTracking(true);
    m_impl->view->viewport()->installEventFilter(this);

    auto* title = m_impl->title = new QLabel(tr("<b>Design space</b>"), this);
    auto* against = new QLabel(tr("accuracy a&gainst"), this);
    m_impl->axis = new QComboBox(this);
    m_impl->axis->setObjectName(QStringLiteral("costAxis"));
    m_impl->axis->addItems({tr("energy"), tr("latency"), tr("area"), tr("size")});
    against->setBuddy(m_impl->axis);
    m_impl->bars = new QCheckBox(tr("95 % intervals"), this);
    m_impl->bars->setObjectName(QStringLiteral("errorBars"));
    m_impl->bars->setChecked(true);
    connect(m_impl->axis, &QComboBox::currentIndexChanged, this, &DesignSpaceView::refresh);
    connect(m_impl->bars, &QCheckBox::toggled, this, &DesignSpaceView::refresh);

    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 8, 8, 4);
    bar->setSpacing(8);
    bar->addWidget(title);
    bar->addWidget(against);
    bar->addWidget(m_impl->axis);
    bar->addStretch(1);
    bar->addWidget(m_impl->bars);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(bar);
    column->addWidget(m_impl->view, 1);
    refresh();
}

DesignSpaceView::~DesignSpaceView() = default;

void DesignSpaceView::show(DesignSpace space) {
    const int64_t shown = m_impl->space.shown_id;
    m_impl->space = std::move(space);
    if (m_impl->space.shown_id == 0) m_impl->space.shown_id = shown;
    refresh();
}

void DesignSpaceView::setCompact() {
    m_impl->title->hide();
    m_impl->bars->hide();
    m_impl->view->setMinimumWidth(200);
}

void DesignSpaceView::setCandidateText(std::function<QString(int64_t)> text) {
    m_impl->candidate_text = std::move(text);
}

void DesignSpaceView::setShown(int64_t id) {
    if (id == m_impl->space.shown_id) return;
    m_impl->space.shown_id = id;
    refresh();
}

CostAxis DesignSpaceView::axis() const {
    return static_cast<CostAxis>(m_impl->axis->currentIndex());
}

QPoint DesignSpaceView::positionOf(int64_t id) const {
    for (const auto* points : {&m_impl->space.points, &m_impl->space.candidates})
        for (const DesignPoint& point : *points)
            if (point.id == id) {
                const QPointF scene = m_impl->plot.chart()->mapToScene(m_impl->plot.positionOf(point));
                return m_impl->view->viewport()->mapTo(this, m_impl->view->mapFromScene(scene));
            }
    return {-1, -1};
}

void DesignSpaceView::refresh() {
    m_impl->space.axis = axis();
    m_impl->space.error_bars = m_impl->bars->isChecked();
    m_impl->plot.show(m_impl->space, palette());
    m_impl->view->setBackgroundBrush(palette().color(QPalette::Base));
}

void DesignSpaceView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refresh();
}

void DesignSpaceView::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    // Titles have to fit.
    refresh();
}

bool DesignSpaceView::eventFilter(QObject* watched, QEvent* event) {
    QWidget* viewport = m_impl->view->viewport();
    if (watched != viewport) return QWidget::eventFilter(watched, event);
    const auto find = [&](const QMouseEvent& mouse) {
        return m_impl->plot.pointAt(
            m_impl->plot.chart()->mapFromScene(m_impl->view->mapToScene(mouse.pos())));
    };
    switch (event->type()) {
    case QEvent::MouseMove: {
        const auto& mouse = *static_cast<QMouseEvent*>(event);
        const DesignPoint* point = find(mouse);
        m_impl->plot.setHovered(point ? point->id : 0);
        viewport->setCursor(point ? Qt::PointingHandCursor : Qt::ArrowCursor);
        if (!point) {
            QToolTip::hideText();
            return false;
        }
        DesignPoint named = *point;
        if (named.id < 0 && m_impl->candidate_text)
            named.label = m_impl->candidate_text(named.id).toStdString();
        QToolTip::showText(mouse.globalPosition().toPoint(),
                           describe(named, axis()) + tr("\nDouble-click to use this design"), viewport);
        return false;
    }
    case QEvent::Leave:
        m_impl->plot.setHovered(0);
        return false;
    case QEvent::MouseButtonRelease: {
        const auto& mouse = *static_cast<QMouseEvent*>(event);
        if (mouse.button() != Qt::LeftButton) return false;
        const DesignPoint* point = find(mouse);
        setShown(point ? point->id : 0);
        if (point) emit designShown(m_impl->space.shown_id);
        return false;
    }
    case QEvent::MouseButtonDblClick: {
        const auto& mouse = *static_cast<QMouseEvent*>(event);
        if (mouse.button() != Qt::LeftButton) return false;
        if (const DesignPoint* point = find(mouse)) emit designChosen(point->id);
        return false;
    }
    default:
        return QWidget::eventFilter(watched, event);
    }
}

} // namespace widthwise::gui
