#include "widgets/charts/stacked_bars.h"

#include "widgets/charts/chart_style.h"
#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QChart>
#include <QLineSeries>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace widthwise::gui {
namespace {

constexpr double k_widest_bar = 48;  ///< a handful of layers should not become barn doors
constexpr double k_label_room = 104; ///< a name's, before names are left out

} // namespace

double StackedBar::total() const {
    return std::accumulate(parts.begin(), parts.end(), 0.0);
}

struct StackedBarsView::Impl {
    StackedBars bars;
    QPalette palette;
    double factor = 1;
    QChart* chart = new QChart;
    QLineSeries* anchor = new QLineSeries; ///< empty: maps values to positions
    QValueAxis *x = new QValueAxis, *y = new QValueAxis;

    [[nodiscard]] int count() const { return static_cast<int>(bars.bars.size()); }
    [[nodiscard]] QRectF plot() const { return chart->plotArea(); }
    [[nodiscard]] double pitch() const {
        return bars.bars.empty() ? 1 : std::min(k_widest_bar * 1.4, plot().width() / count());
    }
    [[nodiscard]] int indexOf(const QString& label) const {
        const auto found = std::ranges::find(bars.bars, label, &StackedBar::label);
        return found == bars.bars.end() ? -1 : static_cast<int>(found - bars.bars.begin());
    }
    [[nodiscard]] int firstOf(const QStringList& selected) const {
        for (const QString& label : selected)
            if (const int at = indexOf(label); at >= 0) return at;
        return -1;
    }
    /// -1: none.
    [[nodiscard]] int columnAt(const QPointF& at) const {
        const int column = static_cast<int>(std::floor((at.x() - plot().left()) / pitch()));
        const bool inside = at.y() >= plot().top() && at.y() <= chart->boundingRect().bottom();
        return inside && column >= 0 && column < count() ? column : -1;
    }
    void paint(QPainter& painter, const QStringList& selected) const;
    void paintNames(QPainter& painter, int chosen) const;
};

void StackedBarsView::Impl::paint(QPainter& painter, const QStringList& selected) const {
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
    paintNames(painter, firstOf(selected));
}

void StackedBarsView::Impl::paintNames(QPainter& painter, int chosen) const {
    painter.setFont(chart_font());
    const QFontMetricsF metrics(painter.font());
    const int step = std::max(1, static_cast<int>(std::ceil(k_label_room / pitch())));
    const double room = step * pitch() - 8;
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

StackedBarsView::StackedBarsView(QWidget* parent) : LayerChart(parent), m_impl(std::make_unique<Impl>()) {
    Impl& d = *m_impl;
    d.chart->addSeries(d.anchor);
    d.chart->addAxis(d.x, Qt::AlignBottom);
    d.chart->addAxis(d.y, Qt::AlignLeft);
    d.anchor->attachAxis(d.x);
    d.anchor->attachAxis(d.y);
    d.x->setVisible(false);
    setChart(d.chart);
}

StackedBarsView::~StackedBarsView() {
    closeChart();
}

void StackedBarsView::show(StackedBars bars) {
    m_impl->bars = std::move(bars);
    refresh();
}

const StackedBars& StackedBarsView::bars() const {
    return m_impl->bars;
}

void StackedBarsView::paintMarks(QPainter& painter) const {
    m_impl->paint(painter, selected());
}

QStringList StackedBarsView::labels() const {
    QStringList all;
    for (const StackedBar& bar : m_impl->bars.bars) all += bar.label;
    return all;
}

std::optional<QPointF> StackedBarsView::placeOf(const QString& label) const {
    const Impl& d = *m_impl;
    const int at = d.indexOf(label);
    if (at < 0) return std::nullopt;
    return QPointF(d.plot().left() + (at + 0.5) * d.pitch(), d.plot().bottom() - 2);
}

QString StackedBarsView::labelAt(const QPointF& position) const {
    const int column = m_impl->columnAt(position);
    return column < 0 ? QString() : m_impl->bars.bars[static_cast<size_t>(column)].label;
}

QString StackedBarsView::tipOf(const QString& label) const {
    const int at = m_impl->indexOf(label);
    return at < 0 ? QString() : m_impl->bars.bars[static_cast<size_t>(at)].tip;
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
    QStringList entries;
    for (size_t i = 0; i < d.bars.series.size(); ++i) {
        const bool used = std::ranges::any_of(
            d.bars.bars, [i](const StackedBar& bar) { return i < bar.parts.size() && bar.parts[i] > 0; });
        const BarSeries& series = d.bars.series[i];
        if (used)
            entries += QStringLiteral("<span style='color:%1'>\u25a0</span>&nbsp;%2")
                           .arg(series.colour.name(), series.name.toHtmlEscaped());
    }
    setLegend(entries.join(QStringLiteral("&nbsp;&nbsp;&nbsp; ")));
    repaintMarks();
}

} // namespace widthwise::gui
