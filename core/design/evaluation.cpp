#include "core/design/evaluation.h"

#include <algorithm>
#include <cmath>

namespace widthwise {
namespace {

/// Correlation of the paired outcomes with the continuity correction that distinguishes Newcombe's method 10
/// from 8 (1998, section 2): phi = (eh - fg) / sqrt((e+f)(g+h)(e+g)(f+h)), and where eh > fg the numerator is
/// max(eh - fg - n/2, 0).
double corrected_phi(double e, double f, double g, double h) {
    const double product = (e + f) * (g + h) * (e + g) * (f + h);
    if (product <= 0) return 0;
    double numerator = e * h - f * g;
    if (numerator > 0) numerator = std::max(numerator - (e + f + g + h) / 2, 0.0);
    return numerator / std::sqrt(product);
}

} // namespace

std::string_view to_string(Execution execution) {
    switch (execution) {
    case Execution::int8:
        return "int8";
    case Execution::simulated:
        return "simulated";
    case Execution::float32:
        return "float";
    }
    return "float";
}

Interval wilson_interval(int64_t successes, int64_t n, double z) {
    if (n <= 0) return {0, 1};
    // Wilson 1927 (JASA 22:209): the p that solve |p - x/n| = z sqrt(p (1 - p) / n); as Newcombe 1998
    // (Statistics in Medicine 17:857), method 3.
    const auto x = static_cast<double>(successes);
    const auto count = static_cast<double>(n);
    const double z2 = z * z;
    const double centre = 2 * x + z2;
    const double half = z * std::sqrt(z2 + 4 * x * (1 - x / count));
    const double scale = 2 * (count + z2);
    // The extremes are exact, where rounding would leave 1e-18 instead of 0.
    return {successes == 0 ? 0.0 : std::clamp((centre - half) / scale, 0.0, 1.0),
            successes == n ? 1.0 : std::clamp((centre + half) / scale, 0.0, 1.0)};
}

Interval paired_difference_interval(int64_t both, int64_t only_a, int64_t only_b, int64_t n, double z) {
    if (n <= 0) return {-1, 1};
    // Newcombe 1998 (Statistics in Medicine 17:2635), method 10, with b as his first and a as his second
    // proportion: theta - sqrt(dl1^2 - 2 phi dl1 du2 + du2^2), theta + sqrt(du1^2 - 2 phi du1 dl2 + dl2^2).
    const auto count = static_cast<double>(n);
    const double p1 = static_cast<double>(both + only_b) / count;
    const double p2 = static_cast<double>(both + only_a) / count;
    const Interval i1 = wilson_interval(both + only_b, n, z);
    const Interval i2 = wilson_interval(both + only_a, n, z);
    const double dl1 = p1 - i1.lo, du1 = i1.hi - p1;
    const double dl2 = p2 - i2.lo, du2 = i2.hi - p2;
    const double phi =
        corrected_phi(static_cast<double>(both), static_cast<double>(only_b), static_cast<double>(only_a),
                      static_cast<double>(n - both - only_a - only_b));
    const double theta = static_cast<double>(only_b - only_a) / count;
    const double below = std::sqrt(std::max(dl1 * dl1 - 2 * phi * dl1 * du2 + du2 * du2, 0.0));
    const double above = std::sqrt(std::max(du1 * du1 - 2 * phi * du1 * dl2 + dl2 * dl2, 0.0));
    return {std::max(theta - below, -1.0), std::min(theta + above, 1.0)};
}

} // namespace widthwise
