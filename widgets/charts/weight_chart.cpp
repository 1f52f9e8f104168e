#include "widgets/charts/weight_chart.h"

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

double height_of(double count) {
    return std::log10(1 + count);
}

/// The outline of bars side by side.
QList<QPointF> outline(const std::vector<double>& counts, double lo, double hi) {
    QList<QPointF> points;
    const double width = (hi - lo) / static_cast<double>(counts.size());
    points << QPointF(lo, 0);
    for (size_t i = 0; i < counts.size(); ++i) {
        const double left = lo + width * static_cast<double>(i), y = height_of(counts[i]);
        points << QPointF(left, y) << QPointF(left + width, y);
    }
    points << QPointF(hi, 0);
    return points;
}

} // namespace

struct WeightChart::Impl {
    QChartView* view = nullptr;
    QLabel* legend = nullptr;
    QChart* chart = nullptr;
    QLineSeries before_line, floor_line;
    QAreaSeries* before = nullptr;
    QLineSeries* after = nullptr;
    QScatterSeries* levels = nullptr;
    QValueAxis* x = nullptr;
    QCategoryAxis* y = nullptr;
    std::shared_ptr<const WeightHistogram> histogram;
};

WeightChart::WeightChart(QWidget* parent) : QWidget(parent), m_impl(std::make_unique<Impl>()) {
    setObjectName(QStringLiteral("weightChart"));
    setAccessibleName(tr("Histogram of the weights"));
    Impl& d = *m_impl;
    d.chart = new QChart;
    d.before = new QAreaSeries(&d.before_line, &d.floor_line);
    d.before->setName(tr("before"));
    d.after = new QLineSeries;
    d.after->setName(tr("after"));
    d.levels = new QScatterSeries;
    d.levels->setName(tr("levels"));
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

WeightChart::~WeightChart() {
    // The series that the area borrows must outlive the chart.
    delete m_impl->view;
}

void WeightChart::show(std::shared_ptr<const WeightHistogram> histogram) {
    m_impl->histogram = std::move(histogram);
    refresh();
}

void WeightChart::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refresh();
}

void WeightChart::refresh() {
    Impl& d = *m_impl;
    const QPalette& colours = palette();
    style_chart(*d.chart, colours);
    style_axis(*d.x, tr("Weight value"), colours);
    d.view->setBackgroundBrush(colours.color(QPalette::Base));

    QColor fill = is_dark(colours) ? okabe_ito::sky : okabe_ito::blue;
    fill.setAlphaF(0.30F);
    d.before->setBrush(fill);
    d.before->setPen(Qt::NoPen);
    const QColor line = is_dark(colours) ? okabe_ito::orange : okabe_ito::vermillion;
    d.after->setPen(QPen(line, 1.4));
    d.levels->setBrush(line);
    d.levels->setPen(Qt::NoPen);

    const WeightHistogram empty;
    const WeightHistogram& h = d.histogram ? *d.histogram : empty;
    d.before_line.replace(h.before.empty() ? QList<QPointF>() : outline(h.before, h.lo, h.hi));
    d.floor_line.replace(h.before.empty() ? QList<QPointF>() : QList<QPointF>{{h.lo, 0}, {h.hi, 0}});
    d.after->replace(h.after.empty() ? QList<QPointF>() : outline(h.after, h.lo, h.hi));
    QList<QPointF> ticks;
    for (const double level : h.levels) ticks << QPointF(level, 0);
    d.levels->replace(ticks);

    double highest = 1;
    for (const auto* counts : {&h.before, &h.after})
        for (const double count : *counts) highest = std::max(highest, count);
    // A new axis each time: categories that are removed leave their ticks and the start behind.
    d.chart->removeAxis(d.y);
    delete d.y;
    d.y = new QCategoryAxis;
    d.y->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
    style_axis(*d.y, tr("Count"), colours);
    d.y->setRange(0, height_of(highest) * 1.05);
    d.y->append(QStringLiteral("0"), 0);
    for (double count = 1; count <= highest; count *= 10)
        if (highest < 2000 || std::lround(std::log10(count)) % 2 == 0)
            d.y->append(count < 1000 ? QString::number(count) : QStringLiteral("%1k").arg(count / 1000),
                        height_of(count));
    d.chart->addAxis(d.y, Qt::AlignLeft);
    for (QAbstractSeries* series : std::initializer_list<QAbstractSeries*>{d.before, d.after, d.levels})
        series->attachAxis(d.y);
    set_scale(*d.x, h.before.empty() ? nice_scale(-1, 1, 4) : nice_scale(h.lo, h.hi, 4));

    // Qt's own legend would take its room from a small plot, and lays itself out a frame too late.
    QStringList entries;
    const auto entry = [&](const QColor& colour, const QString& mark, const QString& text) {
        entries += QStringLiteral("<span style='color:%1'>%2</span>&nbsp;%3").arg(colour.name(), mark, text);
    };
    QColor solid = fill;
    solid.setAlphaF(1);
    if (!h.before.empty()) entry(solid, QStringLiteral("\u25a0"), tr("before"));
    if (!h.after.empty()) entry(line, QStringLiteral("\u2501"), tr("after"));
    if (!h.levels.empty()) entry(line, QStringLiteral("\u25aa"), tr("levels"));
    d.legend->setText(entries.join(QStringLiteral("&nbsp;&nbsp;&nbsp;")));
}

} // namespace widthwise::gui
