#include "core/explore/queued_algorithm.h"

#include <limits>

namespace widthwise::explore {
namespace {

constexpr int k_patience = 64;     ///< batches in a row without a new design
constexpr int k_random_tries = 64; ///< before the space is walked through for what is left
constexpr int64_t k_rejections_per_design = 20;
constexpr int64_t k_least_rejections = 1000;

} // namespace

QueuedAlgorithm::QueuedAlgorithm(Problem problem, Rejections rejections)
    : m_problem(std::move(problem))
    , m_rng(Rng::stream(m_problem.seed, 0))
    , m_most_rejections(rejections == Rejections::unbounded
                            ? std::numeric_limits<int64_t>::max()
                            : k_least_rejections + k_rejections_per_design * m_problem.budget) {}

std::vector<Choices> QueuedAlgorithm::ask(int most) {
    for (int stale = 0; m_queue.empty() && m_rejections < m_most_rejections;) {
        const std::optional<std::vector<Choices>> batch = next_batch();
        if (!batch) break;
        bool any = false;
        for (const Choices& choices : *batch) any |= enqueue(choices);
        if (any || ++stale < k_patience) continue;
        const std::optional<Choices> fresh = fresh_design();
        if (!fresh) break;
        enqueue(*fresh);
    }
    std::vector<Choices> asked;
    while (!m_queue.empty() && static_cast<int>(asked.size()) < most) {
        asked.push_back(std::move(m_queue.front()));
        m_queue.pop_front();
    }
    return asked;
}

void QueuedAlgorithm::tell(std::span<const Outcome> outcomes) {
    for (const Outcome& outcome : outcomes) {
        if (outcome.verdict == Verdict::rejected) ++m_rejections;
        m_asked.insert(outcome.choices);
        m_known.insert_or_assign(outcome.choices, outcome);
    }
}

std::string QueuedAlgorithm::why_ended() const {
    if (m_rejections < m_most_rejections) return {};
    return std::to_string(m_rejections) + " designs were rejected (the target cannot run them, or they break "
                                          "a limit), more than a search of "
                                          "this budget tries";
}

const Outcome* QueuedAlgorithm::outcome_of(const Choices& choices) const {
    const auto found = m_known.find(choices);
    return found == m_known.end() ? nullptr : &found->second;
}

Choices QueuedAlgorithm::random_design() {
    Choices choices;
    for (const Variable& variable : m_problem.space.variables)
        choices.push_back(static_cast<uint8_t>(m_rng.below(variable.size())));
    return choices;
}

std::optional<Choices> QueuedAlgorithm::fresh_design(const std::set<Choices>& besides) {
    const auto is_fresh = [&](const Choices& c) { return !m_asked.contains(c) && !besides.contains(c); };
    for (int i = 0; i < k_random_tries; ++i)
        if (Choices choices = random_design(); is_fresh(choices)) return choices;
    const std::optional<int64_t> designs = m_problem.space.designs();
    // So many draws among so many designs have found a fresh one, but for a chance of nothing.
    if (!designs || *designs > k_most_exhaustive) return std::nullopt;
    std::vector<int64_t> left;
    for (int64_t i = 0; i < *designs; ++i)
        if (is_fresh(design_at(m_problem.space, i))) left.push_back(i);
    if (left.empty()) return std::nullopt;
    return design_at(m_problem.space, left[m_rng.below(left.size())]);
}

bool QueuedAlgorithm::enqueue(const Choices& choices) {
    if (!m_asked.insert(choices).second) return false;
    m_queue.push_back(choices);
    return true;
}

Choices design_at(const Space& space, int64_t index) {
    Choices choices(space.variables.size());
    for (size_t i = choices.size(); i-- > 0;) {
        const auto size = static_cast<int64_t>(space.variables[i].size());
        choices[i] = static_cast<uint8_t>(index % size);
        index /= size;
    }
    return choices;
}

} // namespace widthwise::explore
