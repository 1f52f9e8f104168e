#include "widgets/charts/roofline_plot.h"

#include "widgets/charts/chart_style.h"
#include "widgets/number_text.h"
#include "widgets/theme.h"

#include <QPainter>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <tuple>

namespace widthwise::gui {
namespace {

/// "0.01", "100", "10 k".
QString decade_label(int decade) {
    const double value = std::pow(10.0, decade);
    if (decade < 3) return QString::number(value, 'f', std::max(0, -decade));
    const ScaledUnit unit = scaled_unit(value, QString());
    return QString::number(value / unit.factor, 'g', 3) +
           (unit.text.isEmpty() ? QString() : QChar(0x2009) + unit.text);
}

} // namespace

RooflinePlot::RooflinePlot() {
    m_chart->addSeries(m_anchor);
    m_chart->setMargins(QMargins(8, 10, 24, 4));
}

void RooflinePlot::show(Roofline roofline, const QPalette& palette) {
    m_roofline = std::move(roofline);
    std::ranges::sort(m_roofline.points, {}, [](const RooflinePoint& point) {
        return point.intensity.value_or(std::numeric_limits<double>::infinity());
    });
    m_palette = palette;
    style_chart(*m_chart, palette);
    findRanges();
    refreshAxes();
}

QPointF RooflinePlot::place(double intensity, double rate) const {
    return m_chart->mapToPosition(QPointF(std::log10(intensity), std::log10(rate)), m_anchor);
}

QPointF RooflinePlot::positionOf(const RooflinePoint& point) const {
    // Inside the right edge, where a whole mark has room.
    constexpr double k_inset = 0.03;
    const double edge = std::pow(10.0, m_x_range.hi - k_inset * (m_x_range.hi - m_x_range.lo));
    return place(point.intensity.value_or(edge), point.achieved);
}

QColor RooflinePlot::colourOf(RooflinePoint::BoundBy bound) const {
    switch (bound) {
    case RooflinePoint::BoundBy::compute:
        return accent(m_palette);
    case RooflinePoint::BoundBy::memory:
        return is_dark(m_palette) ? okabe_ito::orange : okabe_ito::vermillion;
    case RooflinePoint::BoundBy::launch:
        return okabe_ito::green;
    }
    return {};
}

const RooflinePoint* RooflinePlot::pointAt(const QPointF& position) const {
    const RooflinePoint* nearest = nullptr;
    double reach = 12;
    for (const RooflinePoint& point : m_roofline.points) {
        const QPointF offset = positionOf(point) - position;
        const double distance = std::hypot(offset.x(), offset.y());
        if (distance > reach) continue;
        reach = distance;
        nearest = &point;
    }
    return nearest;
}

void RooflinePlot::findRanges() {
    double x_lo = 1, x_hi = 100, y_lo = 1e6, y_hi = 1e9;
    bool first_x = true, first_y = true;
    const auto take = [](double value, double& lo, double& hi, bool& first) {
        if (!(value > 0) || !std::isfinite(value)) return;
        lo = first ? value : std::min(lo, value);
        hi = first ? value : std::max(hi, value);
        first = false;
    };
    for (const RooflinePoint& point : m_roofline.points) {
        if (point.intensity) take(*point.intensity, x_lo, x_hi, first_x);
        take(point.achieved, y_lo, y_hi, first_y);
    }
    for (const Roof& roof : m_roofline.roofs) {
        take(roof.macs_per_s, y_lo, y_hi, first_y);
        // The ridge, where a roof meets the slope, belongs to the picture.
        if (m_roofline.bytes_per_s) take(roof.macs_per_s / *m_roofline.bytes_per_s, x_lo, x_hi, first_x);
    }
    m_x_range = decades_of(x_lo / 1.5, x_hi * 1.5);
    m_y_range = decades_of(y_lo / 1.5, y_hi * 1.3);
}

void RooflinePlot::refreshAxes() {
    // New axes each time: categories that are removed leave their ticks behind.
    const auto renew = [this](QCategoryAxis*& axis, const Decades& range, const QString& title,
                              Qt::Alignment side, int most) {
        if (axis) {
            m_chart->removeAxis(axis);
            delete axis;
        }
        axis = new QCategoryAxis;
        axis->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
        style_axis(*axis, title, m_palette);
        axis->setRange(range.lo, range.hi);
        const int step = (range.hi - range.lo) / most + 1;
        for (int decade = range.lo; decade <= range.hi; decade += step)
            axis->append(decade_label(decade), decade);
        m_chart->addAxis(axis, side);
        m_anchor->attachAxis(axis);
    };
    renew(m_x, m_x_range,
          QObject::tr("Reuse (MAC per byte of %1)")
              .arg(m_roofline.memory.isEmpty() ? QObject::tr("DRAM") : m_roofline.memory),
          Qt::AlignBottom, 8);
    renew(m_y, m_y_range, QObject::tr("Achieved (MAC/s)"), Qt::AlignLeft, 5);
}

void RooflinePlot::paintSlope(QPainter& painter) const {
    double highest = 0;
    for (const Roof& roof : m_roofline.roofs) highest = std::max(highest, roof.macs_per_s);
    if (!m_roofline.bytes_per_s || highest <= 0) return;
    const double bandwidth = *m_roofline.bytes_per_s;
    // From where the slope enters the picture to the ridge.
    const double enter = std::max(std::pow(10.0, m_x_range.lo), std::pow(10.0, m_y_range.lo) / bandwidth);
    const QPointF from = place(enter, enter * bandwidth), to = place(highest / bandwidth, highest);
    painter.setPen(QPen(muted_text(m_palette), 1.6));
    painter.drawLine(from, to);
    const QString text =
        QStringLiteral("%1 %2").arg(m_roofline.memory, engineering(bandwidth, QStringLiteral("B/s")));
    const double width = QFontMetricsF(painter.font()).horizontalAdvance(text);
    const double length = std::hypot(to.x() - from.x(), to.y() - from.y());
    if (length < width + 24) return;
    painter.save();
    painter.translate(from);
    painter.rotate(std::atan2(to.y() - from.y(), to.x() - from.x()) * 180 / std::numbers::pi);
    painter.setPen(m_palette.color(QPalette::Active, QPalette::WindowText));
    painter.drawText(QPointF((length - width) / 2, -9), text);
    painter.restore();
}

void RooflinePlot::paintRoofs(QPainter& painter) const {
    const double left = std::pow(10.0, m_x_range.lo), right = std::pow(10.0, m_x_range.hi);
    const QFontMetricsF metrics(painter.font());
    double last_label = -1e9;
    std::vector<Roof> roofs = m_roofline.roofs;
    std::ranges::sort(roofs, std::greater(), &Roof::macs_per_s);
    for (const Roof& roof : roofs) {
        const double ridge = m_roofline.bytes_per_s ? roof.macs_per_s / *m_roofline.bytes_per_s : left;
        const QPointF from = place(std::max(left, ridge), roof.macs_per_s),
                      to = place(right, roof.macs_per_s);
        painter.setPen(QPen(muted_text(m_palette), 1.6));
        painter.drawLine(from, to);
        const QString text =
            QStringLiteral("%1  %2").arg(roof.name, engineering(roof.macs_per_s, QStringLiteral("MAC/s")));
        // Above the line, or below where the picture ends.
        const bool above = to.y() - metrics.height() - 4 > m_chart->plotArea().top() - 8;
        const double baseline = above ? to.y() - 4 : to.y() + metrics.ascent() + 4;
        // Roofs that nearly touch share the room of one label.
        if (baseline - metrics.height() < last_label) continue;
        painter.setPen(m_palette.color(QPalette::Active, QPalette::WindowText));
        painter.drawText(QPointF(to.x() - metrics.horizontalAdvance(text) - 6, baseline), text);
        last_label = baseline;
    }
}

void RooflinePlot::paintPoint(QPainter& painter, const RooflinePoint& point, bool is_selected) const {
    const QPointF at = positionOf(point);
    const double radius = is_selected ? 6.5 : 4.5;
    painter.setPen(QPen(m_palette.color(QPalette::Base), 1));
    painter.setBrush(m_roofline.stale ? muted_text(m_palette) : colourOf(point.bound));
    switch (point.bound) {
    case RooflinePoint::BoundBy::compute:
        painter.drawEllipse(at, radius, radius);
        break;
    case RooflinePoint::BoundBy::memory:
        painter.drawRect(QRectF(at.x() - radius * 0.9, at.y() - radius * 0.9, radius * 1.8, radius * 1.8));
        break;
    case RooflinePoint::BoundBy::launch:
        painter.drawPolygon(QPolygonF({at + QPointF(0, -radius * 1.1), at + QPointF(radius, radius * 0.8),
                                       at + QPointF(-radius, radius * 0.8)}));
        break;
    }
    if (!is_selected) return;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(m_palette.color(QPalette::Active, QPalette::WindowText), 1.4));
    painter.drawEllipse(at, radius + 3.5, radius + 3.5);
    const QFontMetricsF metrics(painter.font());
    const double width = metrics.horizontalAdvance(point.label);
    const bool flip = at.x() + 14 + width > m_chart->plotArea().right();
    QColor paper = m_palette.color(QPalette::Base);
    paper.setAlphaF(0.8F); // names stay readable on lines
    painter.fillRect(QRectF(flip ? at.x() - 16 - width : at.x() + 12, at.y() - metrics.height() / 2,
                            width + 4, metrics.height()),
                     paper);
    painter.drawText(QPointF(flip ? at.x() - 14 - width : at.x() + 14, at.y() + metrics.ascent() / 2 - 1),
                     point.label);
}

void RooflinePlot::paint(QPainter& painter, const QStringList& selected) const {
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(chart_font());
    painter.setClipRect(m_chart->plotArea().adjusted(-8, -8, 8, 8));
    paintSlope(painter);
    paintRoofs(painter);
    for (const RooflinePoint& point : m_roofline.points) paintPoint(painter, point, false);
    for (const RooflinePoint& point : m_roofline.points)
        if (selected.contains(point.label)) paintPoint(painter, point, true);
}

QString RooflinePlot::legend() const {
    using BoundBy = RooflinePoint::BoundBy;
    QStringList entries;
    for (const auto& [bound, mark, text] :
         {std::tuple(BoundBy::compute, QStringLiteral("\u25cf"), QObject::tr("bound by compute")),
          std::tuple(BoundBy::memory, QStringLiteral("\u25a0"), QObject::tr("bound by memory")),
          std::tuple(BoundBy::launch, QStringLiteral("\u25b2"), QObject::tr("bound by launch"))}) {
        if (std::ranges::find(m_roofline.points, bound, &RooflinePoint::bound) == m_roofline.points.end())
            continue;
        entries += QStringLiteral("<span style='color:%1'>%2</span>&nbsp;%3")
                       .arg(colourOf(bound).name(), mark, text);
    }
    return entries.join(QStringLiteral("&nbsp;&nbsp;&nbsp; "));
}

} // namespace widthwise::gui
