#include "widgets/charts/training_curves.h"

#include "widgets/theme.h"

#include <array>

namespace widthwise::gui {

std::vector<QPointF> running_mean(const std::vector<QPointF>& points) {
    constexpr size_t k_few = 60;
    if (points.size() < k_few) return {};
    const double keep = 1 - 2 / (1 + static_cast<double>(points.size()) / 40);
    std::vector<QPointF> means;
    means.reserve(points.size());
    double sum = 0, weight = 0;
    for (const QPointF& point : points) {
        sum = keep * sum + (1 - keep) * point.y();
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
