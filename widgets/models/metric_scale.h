#pragma once
// One unit for a column of figures, so that digits line up.

#include "core/explore/figures.h"

#include <QString>

namespace widthwise::gui {

struct MetricScale {
    double factor = 1;
    QString unit; ///< "mJ"; empty for counts
    int decimals = 2;
    [[nodiscard]] QString text(double value) const; ///< an en dash where there is none
};
/// For values up to `largest`; drops are told in points.
[[nodiscard]] MetricScale metric_scale(explore::Metric metric, double largest);
/// "Energy (mJ)".
[[nodiscard]] QString column_title(explore::Metric metric, const MetricScale& scale);

} // namespace widthwise::gui
