#include "core/quant/range_search.h"

#include "core/quant/range_rule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace widthwise {
namespace {

constexpr int k_points = 4; // in a bin

constexpr int k_octave = 256;

/// 2^(t / 256) from square roots: exp2 may differ in its last bit from one processor to the next.
double power_of_two(int t) {
    double factor = 1, root = 2;
    for (int bit = k_octave; bit > 1;) {
        root = std::sqrt(root);
        bit /= 2;
        if ((t & bit) != 0) factor *= root;
    }
    return std::ldexp(factor, t >> 8); // arithmetic: floor
}

/// Tries ranges and keeps the best.
class Search {
public:
    Search(const Samples& samples, Range whole, const NumberFormat& format)
        : m_samples(samples), m_format(format), m_best(whole), m_least(error_of(whole)) {}

    [[nodiscard]] Range best() const { return m_best; }

    /// Scales the chosen ends of the best range by 2^(t / 256), t in [from, to] in quarters of an octave,
    /// then ever finer around the best.
    void scale(bool lo, bool hi, int from, int to) {
        const Range start = m_best;
        int centre = 0;
        const auto attempt = [&](int t) {
            const double factor = power_of_two(t);
            const Range range{lo ? start.lo * factor : start.lo, hi ? start.hi * factor : start.hi};
            if (const double error = error_of(range); error < m_least) {
                m_least = error;
                m_best = range;
                centre = t;
            }
        };
        for (int t = to; t >= from; t -= k_octave / 4) attempt(t);
        for (int step = k_octave / 16; step >= 1; step /= 4) {
            const int around = centre;
            for (int k = -3; k <= 3; ++k)
                if (k != 0) attempt(around + k * step);
        }
    }

private:
    double error_of(Range range) {
        const ResolvedScale scale = scale_for_range(range.lo, range.hi, m_format);
        // Powers of two repeat themselves.
        if (std::find(m_tried.begin(), m_tried.end(), scale) != m_tried.end())
            return std::numeric_limits<double>::infinity();
        m_tried.push_back(scale);
        return squared_error(m_samples, quantizer_of(m_format, scale));
    }

    const Samples& m_samples;
    const NumberFormat& m_format;
    std::vector<ResolvedScale> m_tried;
    Range m_best;
    double m_least;
};

bool is_affine(const NumberFormat& format) {
    return format.type == FormatType::integer && !format.symmetric;
}

} // namespace

Samples samples_of(std::span<const float> values) {
    Samples out;
    out.x.reserve(values.size());
    for (const float v : values)
        if (v != 0) out.x.push_back(v);
    out.weight.assign(out.x.size(), 1.0);
    out.zeros = static_cast<double>(values.size() - out.x.size());
    return out;
}

Samples samples_of(const Histogram& histogram) {
    Samples out;
    out.zeros = static_cast<double>(histogram.zeros());
    for (size_t i = 0; i < histogram.bins().size(); ++i) {
        const auto n = static_cast<double>(histogram.nonzero(i));
        if (n <= 0) continue;
        const Range bin = histogram.bin_range(i);
        for (int k = 0; k < k_points; ++k) {
            out.x.push_back(static_cast<float>(bin.lo + (bin.hi - bin.lo) * (k + 0.5) / k_points));
            out.weight.push_back(n / k_points);
        }
    }
    return out;
}

double squared_error(const Samples& samples, const Quantizer& quantizer) {
    constexpr size_t chunk = 1024;
    std::array<float, chunk> rounded{};
    double sum = 0;
    for (size_t first = 0; first < samples.x.size(); first += chunk) {
        const size_t n = std::min(chunk, samples.x.size() - first);
        const auto x = std::span(samples.x).subspan(first, n);
        quantizer.round(x, std::span(rounded).first(n));
        double partial[4] = {}; // sums that do not wait for each other
        for (size_t i = 0; i < n; ++i) {
            const double d = static_cast<double>(x[i]) - static_cast<double>(rounded[i]);
            partial[i % 4] += samples.weight[first + i] * (d * d);
        }
        sum += (partial[0] + partial[1]) + (partial[2] + partial[3]);
    }
    return sum;
}

Range mse_range(const Samples& samples, Range whole, const NumberFormat& format) {
    whole = {std::min(whole.lo, 0.0), std::max(whole.hi, 0.0)};
    if (samples.x.empty()) return whole;
    Search search(samples, whole, format);
    search.scale(true, true, -10 * k_octave, k_octave);
    if (!is_affine(format) || whole.lo == 0 || whole.hi == 0) return search.best();
    for (int round = 0; round < 2; ++round) {
        search.scale(false, true, -2 * k_octave, 2 * k_octave);
        search.scale(true, false, -2 * k_octave, 2 * k_octave);
    }
    return search.best();
}

} // namespace widthwise
