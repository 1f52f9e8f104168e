#include "core/explore/surrogate_search.h"

#include "core/explore/additive_front.h"
#include "core/explore/front_places.h"
#include "core/explore/improvement.h"
#include "core/explore/measured_designs.h"
#include "core/explore/predicted_evolution.h"
#include "core/explore/queued_algorithm.h"
#include "core/explore/spread.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace widthwise::explore {
namespace {

/// Designs of a batch are asked for while they promise this share of what the first one does.
constexpr double k_worth = 0.05;
/// Predictions this many times as uncertain are the last reason to go on.
constexpr double k_last_doubt = 2;
/// Of the largest useful drop: the prediction may be wrong by half.
constexpr double k_beyond = 1.5;
/// Spaces up to here are predicted whole.
constexpr int64_t k_small_space = 1024;
constexpr size_t k_additive_seeds = 32, k_random_seeds = 16, k_kept_seeds = 24;
/// Some 50 rounds' worth; then they are forgotten and asked for again as needed.
constexpr size_t k_most_prices = size_t{1} << 16;

class SurrogateSearch : public QueuedAlgorithm {
public:
    explicit SurrogateSearch(Problem given);

private:
    std::optional<std::vector<Choices>> next_batch() override;
    [[nodiscard]] std::vector<Choices> first_batch() const;
    /// Of an additive front of known places.
    [[nodiscard]] std::vector<Choices> spread_designs(const Surrogate& surrogate, size_t count) const;
    [[nodiscard]] Predicted predict(const Surrogate& surrogate, const Choices& choices);
    [[nodiscard]] std::vector<Choices> seeds(const Surrogate& surrogate);
    [[nodiscard]] std::map<Choices, Predicted> look_around(const Surrogate& surrogate);
    [[nodiscard]] std::vector<Choices> promising(const std::map<Choices, Predicted>& seen, double doubt,
                                                 size_t count) const;
    [[nodiscard]] std::vector<Choices> measured_front() const;
    [[nodiscard]] Point losses(const Outcome& outcome) const;
    [[nodiscard]] double half_an_answer() const;
    [[nodiscard]] std::vector<Choices> what_is_left(const std::map<Choices, Predicted>& seen) const;

    DesignNoise m_noise;
    std::vector<AdditiveDesign> m_front;
    double m_useful_drop;
    Point m_reference; ///< the drop first, then the cost objectives; empty: not known yet
    std::map<Choices, Priced> m_prices;
    std::vector<Choices> m_kept; ///< of the last round: its most promising designs that were not asked for
    bool m_started = false;
};

Point costs_of(const Figures& figures, const Goals& goals) {
    Point costs;
    for (const Metric metric : goals.objectives)
        if (metric != Metric::drop) costs.push_back(figures.loss(metric));
    return costs;
}

/// Costs from which on a design is worth nothing: those of w8a8, as the hypervolume is defined; those of the
/// dearest of `possible` designs (their cost objectives) where w8a8 cannot be run or leaves no room. Empty:
/// none is possible.
Point reference_of(const Problem& problem, std::span<const Point> possible) {
    if (possible.empty()) return {};
    Point reference{useful_drop(problem.goals)};
    const Priced uniform = problem.price(uniform_choices(problem.space, 8, 8));
    const Point uniform_costs = costs_of(uniform.figures, problem.goals);
    for (size_t k = 0; k < uniform_costs.size(); ++k) {
        double least = std::numeric_limits<double>::infinity(), most = -least;
        for (const Point& costs : possible) {
            least = std::min(least, costs[k]);
            most = std::max(most, costs[k]);
        }
        const double own = uniform.problem.empty() ? uniform_costs[k] : most;
        const double wanted = own > least ? own : most;
        // A little room, so that a design at the reference itself counts.
        const double room = std::max(1e-3 * (most - least), 1e-6 * std::abs(wanted));
        reference.push_back(wanted + (room > 0 ? room : 1));
    }
    return reference;
}

std::vector<Point> all_costs(std::span<const AdditiveDesign> front, const Goals& goals) {
    std::vector<Point> costs;
    for (const AdditiveDesign& design : front) costs.push_back(costs_of(design.figures, goals));
    return costs;
}

SurrogateSearch::SurrogateSearch(Problem given)
    : QueuedAlgorithm(std::move(given))
    , m_noise(problem().space, *problem().noise)
    , m_front(additive_front(problem(), m_noise))
    , m_useful_drop(useful_drop(problem().goals))
    , m_reference(reference_of(problem(), all_costs(m_front, problem().goals))) {}

Point SurrogateSearch::losses(const Outcome& outcome) const {
    Point point = costs_of(outcome.figures, problem().goals);
    point.insert(point.begin(), outcome.figures[Metric::drop]);
    return point;
}

std::vector<Choices> SurrogateSearch::spread_designs(const Surrogate& surrogate, size_t count) const {
    const std::vector<Point> all = places(m_front, m_noise, surrogate, problem().goals);
    std::vector<Point> useful;
    std::vector<size_t> positions;
    for (size_t i = 0; i < all.size(); ++i)
        if (all[i].front() <= k_beyond) {
            useful.push_back(all[i]);
            positions.push_back(i);
        }
    std::vector<Choices> designs;
    for (const size_t i : spread(useful, {}, count)) designs.push_back(m_front[positions[i]].choices);
    return designs;
}

std::vector<Choices> SurrogateSearch::first_batch() const {
    std::vector<Choices> batch = problem().start;
    const Surrogate nothing_measured(m_noise.slot_count(), problem().worst_drop);
    const auto count = static_cast<size_t>(std::clamp<int64_t>(problem().budget / 10, 4, 16));
    for (Choices& choices : spread_designs(nothing_measured, count)) batch.push_back(std::move(choices));
    return batch;
}

Predicted SurrogateSearch::predict(const Surrogate& surrogate, const Choices& choices) {
    const auto [at, is_new] = m_prices.try_emplace(choices);
    if (is_new) at->second = problem().price(choices);
    const Priced& price = at->second;
    const Prediction prediction = surrogate.predict(m_noise.of(choices));
    Predicted predicted{choices, prediction.drop, prediction.sigma, costs_of(price.figures, problem().goals)};
    const double broken = violation(problem().goals, price.figures);
    predicted.allowed = price.problem.empty() && broken == 0 &&
                        std::ranges::all_of(predicted.costs, [](double x) { return std::isfinite(x); });
    // Beyond it nothing is worth anything.
    predicted.violation = std::max(prediction.drop / m_useful_drop - 1, 0.0) + broken +
                          (predicted.allowed || broken > 0 ? 0 : 1e6);
    return predicted;
}

std::vector<Choices> SurrogateSearch::measured_front() const {
    std::vector<Point> points;
    std::vector<const Choices*> designs;
    for (const auto& [choices, outcome] : known()) {
        if (outcome.verdict != Verdict::measured || outcome.violation > 0) continue;
        points.push_back(losses(outcome));
        designs.push_back(&choices);
    }
    std::vector<Choices> front;
    for (const size_t i : pareto_front(points)) front.push_back(*designs[i]);
    return front;
}

std::vector<Choices> SurrogateSearch::seeds(const Surrogate& surrogate) {
    std::vector<Choices> seeds = measured_front();
    for (Choices& choices : spread_designs(surrogate, k_additive_seeds)) seeds.push_back(std::move(choices));
    seeds.insert(seeds.end(), m_kept.begin(), m_kept.end());
    for (size_t i = 0; i < k_random_seeds; ++i) seeds.push_back(random_design());
    return seeds;
}

std::map<Choices, Predicted> SurrogateSearch::look_around(const Surrogate& surrogate) {
    const std::optional<int64_t> designs = problem().space.designs();
    if (!designs || *designs > k_small_space)
        return evolve(
            problem().space, seeds(surrogate),
            [&](const Choices& choices) { return predict(surrogate, choices); }, {}, rng());
    std::map<Choices, Predicted> all;
    for (int64_t i = 0; i < *designs; ++i) {
        const Choices choices = design_at(problem().space, i);
        all.emplace(choices, predict(surrogate, choices));
    }
    return all;
}

/// Half of what one image more or less makes of a drop: what is less cannot be measured.
double SurrogateSearch::half_an_answer() const {
    int64_t samples = 1;
    for (const auto& [choices, outcome] : known()) samples = std::max(samples, outcome.samples);
    return 0.5 / static_cast<double>(samples);
}

/// The rest of a space that the budget is enough for.
std::vector<Choices> SurrogateSearch::what_is_left(const std::map<Choices, Predicted>& seen) const {
    std::vector<Choices> left;
    const std::optional<int64_t> designs = problem().space.designs();
    if (!designs || *designs > std::min(problem().budget, k_small_space)) return left;
    for (const auto& [choices, predicted] : seen)
        if (predicted.allowed && !outcome_of(choices)) left.push_back(choices);
    return left;
}

std::vector<Choices> SurrogateSearch::promising(const std::map<Choices, Predicted>& seen, double doubt,
                                                size_t count) const {
    if (m_reference.empty()) return {};
    std::vector<Point> front;
    for (const Choices& choices : measured_front()) front.push_back(losses(*outcome_of(choices)));
    const double margin = half_an_answer();
    std::vector<Uncertain> uncertain;
    std::vector<const Choices*> designs;
    for (const auto& [choices, predicted] : seen) {
        if (!predicted.allowed || outcome_of(choices)) continue;
        uncertain.push_back({predicted.drop + margin, doubt * predicted.sigma, predicted.costs});
        designs.push_back(&choices);
    }
    std::vector<Choices> chosen;
    for (const size_t i :
         most_promising(Improvement(std::move(front), m_reference), uncertain, count, k_worth))
        chosen.push_back(*designs[i]);
    return chosen;
}

std::vector<Point> possible_costs(const std::map<Choices, Predicted>& seen) {
    std::vector<Point> costs;
    for (const auto& [choices, predicted] : seen)
        if (predicted.allowed) costs.push_back(predicted.costs);
    return costs;
}

std::optional<std::vector<Choices>> SurrogateSearch::next_batch() {
    if (!m_started) {
        m_started = true;
        if (std::vector<Choices> batch = first_batch(); !batch.empty()) return batch;
    }
    Surrogate surrogate(m_noise.slot_count(), problem().worst_drop);
    surrogate.fit(measured_designs(known(), m_noise, problem().goals));
    if (m_prices.size() > k_most_prices) m_prices.clear();
    const std::map<Choices, Predicted> seen = look_around(surrogate);
    // The additive model knew of no possible design, but the evolution may have come upon some.
    if (m_reference.empty()) m_reference = reference_of(problem(), possible_costs(seen));
    const auto count = static_cast<size_t>(std::clamp<int64_t>(problem().budget / 20, 1, 8));
    std::vector<Choices> chosen = promising(seen, 1, count + k_kept_seeds);
    // Nothing is expected; but the prediction may be too sure of itself.
    if (chosen.empty()) chosen = promising(seen, k_last_doubt, count);
    if (chosen.empty()) chosen = what_is_left(seen);
    if (chosen.empty()) return std::nullopt;
    const size_t asked = std::min(count, chosen.size());
    m_kept.assign(chosen.begin() + static_cast<std::ptrdiff_t>(asked), chosen.end());
    chosen.resize(asked);
    return chosen;
}

} // namespace

std::unique_ptr<Algorithm> make_surrogate_search(Problem problem) {
    return std::make_unique<SurrogateSearch>(std::move(problem));
}

} // namespace widthwise::explore
