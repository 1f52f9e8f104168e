#pragma once
// Least squares over a handful of constants: energies, which are linear in them, and latencies, which are the
// longest of several terms.

#include <cstddef>
#include <span>
#include <vector>

namespace widthwise::cost {

/// One row per measurement, one column per constant.
using Rows = std::vector<std::vector<double>>;

struct LinearSolution {
    bool solved = false;                ///< false: fewer rows than columns, or columns that move together
    std::vector<double> x;              ///< of any sign
    std::vector<double> spread;         ///< standard error of x for residuals of deviation 1
    std::vector<double> standard_error; ///< infinite where there are only as many rows as columns
};
/// Minimizes the sum of (rows x - wanted)^2 by the normal equations with scaled columns.
[[nodiscard]] LinearSolution solve_least_squares(const Rows& rows, std::span<const double> wanted);

/// Share of column `k`'s length that the other columns of `rows` cannot express, 0..1; 0 for a column of
/// zeros.
[[nodiscard]] double own_share(const Rows& rows, size_t k);

/// sum of added[k] x[k] + max over rivals of (offset[k] + slope[k] x[k]); a rival with slope and
/// offset 0 takes no part.
struct TimeTerms {
    std::vector<double> added, offset, slope; ///< by constant
    [[nodiscard]] double at(std::span<const double> x) const;
    /// Relative change per relative change of each constant.
    [[nodiscard]] std::vector<double> sensitivity(std::span<const double> x) const;
};

/// A constant's range in the search; `least` = `most` holds it.
struct Range {
    double least = 0, most = 0;
};

/// Minimizes the sum of log^2(modelled / measured) over the constants within their ranges (all above 0): line
/// searches along each constant's logarithm and along the progress of a round, over the whole range first
/// where `global`, else near `start`.
[[nodiscard]] std::vector<double> fit_times(std::span<const TimeTerms> terms,
                                            std::span<const double> measured, std::span<const Range> ranges,
                                            std::vector<double> start, bool global);

/// Sum of log^2(modelled / measured).
[[nodiscard]] double time_misfit(std::span<const TimeTerms> terms, std::span<const double> measured,
                                 std::span<const double> x);

} // namespace widthwise::cost
