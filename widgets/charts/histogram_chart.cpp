#include "widgets/charts/histogram_chart.h"

#include "widgets/charts/chart_style.h"
#include "widgets/theme.h"

#include <QAreaSeries>
#include <QCategoryAxis>
#include <QChartView>
#include <QEvent>
#include <QLabel>
#include <QLineSeries>
#include <QScatterSeries>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {
namespace {

constexpr int k_most_bins = 128;

QString count_label(double count) {
    if (count < 1000) return QString::number(count);
    return count < 1e6 ? QStringLiteral("%1k").arg(count / 1e3) : QStringLiteral("%1M").arg(count / 1e6);
}

QString axis_title(TensorRole role, HistogramChart::Part part) {
    const bool error = part == HistogramChart::Part::error;
    switch (role) {
    case TensorRole::weights:
        return error ? HistogramChart::tr("Error of the weights") : HistogramChart::tr("Weight value");
    case TensorRole::input:
        return error ? HistogramChart::tr("Error of the input") : HistogramChart::tr("Input value");
    case TensorRole::output:
        return error ? HistogramChart::tr("Error of the output") : HistogramChart::tr("Output value");
    }
    return {};
}

} // namespace

struct HistogramChart::Impl {
    QChartView* view = nullptr;
    QLabel* legend = nullptr;
    QChart* chart = nullptr;
    QLineSeries before_line, floor_line;
    QAreaSeries* before = nullptr;
    QLineSeries* after = nullptr;
    QScatterSeries* levels = nullptr;
    QValueAxis* x = nullptr;
    QCategoryAxis* y = nullptr;
    QColor fill, line;
    std::shared_ptr<const ValueHistogram> histogram;
    Part part = Part::values;
    Counts counts = Counts::logarithmic;
    bool stale = false;

    [[nodiscard]] double height(double count) const {
        return counts == Counts::linear ? count : std::log10(1 + count);
    }
    /// The outline of bars side by side.
    [[nodiscard]] QList<QPointF> outline(const BinnedCounts& bins) const {
        QList<QPointF> points;
        if (bins.counts.empty()) return points;
        points << QPointF(bins.lo, 0);
        double left = bins.lo;
        for (const int64_t count : bins.counts) {
            const double y_value = height(static_cast<double>(count));
            points << QPointF(left, y_value) << QPointF(left + bins.bin_width, y_value);
            left += bins.bin_width;
        }
        points << QPointF(left, 0);
        return points;
    }
};

HistogramChart::HistogramChart(QWidget* parent) : QWidget(parent), m_impl(std::make_unique<Impl>()) {
    setObjectName(QStringLiteral("histogramChart"));
    setAccessibleName(tr("Histogram of values before and after quantization"));
    Impl& d = *m_impl;
    d.chart = new QChart;
    d.before = new QAreaSeries(&d.before_line, &d.floor_line);
    d.after = new QLineSeries;
    d.levels = new QScatterSeries;
    d.levels->setMarkerShape(QScatterSeries::MarkerShapeRectangle);
    d.levels->setMarkerSize(4);
    d.x = new QValueAxis;
    d.y = new QCategoryAxis;
    d.chart->addAxis(d.x, Qt::AlignBottom);
    d.chart->addAxis(d.y, Qt::AlignLeft);
    for (QAbstractSeries* series : std::initializer_list<QAbstractSeries*>{d.before, d.after, d.levels}) {
        d.chart->addSeries(series);
        series->attachAxis(d.x);
        series->attachAxis(d.y);
    }
    d.chart->setMargins(QMargins(8, 0, 16, 0));
    d.view = new QChartView(d.chart, this);
    d.view->setRenderHint(QPainter::Antialiasing);
    d.view->setFrameShape(QFrame::NoFrame);
    d.view->setFocusPolicy(Qt::NoFocus);
    // The view asks for what the chart would like to have, which is more than there is beside the facts.
    d.view->setMinimumSize(120, 120);
    setMinimumHeight(150);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    d.legend = new QLabel(this);
    d.legend->setFont(chart_font());
    d.legend->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    d.legend->setContentsMargins(0, 4, 16, 0);
    d.legend->setForegroundRole(QPalette::PlaceholderText);
    column->addWidget(d.legend);
    column->addWidget(d.view, 1);
    refresh();
}

HistogramChart::~HistogramChart() {
    // The series that the area borrows must outlive the chart.
    delete m_impl->view;
}

void HistogramChart::show(std::shared_ptr<const ValueHistogram> histogram, Part part, Counts counts,
                          bool stale) {
    m_impl->histogram = std::move(histogram);
    m_impl->part = part;
    m_impl->counts = counts;
    m_impl->stale = stale;
    refresh();
}

void HistogramChart::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refresh();
}

void HistogramChart::refresh() {
    Impl& d = *m_impl;
    const QPalette& colours = palette();
    style_chart(*d.chart, colours);
    d.view->setBackgroundBrush(colours.color(QPalette::Base));
    const ValueHistogram nothing;
    const ValueHistogram& h = d.histogram ? *d.histogram : nothing;
    style_axis(*d.x, axis_title(h.role, d.part), colours);

    d.fill = d.stale ? muted_text(colours) : is_dark(colours) ? okabe_ito::sky : okabe_ito::blue;
    d.line = d.stale ? muted_text(colours) : is_dark(colours) ? okabe_ito::orange : okabe_ito::vermillion;
    QColor wash = d.fill;
    wash.setAlphaF(0.30F);
    d.before->setBrush(wash);
    d.before->setPen(Qt::NoPen);
    d.after->setPen(QPen(d.line, 1.4));
    d.levels->setBrush(d.line);
    d.levels->setPen(Qt::NoPen);

    const bool values = d.part == Part::values;
    const Span span = values ? occupied(h.before, h.after) : occupied(h.error);
    const BinnedCounts before = values ? coarser(h.before, span.lo, span.hi, k_most_bins) : BinnedCounts();
    const BinnedCounts after = coarser(values ? h.after : h.error, span.lo, span.hi, k_most_bins);
    d.before_line.replace(d.outline(before));
    const double end = before.lo + before.bin_width * static_cast<double>(before.counts.size());
    d.floor_line.replace(before.counts.empty() ? QList<QPointF>() : QList<QPointF>{{before.lo, 0}, {end, 0}});
    d.after->replace(d.outline(after));
    QList<QPointF> ticks;
    if (values)
        for (const float level : h.levels)
            if (level >= span.lo && level <= span.hi) ticks << QPointF(level, 0);
    d.levels->replace(ticks);

    int64_t highest = 1;
    for (const auto* bins : {&before.counts, &after.counts})
        for (const int64_t count : *bins) highest = std::max(highest, count);
    refreshCounts(static_cast<double>(highest));
    set_scale(*d.x, nice_scale(span.lo, span.hi, 4));
    refreshLegend(!before.counts.empty(), !after.counts.empty(), !ticks.isEmpty());
}

void HistogramChart::refreshCounts(double highest) {
    Impl& d = *m_impl;
    // A new axis each time: categories that are removed leave their ticks and the start behind.
    d.chart->removeAxis(d.y);
    delete d.y;
    d.y = new QCategoryAxis;
    d.y->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
    style_axis(*d.y, tr("Count"), palette());
    d.y->setRange(0, d.height(highest) * 1.05);
    d.y->append(QStringLiteral("0"), 0);
    if (d.counts == Counts::linear) {
        const AxisScale scale = nice_scale(0, highest, 3);
        for (double count = scale.step; count <= highest * 1.05; count += scale.step)
            d.y->append(count_label(count), count);
    } else {
        const int decades = static_cast<int>(std::log10(highest));
        // 1 stands too close to 0 where there are many decades.
        for (int decade = decades < 2 ? 0 : 1; decade <= decades; decade += decades > 4 ? 2 : 1)
            d.y->append(count_label(std::pow(10, decade)), d.height(std::pow(10, decade)));
    }
    d.chart->addAxis(d.y, Qt::AlignLeft);
    for (QAbstractSeries* series : std::initializer_list<QAbstractSeries*>{d.before, d.after, d.levels})
        series->attachAxis(d.y);
}

void HistogramChart::refreshLegend(bool before, bool after, bool levels) {
    // Qt's own legend would take its room from a small plot, and lays itself out a frame too late.
    QStringList entries;
    const auto entry = [&](const QColor& colour, const QString& mark, const QString& text) {
        entries += QStringLiteral("<span style='color:%1'>%2</span>&nbsp;%3").arg(colour.name(), mark, text);
    };
    const Impl& d = *m_impl;
    if (before) entry(d.fill, QStringLiteral("\u25a0"), tr("before"));
    if (after)
        entry(d.line, QStringLiteral("\u2501"),
              d.part == Part::error ? tr("after minus before") : tr("after"));
    if (levels) entry(d.line, QStringLiteral("\u25aa"), tr("levels"));
    d.legend->setText(entries.join(QStringLiteral("&nbsp;&nbsp;&nbsp;")));
}

} // namespace widthwise::gui
