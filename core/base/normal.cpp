#include "core/base/normal.h"

#include <cmath>
#include <numbers>

namespace widthwise {

double normal_density(double z) {
    return std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
}

double normal_probability(double z) {
    return std::erfc(-z / std::numbers::sqrt2) / 2;
}

double two_sided_normal_quantile(double alpha) {
    // P(|N| > z) = erfc(z / sqrt 2) falls with z: bisection to the last bit.
    double lo = 0, hi = 40;
    for (int i = 0; i < 200 && lo < hi; ++i) {
        const double middle = lo + (hi - lo) / 2;
        (std::erfc(middle / std::numbers::sqrt2) > alpha ? lo : hi) = middle;
    }
    return hi;
}

} // namespace widthwise
