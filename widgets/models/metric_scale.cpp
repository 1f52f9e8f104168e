#include "widgets/models/metric_scale.h"

#include "widgets/document/exploration_setup.h"
#include "widgets/number_text.h"

#include <cmath>

namespace widthwise::gui {

using explore::Metric;

QString MetricScale::text(double value) const {
    return std::isfinite(value) ? QString::number(value / factor, 'f', decimals) : k_dash;
}

MetricScale metric_scale(Metric metric, double largest) {
    const auto scaled = [&](const QString& unit) {
        const ScaledUnit found = scaled_unit(largest, unit);
        return MetricScale{found.factor, found.text, largest / found.factor >= 100 ? 1 : 2};
    };
    switch (metric) {
    case Metric::drop:
        return {0.01, QObject::tr("pt"), 2};
    case Metric::energy:
        return scaled(QStringLiteral("J"));
    case Metric::latency:
        return scaled(QStringLiteral("s"));
    case Metric::power:
        return scaled(QStringLiteral("W"));
    case Metric::size:
        return scaled(QStringLiteral("B"));
    case Metric::area:
        return {1, QStringLiteral("mm\u00b2"), largest >= 100 ? 1 : 2};
    case Metric::throughput:
        return {1, QObject::tr("images/s"), largest >= 100 ? 0 : 2};
    default:
        return {1, QString(), 0};
    }
}

QString column_title(Metric metric, const MetricScale& scale) {
    QString title = metric == Metric::drop ? QObject::tr("Drop") : metric_title(metric);
    title[0] = title[0].toUpper();
    return scale.unit.isEmpty() ? title : QStringLiteral("%1 (%2)").arg(title, scale.unit);
}

} // namespace widthwise::gui
