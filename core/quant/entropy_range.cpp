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

/// The histogram without its exact zeros: of x, or of |x| where the format's grid is symmetric.
struct Masses {
    std::vector<double> mass;
    std::vector<float> middle; ///< of each bin
    size_t origin = 0;         ///< the bin that begins at 0
    size_t reach = 0;          ///< bins from 0 to the farthest value
    double total = 0;

    Masses(const Histogram& histogram, bool of_magnitudes)
        : mass(of_magnitudes ? k_half : 2 * k_half), middle(mass.size()), origin(of_magnitudes ? 0 : k_half) {
        for (int bin = -k_half; bin < k_half; ++bin) {
            const auto n = static_cast<double>(histogram.nonzero(static_cast<size_t>(bin + k_half)));
            if (n == 0) continue;
            const int magnitude = bin < 0 ? -1 - bin : bin;
            mass[static_cast<size_t>(of_magnitudes ? magnitude : bin + k_half)] += n;
            reach = std::max(reach, static_cast<size_t>(magnitude) + 1);
            total += n;
        }
        for (size_t i = 0; i < mass.size(); ++i)
            middle[i] = static_cast<float>((static_cast<double>(i) - static_cast<double>(origin) + 0.5) *
                                           histogram.bin_width());
    }
};

/// Divergence of P, the masses in [begin, end) with those beyond added to the outermost bins that hold any,
/// from Q, whose bins share their cell's mass inside evenly where there is any; `level` says which cell a bin
/// is in.
double divergence(const Masses& masses, size_t begin, size_t end, const std::vector<float>& level) {
    const std::vector<double>& mass = masses.mass;
    double below = 0, above = 0;
    for (size_t i = 0; i < begin; ++i) below += mass[i];
    for (size_t i = end; i < mass.size(); ++i) above += mass[i];
    const double inside = masses.total - below - above;
    if (inside == 0) return std::numeric_limits<double>::infinity();
    size_t first = begin, last = end - 1;
    while (mass[first] == 0) ++first;
    while (mass[last] == 0) --last;
    double sum = 0; // p log(p / q)
    for (size_t i = begin; i < end;) {
        double cell_p = 0, cell_mass = 0, occupied = 0;
        for (const float cell = level[i]; i < end && level[i] == cell; ++i) {
            if (mass[i] == 0) continue;
            const double n = mass[i] + (i == first ? below : 0) + (i == last ? above : 0);
            const double p = n / masses.total;
            sum += p * std::log(p);
            cell_p += p;
            cell_mass += mass[i];
            occupied += 1;
        }
        if (cell_p > 0) sum -= cell_p * std::log(cell_mass / occupied / inside);
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
    for (size_t threshold = k_first_threshold;; threshold += k_stride) {
        threshold = std::min(threshold, masses.reach);
        const double cut = static_cast<double>(threshold) * histogram.bin_width();
        const Range range{std::max(whole.lo, -cut), std::min(whole.hi, cut)};
        const size_t begin = affine ? masses.origin - threshold : 0, end = masses.origin + threshold;
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
