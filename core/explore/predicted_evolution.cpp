#include "core/explore/predicted_evolution.h"

#include "core/explore/pareto.h"

#include <algorithm>
#include <numeric>

namespace widthwise::explore {
namespace {

constexpr double k_crossover = 0.9;  ///< else one parent alone
constexpr double k_mutations = 1.5;  ///< variables changed, on average
constexpr double k_any_choice = 0.2; ///< of the changes; the others go to a neighbour

struct Member {
    const Predicted* design = nullptr;
    int rank = 0;
    double crowding = 0;
};

bool is_better(const Member& a, const Member& b) {
    if (a.design->violation != b.design->violation) return a.design->violation < b.design->violation;
    if (a.rank != b.rank) return a.rank < b.rank;
    return a.crowding > b.crowding;
}

void rank(std::vector<Member>& members) {
    std::vector<Point> points;
    for (const Member& member : members) points.push_back(member.design->losses());
    const std::vector<int> ranks = non_dominated_ranks(points);
    const int last = ranks.empty() ? 0 : *std::ranges::max_element(ranks);
    for (int r = 0; r <= last; ++r) {
        std::vector<Point> front;
        std::vector<size_t> positions;
        for (size_t i = 0; i < members.size(); ++i)
            if (ranks[i] == r) {
                front.push_back(points[i]);
                positions.push_back(i);
            }
        const std::vector<double> distances = crowding_distances(front);
        for (size_t k = 0; k < positions.size(); ++k) {
            members[positions[k]].rank = r;
            members[positions[k]].crowding = distances[k];
        }
    }
}

class Evolution {
public:
    Evolution(const Space& space, const Predict& predict, Rng& rng)
        : m_space(space), m_predict(predict), m_rng(rng) {}

    void run(std::span<const Choices> seeds, const EvolutionOptions& options);
    std::map<Choices, Predicted> seen;

private:
    const Predicted* look(const Choices& choices);
    [[nodiscard]] Choices child();
    void mutate(Choices& choices);
    [[nodiscard]] const Member& tournament();
    void select(size_t most);

    const Space& m_space;
    const Predict& m_predict;
    Rng& m_rng;
    std::vector<Member> m_members;
};

const Predicted* Evolution::look(const Choices& choices) {
    const auto [at, is_new] = seen.try_emplace(choices);
    if (is_new) at->second = m_predict(choices);
    return &at->second;
}

void Evolution::mutate(Choices& choices) {
    const double chance = k_mutations / static_cast<double>(choices.size());
    for (size_t v = 0; v < choices.size(); ++v) {
        const size_t size = m_space.variables[v].size();
        if (size < 2 || m_rng.uniform() >= chance) continue;
        if (m_rng.uniform() < k_any_choice) {
            choices[v] = static_cast<uint8_t>(m_rng.below(size));
        } else {
            const bool up = choices[v] == 0 || (choices[v] + 1u < size && m_rng.uniform() < 0.5);
            choices[v] = static_cast<uint8_t>(up ? choices[v] + 1 : choices[v] - 1);
        }
    }
}

const Member& Evolution::tournament() {
    const Member &a = m_members[m_rng.below(m_members.size())], &b = m_members[m_rng.below(m_members.size())];
    return is_better(b, a) ? b : a;
}

Choices Evolution::child() {
    Choices choices = tournament().design->choices;
    const Choices& other = tournament().design->choices;
    if (m_rng.uniform() < k_crossover)
        for (size_t v = 0; v < choices.size(); ++v)
            if (m_rng.uniform() < 0.5) choices[v] = other[v];
    mutate(choices);
    return choices;
}

void Evolution::select(size_t most) {
    rank(m_members);
    std::ranges::stable_sort(m_members, is_better);
    if (m_members.size() > most) m_members.resize(most);
}

void Evolution::run(std::span<const Choices> seeds, const EvolutionOptions& options) {
    const auto join = [&](const Choices& choices) {
        const size_t before = seen.size();
        const Predicted* design = look(choices);
        if (seen.size() > before) m_members.push_back({design, 0, 0});
    };
    for (const Choices& choices : seeds) join(choices);
    if (m_members.empty()) return;
    select(options.population);
    for (int g = 0; g < options.generations; ++g) {
        std::vector<Choices> children;
        for (size_t i = 0; i < options.population; ++i) children.push_back(child());
        for (const Choices& choices : children) join(choices);
        select(options.population);
    }
}

} // namespace

Point Predicted::losses() const {
    Point point{drop};
    point.insert(point.end(), costs.begin(), costs.end());
    return point;
}

std::map<Choices, Predicted> evolve(const Space& space, std::span<const Choices> seeds,
                                    const Predict& predict, const EvolutionOptions& options, Rng& rng) {
    Evolution evolution(space, predict, rng);
    evolution.run(seeds, options);
    return std::move(evolution.seen);
}

} // namespace widthwise::explore
