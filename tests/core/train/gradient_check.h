#pragma once
// Backward passes against finite differences of the forward pass.

#include "core/base/rng.h"
#include "core/train/tape.h"

#include <cmath>
#include <string>
#include <vector>

namespace widthwise::test {

/// The loss is a fixed random combination of the logits, summed in double.
class GradientCheck {
public:
    GradientCheck(GraphPtr graph, int64_t batch, uint64_t seed) : m_graph(std::move(graph)), m_rng(seed) {
        auto scope = train::training_scope(*m_graph);
        if (!scope) {
            m_problem = scope.error().to_line();
            return;
        }
        m_scope = *scope;
        m_layout = std::make_unique<train::ParameterLayout>(*m_graph);
        auto tape = train::Tape::create(*m_graph, m_scope, *m_layout,
                                        {batch, train::TapeMode::training, false, true});
        if (!tape) {
            m_problem = tape.error().to_line();
            return;
        }
        m_tape = std::move(*tape);
        m_trained = m_layout->read_trained(*m_graph);
        m_running = m_layout->read_statistics(*m_graph);
        m_statistics.resize(m_running.size());
        m_weights.resize(m_tape->logits().size());
        for (float& w : m_weights) w = static_cast<float>(m_rng.normal());
        m_input.resize(m_tape->input().size());
        // All values are at least 0.02 apart and 0.01 from zero: steps of 0.004 cross no kink of a ReLU,
        // ReLU6 or max.
        for (size_t i = 0; i < m_input.size(); ++i)
            m_input[i] = 0.02F * (static_cast<float>(i) - static_cast<float>(m_input.size()) / 2 + 0.5F);
        for (size_t i = m_input.size(); i > 1; --i) std::swap(m_input[i - 1], m_input[m_rng.below(i)]);
    }

    /// Empty when all agree; otherwise the first disagreement.
    [[nodiscard]] std::string run(float step) {
        if (!m_problem.empty()) return m_problem;
        loss();
        std::vector<float> gradients(m_trained.size());
        if (auto done = m_tape->backward(m_trained, m_weights, gradients); !done)
            return done.error().to_line();
        const auto by_input = m_tape->input_gradient();
        const std::vector<float> input_gradient(by_input.begin(), by_input.end());
        std::string wrong = compare("parameter", m_trained, gradients, step);
        return wrong.empty() ? compare("input", m_input, input_gradient, step) : wrong;
    }

private:
    double loss() {
        std::ranges::copy(m_input, m_tape->input().begin());
        if (!m_tape->forward(m_trained, m_running, m_statistics)) return std::nan("");
        double sum = 0;
        for (size_t i = 0; i < m_weights.size(); ++i)
            sum += static_cast<double>(m_weights[i]) * m_tape->logits()[i];
        return sum;
    }

    /// Rounding: a logit of some units carries about 1e-6 of error in f32, the sum over a few hundred of them
    /// about 2e-5, a quotient by 2 * 0.004 about 2e-3. Curvature (BatchNormalization) adds step^2 / 6 times
    /// the third derivative, less than that. A wrong sign, factor, index or border is wrong by the gradient's
    /// own size, about 1.
    std::string compare(const char* what, std::vector<float>& at, const std::vector<float>& gradient,
                        float step) {
        constexpr size_t most = 60;                   // elements, spread evenly
        const size_t stride = (at.size() / most) | 1; // odd: all channels are seen
        double largest = 0;
        for (size_t i = 0; i < at.size(); i += stride) {
            const float before = at[i];
            at[i] = before + step;
            const float above = at[i];
            const double up = loss();
            at[i] = before - step;
            const double down = loss();
            const double numeric = (up - down) / (static_cast<double>(above) - at[i]);
            at[i] = before;
            largest = std::max(largest, std::abs(numeric));
            if (!(std::abs(numeric - gradient[i]) <= 0.01 + 0.01 * std::abs(numeric)))
                return std::string(what) + " " + std::to_string(i) + ": finite difference " +
                       std::to_string(numeric) + ", gradient " + std::to_string(gradient[i]);
        }
        if (!at.empty() && largest < 0.1)
            return std::string(what) + ": all gradients vanish, nothing was tested";
        return {};
    }

    GraphPtr m_graph;
    Rng m_rng;
    train::TrainingScope m_scope;
    std::unique_ptr<train::ParameterLayout> m_layout;
    std::unique_ptr<train::Tape> m_tape;
    std::vector<float> m_trained, m_running, m_statistics, m_weights, m_input;
    std::string m_problem;
};

} // namespace widthwise::test
