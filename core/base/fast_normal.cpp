#include "core/base/fast_normal.h"

#include <array>
#include <cmath>

namespace widthwise {
namespace {

constexpr size_t k_strips = 256;
// Where the tail begins and the area of each strip, for 256 strips (Marsaglia and Tsang 2000, p. 4).
constexpr double k_tail = 3.6541528853610088;
constexpr double k_area = 0.00492867323399;

double bell(double x) {
    return std::exp(-0.5 * x * x);
}

/// Strip i reaches from the axis to edge[i] and from height[i] up to height[i + 1]; strip 0 has the tail and
/// is as wide as a rectangle of its area and height would be.
struct Strips {
    std::array<double, k_strips + 1> edge{}, height{};
    std::array<double, k_strips> inner{}; ///< the share of the strip that lies under the curve for sure

    Strips() {
        edge[0] = k_area / bell(k_tail);
        edge[1] = k_tail;
        for (size_t i = 2; i < k_strips; ++i) {
            const double below = edge[i - 1];
            edge[i] = std::sqrt(-2 * std::log(k_area / below + bell(below)));
        }
        edge[k_strips] = 0;
        for (size_t i = 0; i <= k_strips; ++i) height[i] = bell(edge[i]);
        for (size_t i = 0; i < k_strips; ++i) inner[i] = edge[i + 1] / edge[i];
    }
};

const Strips& strips() {
    static const Strips table;
    return table;
}

/// Beyond k_tail (Marsaglia 1964).
double tail(Rng& rng) {
    for (;;) {
        const double x = -std::log1p(-rng.uniform()) / k_tail;
        const double y = -std::log1p(-rng.uniform());
        if (2 * y > x * x) return k_tail + x;
    }
}

/// Where the strip is not all under the curve: 1 to 2 % of the draws.
double at_the_edge(const Strips& table, size_t strip, double share, Rng& rng) {
    for (;;) {
        const double x = share * table.edge[strip];
        if (share < table.inner[strip]) return x;
        if (strip == 0) return tail(rng);
        const double low = table.height[strip], high = table.height[strip + 1];
        if (low + rng.uniform() * (high - low) < bell(x)) return x;
        strip = static_cast<size_t>(rng.next() >> 56);
        share = rng.uniform();
    }
}

} // namespace

void fill_normal(std::span<float> out, double deviation, Rng& rng) {
    const Strips& table = strips();
    for (float& value : out) {
        const uint64_t bits = rng.next();
        const size_t strip = bits & (k_strips - 1);
        const double sign = (bits & k_strips) ? -deviation : deviation;
        const double share = static_cast<double>(bits >> 11) * 0x1.0p-53;
        const double x =
            share < table.inner[strip] ? share * table.edge[strip] : at_the_edge(table, strip, share, rng);
        value = static_cast<float>(sign * x);
    }
}

} // namespace widthwise
