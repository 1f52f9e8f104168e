// The range with the least Kullback-Leibler divergence.
#include "core/quant/range_rule.h"
#include "core/quant/range_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace widthwise {
namespace {

constexpr int k_half = Histogram::k_half_bins;
constexpr int k_first_threshold = 128, k_stride = 8; // in bins

/// The histogram's bins that hold values, exact zeros left out, ascending: of x, or of |x| where the format's
/// grid is symmetric.
struct Masses {
    std::vector<int> bin; ///< 0 begins at 0
    std::vector<double> mass;
    std::vector<double> p_log_p; ///< p the share of all
    std::vector<float> middle;
    int reach = 0; ///< bins of |x| from 0 to the farthest value
    double total = 0;

    Masses(const Histogram& histogram, bool of_magnitudes) {
        const auto in = [&](int b) {
            return static_cast<double>(histogram.nonzero(static_cast<size_t>(b + k_half)));
        };
        total = static_cast<double>(histogram.count() - histogram.zeros());
        for (int b = of_magnitudes ? 0 : -k_half; b < k_half; ++b) {
            const double n = in(b) + (of_magnitudes ? in(-1 - b) : 0);
            if (n == 0) continue;
            bin.push_back(b);
            mass.push_back(n);
            p_log_p.push_back(n / total * std::log(n / total));
            middle.push_back(static_cast<float>((b + 0.5) * histogram.bin_width()));
            reach = std::max(reach, b < 0 ? -b : b + 1);
        }
    }
    /// Position of the first of bins `b` and above.
    [[nodiscard]] size_t position(int b) const {
        return static_cast<size_t>(std::lower_bound(bin.begin(), bin.end(), b) - bin.begin());
    }
};

/// Divergence of P, the masses at [begin, end) with those beyond added to the outermost, from Q, whose bins
/// share their cell's mass evenly; `level` says which cell a bin is in.
double divergence(const Masses& m, size_t begin, size_t end, const std::vector<float>& level) {
    if (begin == end) return std::numeric_limits<double>::infinity();
    double below = 0, above = 0;
    for (size_t i = 0; i < begin; ++i) below += m.mass[i];
    for (size_t i = end; i < m.mass.size(); ++i) above += m.mass[i];
    const double inside = m.total - below - above;
    double sum = 0; // p log(p / q)
    for (size_t i = begin; i < end;) {
        double share = 0, mass = 0;
        const size_t first = i;
        for (const float cell = level[i]; i < end && level[i] == cell; ++i) {
            const double outliers = (i == begin ? below : 0) + (i + 1 == end ? above : 0);
            const double p = (m.mass[i] + outliers) / m.total;
            sum += outliers > 0 ? p * std::log(p) : m.p_log_p[i];
            share += p;
            mass += m.mass[i];
        }
        sum -= share * std::log(mass / static_cast<double>(i - first) / inside);
    }
    return sum;
}

} // namespace

Range entropy_range(const Histogram& histogram, const NumberFormat& format) {
    const Range whole{histogram.min(), histogram.max()};
    if (histogram.count() == histogram.zeros()) return whole;
    const bool affine = format.type == FormatType::integer && !format.symmetric;
    const Masses masses(histogram, !affine);
    std::vector<float> level(masses.mass.size());
    Range best = whole;
    double least = std::numeric_limits<double>::infinity();
    for (int threshold = k_first_threshold;; threshold += k_stride) {
        threshold = std::min(threshold, masses.reach);
        const double cut = threshold * histogram.bin_width();
        const Range range{std::max(whole.lo, -cut), std::min(whole.hi, cut)};
        const size_t begin = masses.position(-threshold), end = masses.position(threshold);
        const Quantizer quantizer = quantizer_of(format, scale_for_range(range.lo, range.hi, format));
        quantizer.round(std::span(masses.middle).subspan(begin, end - begin),
                        std::span(level).subspan(begin, end - begin));
        if (const double d = divergence(masses, begin, end, level); d < least) {
            least = d;
            best = range;
        }
        if (threshold == masses.reach) return best;
    }
}

} // namespace widthwise
