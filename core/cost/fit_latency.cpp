#include "core/cost/fit_terms.h"

#include <algorithm>
#include <cmath>

namespace widthwise::cost {
namespace {

/// A layer tells of a constant that makes this share of its time.
constexpr double k_binds = 0.1;
constexpr double k_largest_error = 0.5;

class LatencyFit {
public:
    LatencyFit(const std::vector<Constant>& constants, const HardwareTarget& target,
               const std::vector<TimeTerms>& terms, const LayerValues& measured)
        : m_constants(constants), m_terms(terms), m_measured(measured) {
        for (size_t k = 0; k < constants.size(); ++k) {
            m_free.push_back(true);
            m_ranges.push_back(range_of(k));
            m_original.push_back(original(k, target));
            m_x.push_back(std::clamp(m_original[k], m_ranges[k].least, m_ranges[k].most));
        }
        m_result.constants.resize(constants.size());
    }

    TermsFit run() {
        for (size_t k = 0; k < m_constants.size(); ++k)
            if (!(m_ranges[k].most > 0)) hold(k, "no measured layer depends on it");
        m_x = solve(true);
        while (const auto k = least_known()) {
            hold(*k, m_note);
            m_x = solve(true);
        }
        const std::vector<double> errors = relative_errors();
        for (size_t k = 0; k < m_constants.size(); ++k) {
            ConstantFit& constant = m_result.constants[k];
            constant.fitted = m_free[k];
            constant.x = m_x[k];
            if (m_free[k]) constant.relative_error = errors[k];
        }
        leave_one_out();
        return std::move(m_result);
    }

private:
    /// From no layer that notices the constant to one in which it alone makes the whole measured time and
    /// more.
    [[nodiscard]] Range range_of(size_t k) const {
        Range range;
        for (size_t i = 0; i < m_terms.size(); ++i) {
            const double slope = std::max(m_terms[i].slope[k], m_terms[i].added[k]);
            if (!(slope > 0)) continue;
            const double whole = m_measured[i] / slope;
            range.least = range.most > 0 ? std::min(range.least, whole * 1e-3) : whole * 1e-3;
            range.most = std::max(range.most, whole * 4);
        }
        if (m_constants[k].least > 0 && range.most > 0) {
            range.least = m_constants[k].least;
            range.most = std::max(range.most, 2 * range.least);
        }
        return range;
    }

    /// The target's own x; where it has none (never the bottleneck), one that no layer notices.
    [[nodiscard]] double original(size_t k, const HardwareTarget& target) const {
        const auto value = m_constants[k].value(target);
        if (!value || !(*value > 0)) return m_ranges[k].least * 1e-3;
        return m_constants[k].inverse ? 1 / *value : *value;
    }

    void hold(size_t k, std::string note) {
        m_free[k] = false;
        m_x[k] = m_original[k];
        m_result.constants[k].note = std::move(note);
    }

    [[nodiscard]] std::vector<double> solve(bool global) const {
        std::vector<Range> ranges = m_ranges;
        for (size_t k = 0; k < ranges.size(); ++k)
            if (!m_free[k]) ranges[k] = {m_original[k], m_original[k]};
        return fit_times(m_terms, m_measured, ranges, m_x, global);
    }

    [[nodiscard]] int layers_bound_by(size_t k) const {
        int layers = 0;
        for (const TimeTerms& term : m_terms) layers += term.sensitivity(m_x)[k] > k_binds;
        return layers;
    }

    [[nodiscard]] std::vector<double> relative_errors() const {
        std::vector<size_t> columns;
        for (size_t k = 0; k < m_free.size(); ++k)
            if (m_free[k]) columns.push_back(k);
        std::vector<double> errors(m_free.size(), std::numeric_limits<double>::infinity());
        Rows rows;
        for (const TimeTerms& term : m_terms) {
            const std::vector<double> all = term.sensitivity(m_x);
            rows.emplace_back();
            for (const size_t k : columns) rows.back().push_back(all[k]);
        }
        if (columns.empty() || rows.size() <= columns.size()) return errors;
        // Only the inverse of the normal equations is wanted: its diagonal, by the residuals' variance.
        const LinearSolution unit = solve_least_squares(rows, std::vector<double>(rows.size(), 0));
        if (!unit.solved) return errors;
        const double freedom = static_cast<double>(rows.size() - columns.size());
        const double deviation = std::sqrt(time_misfit(m_terms, m_measured, m_x) / freedom);
        for (size_t c = 0; c < columns.size(); ++c) errors[columns[c]] = deviation * unit.spread[c];
        return errors;
    }

    /// The free constant of which the measurements tell least, where that is too little; why, in m_note.
    [[nodiscard]] std::optional<size_t> least_known() {
        std::optional<size_t> worst;
        int fewest = 2;
        for (size_t k = 0; k < m_free.size(); ++k) {
            if (!m_free[k]) continue;
            const int layers = layers_bound_by(k);
            if (layers >= fewest || must_stay(k)) continue;
            worst = k;
            fewest = layers;
            m_note = layers == 0 ? "not identifiable: no measured layer is bound by it"
                                 : "not identifiable: only one measured layer is bound by it";
        }
        if (worst) return worst;
        const std::vector<double> errors = relative_errors();
        double largest = k_largest_error;
        for (size_t k = 0; k < m_free.size(); ++k) {
            if (!m_free[k] || layers_bound_by(k) < 2 || !(errors[k] > largest)) continue;
            worst = k;
            largest = errors[k];
            m_note = std::isfinite(errors[k])
                         ? "not identifiable: its standard error would be " +
                               std::to_string(static_cast<int>(std::min(errors[k], 1e6) * 100)) + " %"
                         : "not identifiable: too few layers, or it moves together with another constant";
        }
        return worst;
    }

    /// The measurements contradict the target's own value, though they only bound the true one: it goes to
    /// the nearest value that does not disturb them.
    [[nodiscard]] bool must_stay(size_t k) {
        std::vector<double> with_original = m_x;
        with_original[k] = m_original[k];
        const double now = time_misfit(m_terms, m_measured, m_x);
        const double tolerance = 1e-6 * static_cast<double>(m_terms.size());
        if (time_misfit(m_terms, m_measured, with_original) <= 1.02 * now + tolerance) return false;
        double quiet = m_x[k], loud = m_original[k];
        constexpr int k_halvings = 60;
        for (int i = 0; i < k_halvings; ++i) {
            with_original[k] = std::sqrt(quiet * loud);
            (time_misfit(m_terms, m_measured, with_original) <= now + tolerance ? quiet : loud) =
                with_original[k];
        }
        m_x[k] = quiet;
        m_result.constants[k].note = m_constants[k].inverse
                                         ? "at least this: fewer than two layers are bound by it"
                                         : "at most this: too few layers tell of it";
        return true;
    }

    void leave_one_out() {
        for (size_t i = 0; i < m_terms.size(); ++i) {
            std::vector<TimeTerms> terms = m_terms;
            LayerValues measured = m_measured;
            terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(i));
            measured.erase(measured.begin() + static_cast<std::ptrdiff_t>(i));
            std::vector<Range> ranges = m_ranges;
            for (size_t k = 0; k < ranges.size(); ++k)
                if (!m_free[k] || !m_result.constants[k].note.empty()) ranges[k] = {m_x[k], m_x[k]};
            m_result.within.push_back(m_terms[i].at(m_x));
            m_result.left_out.push_back(m_terms[i].at(fit_times(terms, measured, ranges, m_x, false)));
        }
    }

    const std::vector<Constant>& m_constants;
    const std::vector<TimeTerms>& m_terms;
    const LayerValues& m_measured;
    std::vector<bool> m_free;
    std::vector<Range> m_ranges;
    std::vector<double> m_original, m_x;
    std::string m_note;
    TermsFit m_result;
};

} // namespace

TermsFit fit_latency(const std::vector<Constant>& constants, const HardwareTarget& target,
                     const std::vector<TimeTerms>& terms, const LayerValues& measured) {
    return LatencyFit(constants, target, terms, measured).run();
}

} // namespace widthwise::cost
