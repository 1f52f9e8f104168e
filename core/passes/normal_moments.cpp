#include "core/passes/normal_moments.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace widthwise::passes {
namespace {

double density(double x) {
    return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi);
}

double distribution(double x) {
    return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

} // namespace

Moments clipped_normal(const Moments& x, const Clamp& clip) {
    const double lo = clip.lo, hi = clip.hi;
    if (x.variance <= 0) return {std::clamp(x.mean, lo, hi), 0};
    const double m = x.mean, s = std::sqrt(x.variance);
    double mean = 0, square = 0, below = 0, above = 1;
    if (std::isfinite(lo)) {
        const double a = (lo - m) / s;
        below = distribution(a);
        mean += lo * below + s * density(a);
        square += lo * lo * below + s * (m + lo) * density(a);
    }
    if (std::isfinite(hi)) {
        const double b = (hi - m) / s;
        above = distribution(b);
        const double beyond = distribution(-b);
        mean += hi * beyond - s * density(b);
        square += hi * hi * beyond - s * (m + hi) * density(b);
    }
    mean += m * (above - below);
    square += (m * m + s * s) * (above - below);
    return {mean, std::max(0.0, square - mean * mean)};
}

} // namespace widthwise::passes
