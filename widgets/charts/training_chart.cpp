#include "widgets/charts/training_chart.h"

#include "widgets/charts/chart_style.h"

#include <QChartView>
#include <QEvent>
#include <QLineSeries>
#include <QScatterSeries>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <cmath>

namespace widthwise::gui {
namespace {

QList<QPointF> scaled(const std::vector<QPointF>& points, double factor) {
    QList<QPointF> list;
    list.reserve(static_cast<qsizetype>(points.size()));
    for (const QPointF& point : points)
        if (std::isfinite(point.y())) list << QPointF(point.x(), point.y() * factor);
    return list;
}

} // namespace

struct TrainingChart::Impl {
    Quantity quantity = Quantity::loss;
    QChartView* view = nullptr;
    QChart* chart = nullptr;
    QValueAxis *x = nullptr, *y = nullptr;
    /// Of one run; made once, filled again and again.
    struct Series {
        QLineSeries* line = nullptr;
        QLineSeries* thin = nullptr;
        QScatterSeries* marks = nullptr;
    };
    std::vector<Series> series;
    TrainingCurves curves;
    int points = 0;

    void need(size_t count) {
        while (series.size() < count) {
            Series made{new QLineSeries, new QLineSeries, new QScatterSeries};
            for (QXYSeries* one : std::initializer_list<QXYSeries*>{made.thin, made.line, made.marks}) {
                chart->addSeries(one);
                one->attachAxis(x);
                one->attachAxis(y);
            }
            series.push_back(made);
        }
        for (size_t i = count; i < series.size(); ++i)
            for (QXYSeries* one :
                 std::initializer_list<QXYSeries*>{series[i].thin, series[i].line, series[i].marks})
                one->clear();
    }
    void fill(const Series& to, const TrainingCurve& run, const QPalette& palette) {
        const RunStyle style = run_style(run.style, palette);
        const QColor paper = palette.color(QPalette::Base);
        to.line->setPen(QPen(style.colour, 1.8, style.dashes));
        QColor faint = style.colour;
        faint.setAlphaF(0.45F);
        to.thin->setPen(QPen(faint, 1, quantity == Quantity::loss ? Qt::SolidLine : Qt::DotLine));
        to.marks->setBrush(style.colour);
        to.marks->setPen(QPen(paper, 1));
        to.marks->setMarkerSize(7);
        static constexpr std::array<QScatterSeries::MarkerShape, 4> shapes{
            QScatterSeries::MarkerShapeCircle, QScatterSeries::MarkerShapeRectangle,
            QScatterSeries::MarkerShapeTriangle, QScatterSeries::MarkerShapeRotatedRectangle};
        to.marks->setMarkerShape(shapes[static_cast<size_t>(run.style) % shapes.size()]);
        if (quantity == Quantity::loss) {
            to.line->replace(scaled(run.smooth.empty() ? run.loss : run.smooth, 1));
            to.thin->replace(run.smooth.empty() ? QList<QPointF>() : scaled(run.loss, 1));
            to.marks->clear();
        } else {
            const QList<QPointF> validation = scaled(run.validation, 100);
            to.line->replace(validation);
            to.marks->replace(validation.size() <= 60 ? validation : QList<QPointF>());
            to.thin->replace(scaled(run.training, 100));
        }
        points += static_cast<int>(to.line->count() + to.thin->count());
    }
};

TrainingChart::TrainingChart(Quantity quantity, QWidget* parent)
    : QWidget(parent), m_impl(std::make_unique<Impl>()) {
    Impl& d = *m_impl;
    d.quantity = quantity;
    d.chart = new QChart;
    d.x = new QValueAxis;
    d.y = new QValueAxis;
    d.chart->addAxis(d.x, Qt::AlignBottom);
    d.chart->addAxis(d.y, Qt::AlignLeft);
    d.chart->setMargins(QMargins(8, 8, 16, 4));
    d.view = new QChartView(d.chart, this);
    d.view->setRenderHint(QPainter::Antialiasing);
    d.view->setFrameShape(QFrame::NoFrame);
    d.view->setFocusPolicy(Qt::NoFocus);
    d.view->setMinimumSize(140, 110);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(d.view);
    refresh();
}

TrainingChart::~TrainingChart() = default;

void TrainingChart::show(const TrainingCurves& curves) {
    m_impl->curves = curves;
    refresh();
}

int TrainingChart::pointCount() const {
    return m_impl->points;
}

void TrainingChart::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refresh();
}

void TrainingChart::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    refresh();
}

double TrainingChart::yEnd() const {
    return m_impl->y->max();
}

double TrainingChart::xEnd() const {
    return m_impl->x->max();
}

void TrainingChart::refresh() {
    Impl& d = *m_impl;
    const bool loss = d.quantity == Quantity::loss;
    const QPalette& colours = palette();
    style_chart(*d.chart, colours);
    d.view->setBackgroundBrush(colours.color(QPalette::Base));
    style_axis(*d.x, d.curves.in_steps ? tr("Step") : tr("Epoch"), colours);
    style_axis(*d.y, loss ? tr("Loss (nats)") : tr("Top-1 accuracy (%)"), colours);
    d.need(d.curves.runs.size());
    d.points = 0;
    double x_hi = d.curves.length, y_lo = 0, y_hi = 0;
    bool first = true;
    for (size_t i = 0; i < d.curves.runs.size(); ++i) {
        d.fill(d.series[i], d.curves.runs[i], colours);
        for (const QXYSeries* one : {d.series[i].line, d.series[i].thin}) {
            const QList<QPointF> drawn = one->points();
            if (drawn.isEmpty()) continue;
            const std::vector<QPointF> points(drawn.begin(), drawn.end());
            x_hi = std::max(x_hi, std::ranges::max(points, {}, &QPointF::x).x());
            const double lo = quantile(points, 0), hi = loss ? loss_bound(points) : quantile(points, 1);
            y_lo = first ? lo : std::min(y_lo, lo);
            y_hi = first ? hi : std::max(y_hi, hi);
            first = false;
        }
    }
    // Ticks where there is room for their labels, and room for the last mark.
    const AxisScale x = nice_scale(0, x_hi > 0 ? x_hi : 1, std::clamp(d.view->width() / 60, 2, 5));
    d.x->setTickType(QValueAxis::TicksDynamic);
    d.x->setTickAnchor(0);
    d.x->setTickInterval(x.step);
    d.x->setLabelFormat(QStringLiteral("%.%1f").arg(x.decimals));
    d.x->setRange(0, (x_hi > 0 ? x_hi : 1) * 1.04);
    if (first)
        set_scale(*d.y, loss ? nice_scale(0, 2, 4) : nice_scale(0, 100, 4));
    else
        set_scale(*d.y,
                  loss ? nice_scale(0, y_hi, 4) : nice_scale(std::max(0.0, y_lo), std::min(100.0, y_hi), 4));
}

} // namespace widthwise::gui
