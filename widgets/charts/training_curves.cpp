#include "widgets/charts/training_curves.h"

#include "widgets/theme.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace widthwise::gui {

double quantile(const std::vector<QPointF>& points, double share) {
    std::vector<double> values;
    values.reserve(points.size());
    for (const QPointF& point : points)
        if (std::isfinite(point.y())) values.push_back(point.y());
    if (values.empty()) return 0;
    const auto at = values.begin() + static_cast<ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::ranges::nth_element(values, at);
    return *at;
}

double loss_bound(const std::vector<QPointF>& points) {
    const double usual = quantile(points, 0.95), most = quantile(points, 1);
    return most > 5 * usual && usual > 0 ? 2 * usual : most;
}

std::vector<QPointF> running_mean(const std::vector<QPointF>& points) {
    constexpr size_t k_few = 60;
    if (points.size() < k_few) return {};
    // A step that diverged would lift the mean for half of the run.
    const double usual = quantile(points, 0.95);
    const double most = usual > 0 ? 10 * usual : std::numeric_limits<double>::infinity();
    const double keep = 1 - 2 / (1 + static_cast<double>(points.size()) / 40);
    std::vector<QPointF> means;
    means.reserve(points.size());
    double sum = 0, weight = 0;
    for (const QPointF& point : points) {
        sum = keep * sum + (1 - keep) * std::min(point.y(), most);
        weight = keep * weight + (1 - keep);
        means.emplace_back(point.x(), sum / weight);
    }
    return means;
}

RunStyle run_style(int style, const QPalette& palette) {
    const bool dark = is_dark(palette);
    const std::array<QColor, 5> colours{accent(palette), dark ? okabe_ito::orange : okabe_ito::vermillion,
                                        okabe_ito::green, okabe_ito::purple,
                                        dark ? okabe_ito::yellow : okabe_ito::orange};
    static constexpr std::array<Qt::PenStyle, 4> dashes{Qt::SolidLine, Qt::DashLine, Qt::DotLine,
                                                        Qt::DashDotLine};
    const auto index = static_cast<size_t>(style);
    // Five and four have no common divisor: neighbours differ in both, and twenty runs are all different.
    return {colours[index % colours.size()], dashes[index % dashes.size()]};
}

} // namespace widthwise::gui
