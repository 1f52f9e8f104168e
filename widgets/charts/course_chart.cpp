#include "widgets/charts/course_chart.h"

#include "widgets/charts/chart_style.h"
#include "widgets/charts/training_curves.h"

#include <QChartView>
#include <QEvent>
#include <QLineSeries>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace widthwise::gui {

std::vector<QPointF> staircase(const std::vector<QPointF>& points) {
    std::vector<QPointF> corners;
    for (const QPointF& point : points) {
        if (!std::isfinite(point.y())) continue;
        if (corners.empty()) {
            corners.push_back(point);
        } else if (point.y() != corners.back().y()) {
            corners.emplace_back(point.x(), corners.back().y());
            corners.push_back(point);
        }
    }
    if (!corners.empty() && points.back().x() > corners.back().x())
        corners.emplace_back(points.back().x(), corners.back().y());
    return corners;
}

struct CourseChart::Impl {
    QChartView* view = nullptr;
    QChart* chart = nullptr;
    QValueAxis *x = nullptr, *y = nullptr;
    std::vector<QLineSeries*> series; ///< made once, filled again and again
    Courses courses;
    int points = 0;
};

CourseChart::CourseChart(QWidget* parent) : QWidget(parent), m_impl(std::make_unique<Impl>()) {
    Impl& d = *m_impl;
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
    setToolTip(
        tr("Hypervolume: what the front dominates, of accuracy drop up to 20 points times energy up to "
           "that of w8a8; 1 would be no drop for no energy. On the search images"));
    refresh();
}

CourseChart::~CourseChart() = default;

void CourseChart::show(Courses courses) {
    m_impl->courses = std::move(courses);
    refresh();
}

int CourseChart::pointCount() const {
    return m_impl->points;
}

void CourseChart::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) refresh();
}

void CourseChart::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    refresh();
}

void CourseChart::refresh() {
    Impl& d = *m_impl;
    const QPalette& colours = palette();
    style_chart(*d.chart, colours);
    d.view->setBackgroundBrush(colours.color(QPalette::Base));
    style_axis(*d.x, tr("Designs run"), colours);
    style_axis(*d.y, tr("Hypervolume"), colours);
    while (d.series.size() < d.courses.runs.size()) {
        auto* line = new QLineSeries;
        d.chart->addSeries(line);
        line->attachAxis(d.x);
        line->attachAxis(d.y);
        d.series.push_back(line);
    }
    d.points = 0;
    double x_hi = d.courses.length, y_lo = 1, y_hi = 0;
    for (size_t i = 0; i < d.series.size(); ++i) {
        if (i >= d.courses.runs.size()) {
            d.series[i]->clear();
            continue;
        }
        const CourseCurve& run = d.courses.runs[i];
        const RunStyle style = run_style(run.style, colours);
        d.series[i]->setPen(QPen(style.colour, 1.8, style.dashes));
        const std::vector<QPointF> corners = staircase(run.points);
        d.series[i]->replace(QList<QPointF>(corners.begin(), corners.end()));
        d.points += static_cast<int>(corners.size());
        for (const QPointF& corner : corners) {
            x_hi = std::max(x_hi, corner.x());
            // The first designs' steps would flatten what matters later.
            if (corner.x() * 10 >= corners.back().x()) y_lo = std::min(y_lo, corner.y());
            y_hi = std::max(y_hi, corner.y());
        }
    }
    const AxisScale x = nice_scale(0, x_hi > 0 ? x_hi : 1, std::clamp(d.view->width() / 60, 2, 5));
    d.x->setTickType(QValueAxis::TicksDynamic);
    d.x->setTickAnchor(0);
    d.x->setTickInterval(x.step);
    d.x->setLabelFormat(QStringLiteral("%.%1f").arg(x.decimals));
    d.x->setRange(0, (x_hi > 0 ? x_hi : 1) * 1.04);
    set_scale(*d.y, y_hi > 0 ? nice_scale(std::min(y_lo, y_hi * 0.9), y_hi, 4) : nice_scale(0, 1, 4));
}

} // namespace widthwise::gui
