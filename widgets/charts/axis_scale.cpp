#include "widgets/charts/axis_scale.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace widthwise::gui {

AxisScale nice_scale(double lo, double hi, int wanted) {
    if (!std::isfinite(lo) || !std::isfinite(hi)) return {};
    if (lo > hi) std::swap(lo, hi);
    if (hi - lo <= std::max(std::abs(lo), std::abs(hi)) * 1e-9) {
        const double margin = lo == 0 ? 1 : std::abs(lo) * 0.1;
        lo -= margin;
        hi += margin;
    }
    const double rough = (hi - lo) / wanted;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    const double mantissa = rough / power;
    AxisScale scale;
    scale.step = (mantissa < 1.5 ? 1 : mantissa < 3.5 ? 2 : mantissa < 7.5 ? 5 : 10) * power;
    // The small slack keeps 0.30000000000000004 from opening another step.
    scale.lo = std::floor(lo / scale.step + 1e-9) * scale.step;
    scale.hi = std::ceil(hi / scale.step - 1e-9) * scale.step;
    scale.ticks = static_cast<int>(std::lround((scale.hi - scale.lo) / scale.step)) + 1;
    scale.decimals = std::max(0, static_cast<int>(-std::floor(std::log10(scale.step) + 1e-9)));
    return scale;
}

Decades decades_of(double lo, double hi) {
    if (!(lo > 0) || !(hi >= lo) || !std::isfinite(hi)) return {};
    Decades decades{static_cast<int>(std::floor(std::log10(lo) + 1e-9)),
                    static_cast<int>(std::ceil(std::log10(hi) - 1e-9))};
    if (decades.hi <= decades.lo) decades.hi = decades.lo + 1;
    return decades;
}

} // namespace widthwise::gui
