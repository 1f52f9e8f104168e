#include "core/base/format.h"
#include "core/cost/fit_terms.h"

#include <cmath>

namespace widthwise::cost {
namespace {

constexpr double k_largest_error = 0.5;
/// A constant that the measurements do not tell apart from nothing stays as it is, unless it then makes so
/// much more of the energy than they allow.
constexpr double k_contradiction = 0.1;
/// Columns closer to each other's span move together.
constexpr double k_least_own_share = 0.02;

class EnergyFit {
public:
    EnergyFit(const std::vector<Constant>& constants, const Probe::EnergyTerms& terms,
              const LayerValues& measured)
        : m_constants(constants), m_terms(terms), m_measured(measured), m_x(constants.size(), 0) {
        m_result.constants.resize(constants.size());
        for (size_t k = 0; k < constants.size(); ++k) m_state.push_back(State::free);
    }

    TermsFit run() {
        for (size_t k = 0; k < m_constants.size(); ++k) {
            bool matters = false;
            for (const auto& row : m_terms.slopes) matters = matters || row[k] > 0;
            if (!matters) hold(k, "no measured layer depends on it");
        }
        separate();
        while (!free().empty()) {
            const auto columns = free();
            const LinearSolution solution = solve(columns);
            if (!solution.solved || !settled(columns, solution)) {
                if (!solution.solved) hold(columns.back(), "not identifiable: too few measured layers");
                continue;
            }
            for (size_t c = 0; c < columns.size(); ++c) {
                m_x[columns[c]] = solution.x[c];
                m_result.constants[columns[c]].relative_error = solution.standard_error[c] / solution.x[c];
            }
            break;
        }
        for (size_t k = 0; k < m_constants.size(); ++k) {
            m_result.constants[k].fitted = m_state[k] != State::held;
            m_result.constants[k].x = m_x[k];
        }
        leave_one_out();
        return std::move(m_result);
    }

private:
    enum class State { free, bounded, held };

    void hold(size_t k, std::string note) {
        m_state[k] = State::held;
        m_result.constants[k].note = std::move(note);
    }

    [[nodiscard]] std::vector<size_t> free() const {
        std::vector<size_t> columns;
        for (size_t k = 0; k < m_state.size(); ++k)
            if (m_state[k] == State::free) columns.push_back(k);
        return columns;
    }

    /// Relative to what was measured, so that every layer counts alike.
    [[nodiscard]] Rows rows(const std::vector<size_t>& columns) const {
        Rows rows;
        for (size_t i = 0; i < m_measured.size(); ++i) {
            rows.emplace_back();
            for (const size_t k : columns) rows.back().push_back(m_terms.slopes[i][k] / m_measured[i]);
        }
        return rows;
    }

    /// What the free constants have to explain, J.
    [[nodiscard]] double rest(size_t i) const {
        double joules = m_measured[i] - m_terms.fixed[i];
        for (size_t k = 0; k < m_state.size(); ++k)
            if (m_state[k] != State::free)
                joules -= m_state[k] == State::held ? m_terms.present[i][k] : m_terms.slopes[i][k] * m_x[k];
        return joules;
    }

    [[nodiscard]] LinearSolution solve(const std::vector<size_t>& columns,
                                       std::optional<size_t> without = std::nullopt) const {
        Rows all = rows(columns);
        std::vector<double> wanted;
        for (size_t i = 0; i < all.size(); ++i) wanted.push_back(rest(i) / m_measured[i]);
        if (without) {
            all.erase(all.begin() + static_cast<std::ptrdiff_t>(*without));
            wanted.erase(wanted.begin() + static_cast<std::ptrdiff_t>(*without));
        }
        return solve_least_squares(all, wanted);
    }

    /// Of constants that move together the first is fitted, the others stay.
    void separate() {
        std::vector<size_t> kept;
        for (const size_t k : free()) {
            kept.push_back(k);
            if (own_share(rows(kept), kept.size() - 1) > k_least_own_share) continue;
            kept.pop_back();
            hold(k, "not identifiable: it moves together with " + names(kept));
        }
    }

    [[nodiscard]] std::string names(const std::vector<size_t>& columns) const {
        std::string text;
        for (const size_t k : columns) text += (text.empty() ? "" : " and ") + m_constants[k].key;
        return text.empty() ? "nothing" : text;
    }

    /// Share of the energy, on average, that this much of a constant is.
    [[nodiscard]] double mean_share(const Rows& joules, size_t k) const {
        double share = 0;
        for (size_t i = 0; i < m_measured.size(); ++i)
            share += joules[i][k] / m_measured[i] / static_cast<double>(m_measured.size());
        return share;
    }

    /// Takes out the constant that the measurements tell least, if that is too little; true: none was.
    [[nodiscard]] bool settled(const std::vector<size_t>& columns, const LinearSolution& solution) {
        std::optional<size_t> worst;
        double largest = k_largest_error;
        for (size_t c = 0; c < columns.size(); ++c) {
            const double x = solution.x[c], error = solution.standard_error[c];
            const double doubt = x > 0 ? error / x : 2 + std::abs(x) / std::max(error, 1e-300);
            if (!(doubt > largest)) continue;
            worst = c;
            largest = doubt;
        }
        if (!worst) return true;
        const size_t k = columns[*worst];
        const double x = solution.x[*worst], error = solution.standard_error[*worst];
        const double unit = mean_share(m_terms.slopes, k);
        const double most = std::max(0.0, x) + 3 * error;
        if (mean_share(m_terms.present, k) - most * unit > k_contradiction) {
            m_state[k] = State::bounded;
            m_x[k] = std::max(0.0, x);
            m_result.constants[k].note = "next to nothing is left for it to explain";
        } else if (x > 0) {
            hold(k, "not identifiable: its standard error would be " +
                        (largest < 1e4 ? format_percent(largest, 0) : std::string("beyond all bounds")));
        } else {
            hold(k, "not identifiable: it fits with a negative sign");
        }
        return false;
    }

    void leave_one_out() {
        const auto columns = free();
        for (size_t i = 0; i < m_measured.size(); ++i) {
            const LinearSolution solution = columns.empty() ? LinearSolution{} : solve(columns, i);
            double within = m_measured[i] - rest(i), without = within;
            for (size_t c = 0; c < columns.size(); ++c) {
                const double slope = m_terms.slopes[i][columns[c]];
                within += slope * m_x[columns[c]];
                without += slope * (solution.solved ? std::max(0.0, solution.x[c]) : m_x[columns[c]]);
            }
            m_result.within.push_back(within);
            m_result.left_out.push_back(without);
        }
    }

    const std::vector<Constant>& m_constants;
    const Probe::EnergyTerms& m_terms;
    const LayerValues& m_measured;
    std::vector<double> m_x;
    std::vector<State> m_state;
    TermsFit m_result;
};

} // namespace

TermsFit fit_energy(const std::vector<Constant>& constants, const Probe::EnergyTerms& terms,
                    const LayerValues& measured) {
    return EnergyFit(constants, terms, measured).run();
}

} // namespace widthwise::cost
