#include "core/cost/fit_solver.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace widthwise::cost {
namespace {

constexpr double k_smallest_pivot = 1e-12;

double length(const Rows& rows, size_t column) {
    double sum = 0;
    for (const auto& row : rows) sum += row[column] * row[column];
    return std::sqrt(sum);
}

/// The inverse of a symmetric positive matrix with ones on its diagonal, by Gauss-Jordan; nullopt where a
/// pivot vanishes.
std::optional<Rows> inverse(Rows matrix) {
    const size_t n = matrix.size();
    Rows result(n, std::vector<double>(n, 0));
    for (size_t i = 0; i < n; ++i) result[i][i] = 1;
    for (size_t i = 0; i < n; ++i) {
        const double pivot = matrix[i][i];
        if (!(pivot > k_smallest_pivot)) return std::nullopt;
        for (size_t j = 0; j < n; ++j) {
            matrix[i][j] /= pivot;
            result[i][j] /= pivot;
        }
        for (size_t row = 0; row < n; ++row) {
            const double factor = matrix[row][i];
            if (row == i || factor == 0) continue;
            for (size_t j = 0; j < n; ++j) {
                matrix[row][j] -= factor * matrix[i][j];
                result[row][j] -= factor * result[i][j];
            }
        }
    }
    return result;
}

} // namespace

LinearSolution solve_least_squares(const Rows& rows, std::span<const double> wanted) {
    LinearSolution solution;
    if (rows.empty() || rows.size() < rows.front().size()) return solution;
    const size_t n = rows.front().size();
    std::vector<double> scale(n);
    for (size_t k = 0; k < n; ++k) {
        scale[k] = length(rows, k);
        if (!(scale[k] > 0)) return solution;
    }
    Rows gram(n, std::vector<double>(n, 0));
    std::vector<double> right(n, 0);
    for (size_t i = 0; i < rows.size(); ++i)
        for (size_t k = 0; k < n; ++k) {
            right[k] += rows[i][k] / scale[k] * wanted[i];
            for (size_t j = 0; j < n; ++j) gram[k][j] += rows[i][k] / scale[k] * rows[i][j] / scale[j];
        }
    const auto inverted = inverse(gram);
    if (!inverted) return solution;
    solution.x.assign(n, 0);
    for (size_t k = 0; k < n; ++k)
        for (size_t j = 0; j < n; ++j) solution.x[k] += (*inverted)[k][j] * right[j] / scale[k];
    double squares = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
        double error = -wanted[i];
        for (size_t k = 0; k < n; ++k) error += rows[i][k] * solution.x[k];
        squares += error * error;
    }
    const double variance = rows.size() > n ? squares / static_cast<double>(rows.size() - n)
                                            : std::numeric_limits<double>::infinity();
    for (size_t k = 0; k < n; ++k) {
        solution.spread.push_back(std::sqrt((*inverted)[k][k]) / scale[k]);
        solution.standard_error.push_back(std::sqrt(variance) * solution.spread[k]);
    }
    solution.solved = true;
    return solution;
}

double own_share(const Rows& rows, size_t k) {
    const double whole = rows.empty() ? 0 : length(rows, k);
    if (!(whole > 0)) return 0;
    Rows others;
    std::vector<double> column;
    for (const auto& row : rows) {
        column.push_back(row[k]);
        others.push_back(row);
        others.back().erase(others.back().begin() + static_cast<std::ptrdiff_t>(k));
    }
    if (others.front().empty()) return 1;
    const LinearSolution nearest = solve_least_squares(others, column);
    if (!nearest.solved) return 0;
    double squares = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
        double rest = column[i];
        for (size_t j = 0; j < others[i].size(); ++j) rest -= others[i][j] * nearest.x[j];
        squares += rest * rest;
    }
    return std::sqrt(squares) / whole;
}

double TimeTerms::at(std::span<const double> x) const {
    double sum = 0, longest = 0;
    for (size_t k = 0; k < x.size(); ++k) {
        sum += added[k] * x[k];
        longest = std::max(longest, offset[k] + slope[k] * x[k]);
    }
    return sum + longest;
}

std::vector<double> TimeTerms::sensitivity(std::span<const double> x) const {
    std::vector<double> result(x.size(), 0);
    const double whole = at(x);
    if (!(whole > 0)) return result;
    size_t longest = 0;
    for (size_t k = 0; k < x.size(); ++k) {
        result[k] = added[k] * x[k] / whole;
        if (offset[k] + slope[k] * x[k] > offset[longest] + slope[longest] * x[longest]) longest = k;
    }
    if (!x.empty()) result[longest] += slope[longest] * x[longest] / whole;
    return result;
}

double time_misfit(std::span<const TimeTerms> terms, std::span<const double> measured,
                   std::span<const double> x) {
    double sum = 0;
    for (size_t i = 0; i < terms.size(); ++i) {
        const double error = std::log(std::max(terms[i].at(x), 1e-300) / measured[i]);
        sum += error * error;
    }
    return sum;
}

namespace {

/// The search of fit_times, over the logarithms of the constants.
class Descent {
public:
    Descent(std::span<const TimeTerms> terms, std::span<const double> measured, std::span<const Range> ranges,
            std::vector<double> start)
        : m_terms(terms), m_measured(measured), m_ranges(ranges), m_x(std::move(start)) {
        for (size_t k = 0; k < m_x.size(); ++k)
            m_x[k] = std::clamp(m_x[k], m_ranges[k].least, m_ranges[k].most);
        m_best = time_misfit(m_terms, m_measured, m_x);
    }

    void run(bool global) {
        constexpr int k_rounds = 60;
        for (int round = 0; round < k_rounds; ++round) {
            const std::vector<double> before = m_x;
            const double misfit = m_best;
            for (size_t k = 0; k < m_x.size(); ++k) {
                std::vector<double> axis(m_x.size(), 0);
                axis[k] = 1;
                if (!(m_ranges[k].most > m_ranges[k].least)) continue;
                if (global && round < 3)
                    search(axis, std::log(m_ranges[k].least / m_x[k]), std::log(m_ranges[k].most / m_x[k]));
                else
                    search(axis, -0.5, 0.5);
            }
            std::vector<double> progress(m_x.size());
            for (size_t k = 0; k < m_x.size(); ++k) progress[k] = std::log(m_x[k] / before[k]);
            search(progress, 0, 8);
            if (misfit - m_best <= 1e-13 * misfit + 1e-22 && round >= 3) break;
        }
    }

    [[nodiscard]] std::vector<double> result() && { return std::move(m_x); }
    [[nodiscard]] double misfit() const { return m_best; }

private:
    [[nodiscard]] std::vector<double> moved(const std::vector<double>& direction, double step) const {
        std::vector<double> x = m_x;
        for (size_t k = 0; k < x.size(); ++k)
            x[k] = std::clamp(x[k] * std::exp(direction[k] * step), m_ranges[k].least, m_ranges[k].most);
        return x;
    }

    /// The best of an even scan, then golden sections around it.
    void search(const std::vector<double>& direction, double from, double to) {
        constexpr int k_points = 48, k_sections = 44;
        constexpr double k_golden = 0.6180339887498949;
        const auto misfit = [&](double step) {
            return time_misfit(m_terms, m_measured, moved(direction, step));
        };
        const double width = (to - from) / k_points;
        double best_step = 0, best = m_best;
        for (int i = 0; i <= k_points; ++i)
            if (const double value = misfit(from + width * i); value < best) {
                best = value;
                best_step = from + width * i;
            }
        double lo = best_step - width, hi = best_step + width;
        double a = hi - k_golden * (hi - lo), b = lo + k_golden * (hi - lo);
        double at_a = misfit(a), at_b = misfit(b);
        for (int i = 0; i < k_sections; ++i) {
            if (at_a < at_b) {
                hi = b;
                b = a;
                at_b = at_a;
                at_a = misfit(a = hi - k_golden * (hi - lo));
            } else {
                lo = a;
                a = b;
                at_a = at_b;
                at_b = misfit(b = lo + k_golden * (hi - lo));
            }
        }
        if (const double middle = (lo + hi) / 2; misfit(middle) < best) {
            best_step = middle;
            best = misfit(middle);
        }
        if (best >= m_best) return;
        m_x = moved(direction, best_step);
        m_best = time_misfit(m_terms, m_measured, m_x);
    }

    std::span<const TimeTerms> m_terms;
    std::span<const double> m_measured;
    std::span<const Range> m_ranges;
    std::vector<double> m_x;
    double m_best = 0;
};

} // namespace

std::vector<double> fit_times(std::span<const TimeTerms> terms, std::span<const double> measured,
                              std::span<const Range> ranges, std::vector<double> start, bool global) {
    Descent best(terms, measured, ranges, start);
    best.run(global);
    if (!global) return std::move(best).result();
    // Other starts: every corner of "as short as it can be" and "as long as the measurements allow".
    const size_t corners = size_t{1} << std::min<size_t>(ranges.size(), 5);
    for (size_t corner = 0; corner < corners; ++corner) {
        for (size_t k = 0; k < ranges.size(); ++k)
            start[k] = (corner >> k & 1) != 0 ? ranges[k].most : ranges[k].least;
        Descent other(terms, measured, ranges, start);
        other.run(true);
        if (other.misfit() < best.misfit()) best = other;
    }
    return std::move(best).result();
}

} // namespace widthwise::cost
