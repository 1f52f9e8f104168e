#pragma once
// A made-up network for search algorithms: noises add up to a drop, widths to costs, both from numbers drawn
// by a seed. Everything is known, so that true fronts can be had by looking at all designs.

#include "core/base/rng.h"
#include "core/explore/algorithm.h"
#include "core/explore/pareto.h"
#include "core/explore/queued_algorithm.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace widthwise::test {

struct Toy {
    explicit Toy(size_t layers, std::vector<int> widths = {2, 4, 6, 8}, double noise_scale = 0.3,
                 uint64_t seed = 7)
        : m_widths(std::move(widths)) {
        Rng rng(seed);
        Sensitivity sensitivity;
        for (size_t l = 0; l < layers; ++l) {
            const std::string name = "l" + std::to_string(l);
            LayerSensitivity layer;
            layer.layer = name;
            for (const bool weights : {true, false}) {
                explore::Variable variable;
                variable.kind =
                    weights ? explore::Variable::Kind::weights : explore::Variable::Kind::activations;
                variable.name = name + (weights ? " weights" : " activations");
                variable.layers = {name};
                const double unit = std::exp(rng.uniform(-2, 2)) * noise_scale;
                for (const int bits : m_widths) {
                    variable.formats.push_back(weights ? weight_integer(bits) : activation_integer(bits));
                    SensitivityEntry entry;
                    entry.bits = bits;
                    entry.kl_nat = unit * std::pow(4.0, -bits);
                    (weights ? layer.weights : layer.activations).push_back(entry);
                }
                m_noise.push_back(unit);
                space.variables.push_back(std::move(variable));
            }
            m_macs.push_back(std::exp(rng.uniform(-1, 1)));
            m_elements.push_back(std::exp(rng.uniform(-1, 1)));
            sensitivity.layers.push_back(std::move(layer));
        }
        noise = std::make_shared<const explore::NoiseTable>(sensitivity);
    }

    /// A last variable: rows of the array (the target has 16), which multiply the energy by these.
    void vary_rows(std::vector<double> energy_factors) {
        explore::Variable rows;
        rows.kind = explore::Variable::Kind::hardware;
        rows.name = rows.parameter = "array.rows";
        for (size_t i = 0; i < energy_factors.size(); ++i) rows.values.push_back(std::to_string(8 << i));
        m_row_factors = std::move(energy_factors);
        space.variables.push_back(std::move(rows));
    }

    [[nodiscard]] explore::Figures costs(const explore::Choices& choices) const {
        explore::Figures figures;
        double energy = 0, bytes = 0, latency = 0;
        for (size_t l = 0; l < m_macs.size(); ++l) {
            const double w = bits(choices, 2 * l), a = bits(choices, 2 * l + 1);
            energy += m_macs[l] * w * a / 64 + m_elements[l] * (w + 0.5 * a) / 12;
            latency += m_macs[l] * std::max(w, a) / 8;
            bytes += m_elements[l] * w / 8;
        }
        if (!m_row_factors.empty()) energy *= m_row_factors[choices.back()];
        figures[explore::Metric::energy] = energy;
        figures[explore::Metric::latency] = latency;
        figures[explore::Metric::size] = bytes;
        return figures;
    }

    /// Neighbouring layers' noises meet (`interaction`), so that the sum is not the whole truth.
    [[nodiscard]] double drop(const explore::Choices& choices) const {
        double sum = 0, before = 0;
        for (size_t v = 0; v < m_noise.size(); ++v) {
            const double own = m_noise[v] * std::pow(4.0, -bits(choices, v));
            sum += own + interaction * std::sqrt(own * before);
            before = own;
        }
        return flat ? 0 : worst_drop * (1 - std::exp(-sum));
    }

    [[nodiscard]] explore::Problem problem(uint64_t seed, int64_t budget, explore::Goals goals = {}) const {
        explore::Problem problem;
        problem.space = space;
        problem.goals = std::move(goals);
        problem.seed = seed;
        problem.budget = budget;
        problem.price = [this](const explore::Choices& choices) {
            return explore::Priced{costs(choices), {}};
        };
        problem.noise = noise;
        problem.worst_drop = worst_drop;
        problem.start = {explore::uniform_choices(space, 8, 8)};
        return problem;
    }

    /// As a search is told: designs that break a limit of costs are rejected.
    [[nodiscard]] explore::Outcome outcome(const explore::Choices& choices,
                                           const explore::Goals& goals) const {
        explore::Outcome outcome;
        outcome.choices = choices;
        outcome.figures = costs(choices);
        outcome.violation = explore::violation(goals, outcome.figures);
        outcome.verdict = explore::Verdict::rejected;
        if (outcome.violation > 0) return outcome;
        outcome.verdict = explore::Verdict::measured;
        outcome.figures[explore::Metric::drop] = drop(choices);
        outcome.samples = 1000;
        outcome.violation = explore::violation(goals, outcome.figures);
        return outcome;
    }

    explore::Space space;
    std::shared_ptr<const explore::NoiseTable> noise;
    double worst_drop = 0.9;
    double interaction = 0;
    bool flat = false;

private:
    [[nodiscard]] double bits(const explore::Choices& choices, size_t variable) const {
        return m_widths[choices[variable]];
    }

    std::vector<int> m_widths;
    std::vector<double> m_noise, m_macs, m_elements, m_row_factors;
};

struct Course {
    std::vector<explore::Outcome> outcomes; ///< in the order of asking
    bool ended = false;                     ///< by the algorithm, before the budget
    bool repeated = false;                  ///< a design was asked for twice
};

/// Runs a search until `budget` designs were measured or it has nothing to ask.
inline Course run(explore::Algorithm& algorithm, const Toy& toy, const explore::Goals& goals, int64_t budget,
                  int most = 16) {
    Course course;
    std::set<explore::Choices> seen;
    for (int64_t left = budget; left > 0;) {
        const std::vector<explore::Choices> asked =
            algorithm.ask(static_cast<int>(std::min<int64_t>(left, most)));
        if (asked.empty()) {
            course.ended = true;
            break;
        }
        std::vector<explore::Outcome> answers;
        for (const explore::Choices& choices : asked) {
            course.repeated = course.repeated || !seen.insert(choices).second;
            answers.push_back(toy.outcome(choices, goals));
            left -= answers.back().verdict != explore::Verdict::rejected;
        }
        algorithm.tell(answers);
        course.outcomes.insert(course.outcomes.end(), answers.begin(), answers.end());
    }
    return course;
}

/// Of (drop / 0.2, second objective / that of all at the widest), reference (1, 1).
inline double volume(std::span<const explore::Outcome> outcomes, const Toy& toy,
                     const explore::Goals& goals) {
    const explore::Metric cost = goals.objectives[1];
    const double widest = toy.costs(explore::uniform_choices(toy.space, 8, 8))[cost];
    std::vector<explore::Point> points;
    for (const explore::Outcome& outcome : outcomes)
        if (outcome.verdict == explore::Verdict::measured && outcome.violation == 0)
            points.push_back({outcome.figures[explore::Metric::drop] / 0.2, outcome.figures[cost] / widest});
    return explore::hypervolume(points, {1, 1});
}

/// All designs of a small space.
inline std::vector<explore::Outcome> all_outcomes(const Toy& toy, const explore::Goals& goals) {
    std::vector<explore::Outcome> outcomes;
    for (int64_t i = 0; i < toy.space.designs().value_or(0); ++i)
        outcomes.push_back(toy.outcome(explore::design_at(toy.space, i), goals));
    return outcomes;
}

} // namespace widthwise::test
