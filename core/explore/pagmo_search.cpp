#include "core/explore/pagmo_search.h"

#include "core/explore/losses.h"
#include "core/explore/queued_algorithm.h"

#include <pagmo/algorithms/maco.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/bfe.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>

#include <algorithm>
#include <cmath>

namespace widthwise::explore {
namespace {

using pagmo::vector_double;

constexpr int k_patience = 50;    ///< generations without a new design
constexpr double k_tie = 1e-6;    ///< of a loss, whose steps are one image in thousands or more
constexpr double k_equal = 1e-10; ///< for each earlier point that is equal

/// Designs that must be measured before the generation can go on.
struct Missing {
    std::vector<Choices> designs;
};

/// What pagmo sees of the space: whole numbers, of variables that have a choice.
struct Box {
    vector_double lower, upper;
    vector_double::size_type objectives = 2;

    [[nodiscard]] std::pair<vector_double, vector_double> get_bounds() const { return {lower, upper}; }
    [[nodiscard]] vector_double::size_type get_nobj() const { return objectives; }
    [[nodiscard]] vector_double::size_type get_nix() const { return lower.size(); }
    /// Batches are answered by Answers.
    [[nodiscard]] vector_double fitness(const vector_double&) const { throw Missing{}; }
};

class Source {
public:
    virtual ~Source() = default;
    /// One design after another; throws Missing.
    [[nodiscard]] virtual vector_double answer(const vector_double& batch) = 0;
};
struct Answers {
    Source* source = nullptr;
    vector_double operator()(const pagmo::problem&, const vector_double& batch) const {
        return source->answer(batch);
    }
};

unsigned seed_of(uint64_t seed, uint64_t epoch) {
    return static_cast<unsigned>(Rng::stream(seed, epoch).next() >> 32);
}

template <typename Evolution> class PagmoSearch final : public QueuedAlgorithm, private Source {
public:
    PagmoSearch(Problem p, bool uses_start)
        : QueuedAlgorithm(std::move(p)), m_losses(problem()), m_uses_start(uses_start) {
        m_box.objectives = problem().goals.objectives.size();
        const auto& variables = problem().space.variables;
        for (size_t v = 0; v < variables.size(); ++v) {
            if (variables[v].size() < 2) continue; // pagmo wants an upper bound above the lower one
            m_varied.push_back(v);
            m_box.lower.push_back(0);
            m_box.upper.push_back(static_cast<double>(variables[v].size() - 1));
        }
    }

private:
    std::optional<std::vector<Choices>> next_batch() override {
        if (m_varied.empty()) return only_design();
        if (m_initial.empty()) m_initial = first_population();
        for (int generation = 0; generation < k_patience; ++generation) {
            try {
                if (!m_population)
                    populate();
                else
                    evolve();
            } catch (Missing& missing) {
                return std::move(missing.designs);
            } catch (const std::exception&) {
                break; // a population that pagmo cannot go on from: begin another
            }
        }
        return new_epoch();
    }

    std::optional<std::vector<Choices>> only_design() {
        const std::optional<Choices> design = fresh_design();
        if (!design) return std::nullopt;
        return std::vector<Choices>{*design};
    }

    [[nodiscard]] size_t population_size() const {
        return static_cast<size_t>(std::clamp<int64_t>(problem().budget / 40 * 4, 8, 100));
    }

    std::vector<Choices> first_population() {
        std::vector<Choices> initial;
        if (m_uses_start) initial = problem().start;
        if (initial.size() > population_size()) initial.resize(population_size());
        while (initial.size() < population_size()) initial.push_back(random_design());
        return initial;
    }

    /// Half of the best so far, half never asked for. Nothing: all designs of the space were.
    std::optional<std::vector<Choices>> new_epoch() {
        ++m_epoch;
        m_population.reset();
        m_initial = best_known(population_size() / 2);
        const size_t old = m_initial.size();
        std::set<Choices> fresh;
        while (m_initial.size() < population_size()) {
            std::optional<Choices> design = fresh_design(fresh);
            if (!design) break;
            fresh.insert(*design);
            m_initial.push_back(*std::move(design));
        }
        if (fresh.empty()) return std::nullopt;
        std::vector<Choices> batch(m_initial.begin() + static_cast<std::ptrdiff_t>(old), m_initial.end());
        while (m_initial.size() < population_size()) m_initial.push_back(random_design());
        return batch;
    }

    [[nodiscard]] std::vector<Choices> best_known(size_t most) const {
        std::vector<Point> points;
        std::vector<const Choices*> designs;
        for (const auto& [choices, outcome] : known()) {
            designs.push_back(&choices);
            points.push_back(m_losses.penalized(outcome));
        }
        const std::vector<int> ranks = non_dominated_ranks(points);
        std::vector<size_t> order(points.size());
        for (size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::ranges::stable_sort(order, {}, [&](size_t i) { return ranks[i]; });
        std::vector<Choices> best;
        for (size_t i = 0; i < std::min(most, order.size()); ++i) best.push_back(*designs[order[i]]);
        return best;
    }

    void populate() {
        vector_double batch;
        for (const Choices& choices : m_initial)
            for (const size_t v : m_varied) batch.push_back(choices[v]);
        const vector_double fitness = answer(batch);
        const unsigned seed = seed_of(problem().seed, 2 * m_epoch + 1);
        pagmo::population population(pagmo::problem(m_box), 0, seed);
        for (size_t i = 0; i < m_initial.size(); ++i)
            population.push_back(slice(batch, i, m_varied.size()), slice(fitness, i, m_box.objectives));
        m_evolution = make_evolution(seed_of(problem().seed, 2 * m_epoch + 2));
        m_evolution->set_bfe(pagmo::bfe(Answers{this}));
        m_population = std::move(population);
    }

    /// One generation; all or nothing.
    void evolve() {
        Evolution attempt = *m_evolution;
        m_population = attempt.evolve(*m_population);
        m_evolution = std::move(attempt);
    }

    [[nodiscard]] Evolution make_evolution(unsigned seed) const;

    static vector_double slice(const vector_double& all, size_t i, size_t size) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i * size);
        return {begin, begin + static_cast<std::ptrdiff_t>(size)};
    }

    vector_double answer(const vector_double& batch) override {
        std::vector<const Outcome*> outcomes;
        Missing missing;
        for (size_t i = 0; i < batch.size() / m_varied.size(); ++i) {
            Choices choices(problem().space.variables.size(), 0);
            for (size_t k = 0; k < m_varied.size(); ++k)
                choices[m_varied[k]] = static_cast<uint8_t>(std::lround(batch[i * m_varied.size() + k]));
            outcomes.push_back(outcome_of(choices));
            if (outcomes.back() == nullptr) missing.designs.push_back(std::move(choices));
        }
        if (!missing.designs.empty()) throw missing;
        vector_double all;
        for (const Outcome* outcome : outcomes) {
            const Point losses = distinct(m_losses.penalized(*outcome));
            all.insert(all.end(), losses.begin(), losses.end());
        }
        return all;
    }

    /// pagmo's crowding distance divides by the extent of each objective over a front, which is 0 where all
    /// are equal. Here no two points of a front are: a little of every loss is added to each, which changes
    /// no dominance, and points that are equal altogether come one after another.
    Point distinct(Point losses) {
        const double before = k_equal * static_cast<double>(m_times[losses]++); // relative
        double sum = 0, weight = 1;
        for (const double loss : losses) {
            sum += weight * loss;
            weight *= 0.7; // so that sums of different losses differ
        }
        for (double& loss : losses) loss += k_tie * sum + before * std::max(1.0, std::abs(loss));
        return losses;
    }

    Losses m_losses;
    bool m_uses_start;
    std::vector<size_t> m_varied; ///< variables that pagmo sees
    Box m_box;
    uint64_t m_epoch = 0;
    std::vector<Choices> m_initial;
    std::optional<Evolution> m_evolution;
    std::optional<pagmo::population> m_population;
    std::map<Point, int64_t> m_times;
};

template <> pagmo::nsga2 PagmoSearch<pagmo::nsga2>::make_evolution(unsigned seed) const {
    const double one_mutation = 1.0 / static_cast<double>(m_varied.size());
    return pagmo::nsga2(1, 0.95, 10., one_mutation, 50., seed);
}

template <> pagmo::maco PagmoSearch<pagmo::maco>::make_evolution(unsigned seed) const {
    constexpr unsigned evalstop = 100000; // of pagmo's: never
    const auto size = static_cast<unsigned>(population_size());
    const auto generations = static_cast<unsigned>(problem().budget / static_cast<int64_t>(size));
    // Its archive is as large as the population; it narrows down in the last quarter of the budget.
    return pagmo::maco(1, size, 1.0, std::max(generations * 3 / 4, 1U), 7, evalstop, 0., true, seed);
}

} // namespace

std::unique_ptr<Algorithm> make_nsga2_search(Problem problem) {
    return std::make_unique<PagmoSearch<pagmo::nsga2>>(std::move(problem), false);
}

std::unique_ptr<Algorithm> make_maco_search(Problem problem) {
    return std::make_unique<PagmoSearch<pagmo::maco>>(std::move(problem), true);
}

} // namespace widthwise::explore
