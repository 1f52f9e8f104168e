#include "core/cost/fit_terms.h"

#include <cmath>

namespace widthwise::cost {
namespace {

constexpr double k_largest_error = 0.5;
/// Below this share of the energy a term is known to be nothing.
constexpr double k_nothing = 0.02;
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
    enum class State { free, nothing, held };

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
            if (m_state[k] == State::held) joules -= m_terms.present[i][k];
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

    /// Takes out the constant that the measurements tell least, if that is too little; true: none was.
    [[nodiscard]] bool settled(const std::vector<size_t>& columns, const LinearSolution& solution) {
        const Rows all = rows(columns);
        std::optional<size_t> worst;
        double largest = 0;
        std::string why;
        for (size_t c = 0; c < columns.size(); ++c) {
            const double x = solution.x[c], error = solution.standard_error[c];
            double share = 0; // of the energy per unit of x, on average
            for (const auto& row : all) share += row[c] / static_cast<double>(all.size());
            if (std::abs(x) * share < k_nothing && error * share < k_nothing && x - 2 * error <= 0) {
                m_state[columns[c]] = State::nothing;
                m_result.constants[columns[c]].note = "nothing is left for it to explain";
                m_x[columns[c]] = 0;
                return false;
            }
            const double doubt = x > 0 ? error / x : 2 + std::abs(x) / std::max(error, 1e-300);
            if (!(doubt > k_largest_error) || doubt <= largest) continue;
            worst = columns[c];
            largest = doubt;
            why = x > 0 ? "not identifiable: its standard error would be " +
                              (doubt < 1e4 ? std::to_string(static_cast<int>(doubt * 100)) + " %"
                                           : std::string("beyond all bounds"))
                        : "not identifiable: it fits with a negative sign";
        }
        if (!worst) return true;
        hold(*worst, why);
        return false;
    }

    void leave_one_out() {
        const auto columns = free();
        for (size_t i = 0; i < m_measured.size(); ++i) {
            const LinearSolution solution = columns.empty() ? LinearSolution{} : solve(columns, i);
            double joules = m_measured[i] - rest(i);
            for (size_t c = 0; c < columns.size(); ++c)
                joules += m_terms.slopes[i][columns[c]] *
                          (solution.solved ? std::max(0.0, solution.x[c]) : m_x[columns[c]]);
            m_result.left_out.push_back(joules);
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
