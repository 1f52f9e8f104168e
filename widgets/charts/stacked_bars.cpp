#include "widgets/charts/stacked_bars.h"

#include "widgets/charts/chart_style.h"
#include "widgets/charts/painted_item.h"
#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QChartView>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QLabel>
#include <QLineSeries>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace widthwise::gui {
namespace {

constexpr double k_widest_bar = 48; ///< a handful of layers should not become barn doors
constexpr double k_label_room = 104; ///< a name's, before names are left out

} // namespace

double StackedBar::total() const {
    return std::accumulate(parts.begin(), parts.end(), 0.0);
}

struct StackedBarsView::Impl {
    StackedBars bars;
    QStringList selected;
    QPalette palette;
    double factor = 1;
    QChart* chart = new QChart;
    QLineSeries* anchor = new QLineSeries; ///< empty: maps values to positions
    QValueAxis *x = new QValueAxis, *y = new QValueAxis;
    QChartView* view = nullptr;
    QLabel *legend = nullptr, *nothing = nullptr;
    PaintedItem* marks = nullptr;

    [[nodiscard]] int count() const { return static_cast<int>(bars.bars.size()); }
    [[nodiscard]] QRectF plot() const { return chart->plotArea(); }
    [[nodiscard]] double pitch() const {
        return bars.bars.empty() ? 1 : std::min(k_widest_bar * 1.4, plot().width() / count());
    }
    [[nodiscard]] int indexOf(const QString& label) const {
        const auto found = std::ranges::find(bars.bars, label, &StackedBar::label);
        return found == bars.bars.end() ? -1 : static_cast<int>(found - bars.bars.begin());
    }
    [[nodiscard]] int firstSelected() const {
        for (const QString& label : selected)
            if (const int at = indexOf(label); at >= 0) return at;
        return -1;
    }
    /// The column at a position of the view's viewport; -1: none.
    [[nodiscard]] int columnAt(const QPoint& position) const {
        const QPointF at = chart->mapFromScene(view->mapToScene(position));
        const int column = static_cast<int>(std::floor((at.x() - plot().left()) / pitch()));
        const bool inside = at.y() >= plot().top() && at.y() <= chart->boundingRect().bottom();
        return inside && column >= 0 && column < count() ? column : -1;
    }
    void paint(QPainter& painter) const;
    void paintNames(QPainter& painter) const;
};

void StackedBarsView::Impl::paint(QPainter& painter) const {
    if (bars.bars.empty()) return;
    painter.setRenderHint(QPainter::Antialiasing, false);
    const QRectF area = plot();
    QColor wash = accent(palette);
    wash.setAlphaF(0.16F);
    const double width = std::max(1.0, pitch() - std::min(6.0, pitch() * 0.3));
    for (int i = 0; i < count(); ++i) {
        const StackedBar& bar = bars.bars[static_cast<size_t>(i)];
        const double left = area.left() + i * pitch();
        if (selected.contains(bar.label))
            painter.fillRect(QRectF(left, area.top(), pitch(), area.height()), wash);
        double sum = 0, bottom = area.bottom();
        for (size_t part = 0; part < bar.parts.size(); ++part) {
            sum += bar.parts[part];
            const double top = chart->mapToPosition(QPointF(0, sum / factor), anchor).y();
            const QColor colour = bars.stale ? muted_text(palette) : bars.series[part].colour;
            painter.fillRect(QRectF(left + (pitch() - width) / 2, top, width, bottom - top), colour);
            bottom = top;
        }
    }
    paintNames(painter);
}

void StackedBarsView::Impl::paintNames(QPainter& painter) const {
    painter.setFont(chart_font());
    const QFontMetricsF metrics(painter.font());
    const int step = std::max(1, static_cast<int>(std::ceil(k_label_room / pitch())));
    const double room = step * pitch() - 8;
    const int chosen = firstSelected();
    const auto draw = [&](int i, const QColor& colour) {
        const QString text =
            metrics.elidedText(bars.bars[static_cast<size_t>(i)].label, Qt::ElideMiddle, room);
        // Names begin under their bar, and stay within the chart.
        double left =
            plot().left() + i * pitch() + (step == 1 ? (pitch() - metrics.horizontalAdvance(text)) / 2 : 0);
        left = std::min(left, chart->boundingRect().right() - metrics.horizontalAdvance(text) - 4);
        painter.setPen(colour);
        painter.drawText(QPointF(left, plot().bottom() + 6 + metrics.ascent()), text);
    };
    for (int i = 0; i < count(); i += step)
        // The selected one's name needs its room.
        if (chosen < 0 || std::abs(i - chosen) >= step) draw(i, muted_text(palette));
    if (chosen >= 0) draw(chosen, palette.color(QPalette::Active, QPalette::WindowText));
}

StackedBarsView::StackedBarsView(QWidget* parent) : QWidget(parent), m_impl(std::make_unique<Impl>()) {
    setFocusPolicy(Qt::StrongFocus);
    Impl& d = *m_impl;
    d.chart->addSeries(d.anchor);
    d.chart->addAxis(d.x, Qt::AlignBottom);
    d.chart->addAxis(d.y, Qt::AlignLeft);
    d.anchor->attachAxis(d.x);
    d.anchor->attachAxis(d.y);
    d.x->setVisible(false);
    d.marks = new PaintedItem(d.chart, [this](QPainter& painter) { m_impl->paint(painter); });
    connect(d.chart, &QChart::plotAreaChanged, this, [this] { m_impl->marks->changed(); });
    d.view = new QChartView(d.chart, this);
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

StackedBarsView::~StackedBarsView() {
    // The marks draw with what Impl holds.
    delete m_impl->view;
}

void StackedBarsView::show(StackedBars bars) {
    m_impl->bars = std::move(bars);
    refresh();
}

void StackedBarsView::setSelected(const QStringList& labels) {
    m_impl->selected = labels;
    m_impl->marks->changed();
}

const StackedBars& StackedBarsView::bars() const {
    return m_impl->bars;
}

QPoint StackedBarsView::positionOf(const QString& label) const {
    const Impl& d = *m_impl;
    const int at = d.indexOf(label);
    if (at < 0) return {-1, -1};
    const QPointF foot(d.plot().left() + (at + 0.5) * d.pitch(), d.plot().bottom() - 2);
    return d.view->viewport()->mapTo(this, d.view->mapFromScene(d.chart->mapToScene(foot)));
}

void StackedBarsView::refresh() {
    Impl& d = *m_impl;
    d.palette = palette();
    double highest = 0;
    for (const StackedBar& bar : d.bars.bars) highest = std::max(highest, bar.total());
    const ScaledUnit unit = scaled_unit(highest, d.bars.unit);
    d.factor = unit.factor;
    style_chart(*d.chart, d.palette);
    d.chart->setMargins(QMargins(8, 4, 16, static_cast<int>(QFontMetricsF(chart_font()).height()) + 10));
    style_axis(*d.y, d.bars.title.contains(QLatin1String("%1")) ? d.bars.title.arg(unit.text) : d.bars.title,
               d.palette);
    AxisScale scale = nice_scale(0, highest > 0 ? highest / unit.factor : 1, 4);
    set_scale(*d.y, scale);
    d.view->setBackgroundBrush(d.palette.color(QPalette::Base));
    QStringList entries;
    for (size_t i = 0; i < d.bars.series.size(); ++i) {
        const bool used = std::ranges::any_of(
            d.bars.bars, [i](const StackedBar& bar) { return i < bar.parts.size() && bar.parts[i] > 0; });
        const BarSeries& series = d.bars.series[i];
        if (used)
            entries += QStringLiteral("<span style='color:%1'>\u25a0</span>&nbsp;%2")
                           .arg(series.colour.name(), series.name.toHtmlEscaped());
    }
    d.legend->setText(entries.join(QStringLiteral("&nbsp;&nbsp;&nbsp; ")));
    d.marks->changed();
}

void StackedBarsView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refresh();
}

void StackedBarsView::keyPressEvent(QKeyEvent* event) {
    const Impl& d = *m_impl;
    const int step = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
    if (step == 0 || d.count() == 0) {
        QWidget::keyPressEvent(event);
        return;
    }
    const int at = d.firstSelected();
    const int next = at < 0 ? 0 : std::clamp(at + step, 0, d.count() - 1);
    emit chosen(d.bars.bars[static_cast<size_t>(next)].label);
}

bool StackedBarsView::eventFilter(QObject* watched, QEvent* event) {
    QWidget* viewport = m_impl->view->viewport();
    if (watched != viewport) return QWidget::eventFilter(watched, event);
    if (event->type() == QEvent::MouseMove) {
        const auto& mouse = *static_cast<QMouseEvent*>(event);
        const int column = m_impl->columnAt(mouse.pos());
        viewport->setCursor(column >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
        if (column >= 0)
            QToolTip::showText(mouse.globalPosition().toPoint(),
                               m_impl->bars.bars[static_cast<size_t>(column)].tip, viewport);
        else
            QToolTip::hideText();
    } else if (event->type() == QEvent::MouseButtonPress) {
        const auto& mouse = *static_cast<QMouseEvent*>(event);
        setFocus(Qt::MouseFocusReason);
        if (const int column = m_impl->columnAt(mouse.pos()); column >= 0 && mouse.button() == Qt::LeftButton)
            emit chosen(m_impl->bars.bars[static_cast<size_t>(column)].label);
    }
    return false;
}

} // namespace widthwise::gui
