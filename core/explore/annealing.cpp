#include "core/explore/annealing.h"

#include "core/explore/losses.h"
#include "core/explore/queued_algorithm.h"

#include <algorithm>
#include <cmath>

namespace widthwise::explore {
namespace {

constexpr size_t k_chains = 8;
constexpr double k_hot = 0.03, k_cold = 0.002; ///< temperatures in units of the front's extent
constexpr double k_augmentation = 0.05; ///< weight of the sum of all losses: no weakly efficient designs
constexpr int k_affordable_tries = 16;
constexpr int64_t k_rounds = 4; ///< coolings in one budget

struct Chain {
    Choices at, proposed;
    Point weights;
};

class Annealing final : public QueuedAlgorithm {
public:
    explicit Annealing(Problem p)
        : QueuedAlgorithm(std::move(p))
        , m_losses(problem())
        , m_steps(std::max<int64_t>(problem().budget / static_cast<int64_t>(k_chains) / k_rounds, 4)) {}

private:
    std::optional<std::vector<Choices>> next_batch() override {
        if (m_chains.empty()) return begin();
        measure_extent();
        for (Chain& chain : m_chains) settle(chain);
        if (++m_step == m_steps) start_again();
        std::vector<Choices> batch;
        for (Chain& chain : m_chains) {
            chain.proposed = neighbour(chain.at);
            batch.push_back(chain.proposed);
        }
        return batch;
    }

    /// The chains begin at uniform designs from the widest to the narrowest.
    std::vector<Choices> begin() {
        std::vector<Choices> batch = problem().start;
        for (size_t i = 0; i < k_chains; ++i) {
            Choices choices = widest(problem().space);
            const double share = static_cast<double>(i) / static_cast<double>(k_chains - 1);
            for (size_t v = 0; v < choices.size(); ++v)
                if (problem().space.variables[v].kind != Variable::Kind::hardware)
                    choices[v] = static_cast<uint8_t>(std::lround(choices[v] * (1 - share)));
            m_chains.push_back({choices, choices, random_weights()});
            batch.push_back(choices);
        }
        return batch;
    }

    void start_again() {
        m_step = 0;
        for (Chain& chain : m_chains) {
            chain.weights = random_weights();
            for (const auto& [choices, outcome] : known())
                if (loss(outcome, chain.weights) < loss_at(chain.at, chain.weights)) chain.at = choices;
        }
    }

    /// Ideal point and extent of the front found so far, as far as it is useful.
    void measure_extent() {
        std::vector<Point> points;
        const auto drop = static_cast<size_t>(std::ranges::find(problem().goals.objectives, Metric::drop) -
                                              problem().goals.objectives.begin());
        for (const auto& [choices, outcome] : known())
            if (std::optional<Point> losses = m_losses.of(outcome);
                losses && (*losses)[drop] <= k_useful_share)
                points.push_back(*std::move(losses));
        m_ideal.assign(problem().goals.objectives.size(), 0);
        m_extent.assign(m_ideal.size(), 1);
        const std::vector<size_t> front = pareto_front(points);
        if (front.empty()) return;
        for (size_t k = 0; k < m_ideal.size(); ++k) {
            const auto [low, high] = std::ranges::minmax(front, {}, [&](size_t i) { return points[i][k]; });
            m_ideal[k] = points[low][k];
            const double extent = points[high][k] - points[low][k];
            m_extent[k] = extent > 0 ? extent : 1;
        }
    }

    [[nodiscard]] double loss(const Outcome& outcome, const Point& weights) const {
        const Point losses = m_losses.penalized(outcome);
        double worst = -std::numeric_limits<double>::infinity(), sum = 0;
        for (size_t k = 0; k < losses.size(); ++k) {
            const double share = (losses[k] - m_ideal[k]) / m_extent[k];
            worst = std::max(worst, weights[k] * share);
            sum += share;
        }
        return worst + k_augmentation * sum;
    }
    [[nodiscard]] double loss_at(const Choices& choices, const Point& weights) const {
        const Outcome* outcome = outcome_of(choices);
        return outcome == nullptr ? std::numeric_limits<double>::infinity() : loss(*outcome, weights);
    }

    void settle(Chain& chain) {
        const double worse = loss_at(chain.proposed, chain.weights) - loss_at(chain.at, chain.weights);
        const double progress = static_cast<double>(m_step) / static_cast<double>(m_steps);
        const double temperature = k_hot * std::pow(k_cold / k_hot, progress);
        if (!(worse > 0) || rng().uniform() < std::exp(-worse / temperature)) chain.at = chain.proposed;
    }

    /// One or two variables otherwise, mostly by one choice; one that keeps the limits of costs if one such
    /// is found soon.
    Choices neighbour(const Choices& at) {
        Choices choices;
        for (int i = 0; i < k_affordable_tries; ++i) {
            choices = at;
            const uint64_t changes = 1 + rng().below(2);
            for (uint64_t k = 0; k < changes; ++k) change(choices, rng().below(choices.size()));
            if (choices == at) continue;
            const Priced priced = problem().price(choices);
            if (priced.problem.empty() && violation(problem().goals, priced.figures) == 0) break;
        }
        return choices;
    }

    void change(Choices& choices, size_t variable) {
        const uint64_t size = problem().space.variables[variable].size();
        if (rng().below(4) == 0) {
            choices[variable] = static_cast<uint8_t>(rng().below(size));
            return;
        }
        const bool up = rng().below(2) == 0;
        if (up && choices[variable] + 1U < size) ++choices[variable];
        if (!up && choices[variable] > 0) --choices[variable];
    }

    Point random_weights() {
        Point weights;
        double sum = 0;
        for (size_t k = 0; k < problem().goals.objectives.size(); ++k) {
            weights.push_back(-std::log(1 - rng().uniform()));
            sum += weights.back();
        }
        for (double& weight : weights) weight = sum > 0 ? weight / sum : 1;
        return weights;
    }

    Losses m_losses;
    int64_t m_steps, m_step = 0;
    std::vector<Chain> m_chains;
    Point m_ideal, m_extent;
};

} // namespace

std::unique_ptr<Algorithm> make_annealing_search(Problem problem) {
    return std::make_unique<Annealing>(std::move(problem));
}

} // namespace widthwise::explore
