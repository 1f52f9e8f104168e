#include "core/explore/greedy.h"

#include "core/explore/descent.h"
#include "core/explore/noise_link.h"
#include "core/explore/queued_algorithm.h"

#include <algorithm>
#include <cmath>

namespace widthwise::explore {
namespace {

constexpr size_t k_chunk = 4;          ///< designs of a path that are asked for at once
constexpr int64_t k_paths = 8;         ///< that the budget is meant to be enough for
constexpr int k_most_barren = 16;      ///< paths in a row without a new design
constexpr double k_noise_spread = 0.7; ///< standard deviation of the logarithm
constexpr double k_sigma_of_probe = 0.5;

class Greedy final : public QueuedAlgorithm {
public:
    explicit Greedy(Problem p) : QueuedAlgorithm(std::move(p)), m_losses(problem()) {}

private:
    std::optional<std::vector<Choices>> next_batch() override {
        if (!m_begun) {
            m_begun = true;
            return first_batch();
        }
        if (m_noise.empty())
            m_noise = problem().noise ? added_noise(problem().space, *problem().noise)
                                      : added_noise(problem().space, probed_drops());
        if (m_barren < k_most_barren && (m_next >= m_path.size() || loses_too_much())) start_path();
        if (m_barren == k_most_barren) return fresh();
        m_chunk.clear();
        for (; m_next < m_path.size() && m_chunk.size() < k_chunk; ++m_next)
            m_chunk.push_back(m_path[m_next]);
        return m_chunk;
    }

    [[nodiscard]] std::vector<Choices> first_batch() const {
        const Space& space = problem().space;
        std::vector<Choices> batch = problem().start;
        batch.push_back(widest(space));
        if (!problem().noise)
            for (size_t v = 0; v < space.variables.size(); ++v) batch.push_back(probe(space, v));
        return batch;
    }

    [[nodiscard]] std::vector<double> probed_drops() const {
        const Space& space = problem().space;
        const Outcome* base = outcome_of(widest(space));
        const double from = base != nullptr ? base->figures[Metric::drop] : 0;
        std::vector<double> drops;
        for (size_t v = 0; v < space.variables.size(); ++v) {
            const Outcome* outcome = outcome_of(probe(space, v));
            // Part of the standard error tells layers apart that lost nothing but changed answers.
            drops.push_back(outcome == nullptr ? 0
                                               : std::max(outcome->figures[Metric::drop] - from, 0.0) +
                                                     k_sigma_of_probe * outcome->drop_sigma);
        }
        return drops;
    }

    /// No design of the last chunk is worth going on from.
    [[nodiscard]] bool loses_too_much() const {
        double limit = k_useful_share * what_can_be_lost(problem().worst_drop);
        for (const Constraint& constraint : problem().goals.constraints)
            if (constraint.metric == Metric::drop) limit = std::min(limit, 2 * constraint.limit);
        return !m_chunk.empty() && std::ranges::all_of(m_chunk, [&](const Choices& choices) {
            const Outcome* outcome = outcome_of(choices);
            return outcome != nullptr && outcome->figures[Metric::drop] > limit;
        });
    }

    void start_path() {
        AddedNoise noise = m_noise;
        const size_t objectives = problem().goals.objectives.size();
        Point weights(objectives, 1);
        const bool first = m_path.empty();
        if (!first) {
            for (std::vector<double>& of_variable : noise) {
                const double factor = std::exp(k_noise_spread * rng().normal());
                for (double& n : of_variable) n *= factor;
            }
            for (double& weight : weights) weight = -std::log(1 - rng().uniform()); // uniform on the simplex
        }
        const std::vector<Choices> path =
            Descent{problem(), m_losses, noise, weights}.path(widest(problem().space));
        m_path = thinned(affordable(path), first);
        m_next = 0;
        const bool anything_new = std::ranges::any_of(
            m_path, [&](const Choices& choices) { return outcome_of(choices) == nullptr; });
        m_barren = anything_new ? 0 : m_barren + 1;
    }

    /// Descents have nothing more to say.
    [[nodiscard]] std::optional<std::vector<Choices>> fresh() {
        const std::optional<Choices> design = fresh_design();
        if (!design) return std::nullopt;
        return std::vector<Choices>{*design};
    }

    /// Without what breaks a cost limit anyhow; if all do, the last and narrowest.
    [[nodiscard]] std::vector<Choices> affordable(const std::vector<Choices>& path) const {
        std::vector<Choices> kept;
        for (const Choices& choices : path) {
            const Priced priced = problem().price(choices);
            if (priced.problem.empty() && violation(problem().goals, priced.figures) == 0)
                kept.push_back(choices);
        }
        if (kept.empty()) kept.push_back(path.back());
        return kept;
    }

    /// Every so-manieth design, another part of them each time.
    [[nodiscard]] std::vector<Choices> thinned(const std::vector<Choices>& path, bool first) {
        const size_t each = static_cast<size_t>(std::max<int64_t>(problem().budget / k_paths, 1));
        const size_t stride = std::max<size_t>((path.size() + each - 1) / each, 1);
        std::vector<Choices> kept;
        for (size_t i = first ? 0 : rng().below(stride); i < path.size(); i += stride)
            kept.push_back(path[i]);
        if (kept.empty()) kept.push_back(path.back());
        return kept;
    }

    Losses m_losses;
    AddedNoise m_noise;
    bool m_begun = false;
    std::vector<Choices> m_path, m_chunk;
    size_t m_next = 0;
    int m_barren = 0;
};

} // namespace

std::unique_ptr<Algorithm> make_greedy_search(Problem problem) {
    return std::make_unique<Greedy>(std::move(problem));
}

} // namespace widthwise::explore
