#pragma once
// What the search algorithms have in common: they think in batches of designs, know what they were told, and
// never ask twice.

#include "core/base/rng.h"
#include "core/explore/algorithm.h"

#include <deque>
#include <map>
#include <optional>
#include <set>

namespace widthwise::explore {

/// Questions do not depend on how many are asked for at once: a batch is handed out in pieces, and the next
/// one is made when all of it was answered.
class QueuedAlgorithm : public Algorithm {
public:
    [[nodiscard]] std::vector<Choices> ask(int most) final;
    void tell(std::span<const Outcome> outcomes) final;
    /// It was told of too many rejected designs.
    [[nodiscard]] std::string why_ended() const final;

protected:
    enum class Rejections { bounded, unbounded };
    /// Bounded: it gives up after 20 rejected designs for each one of the budget (and 1000): they cost
    /// nothing to run, so that no budget would ever end a search in which everything is rejected.
    explicit QueuedAlgorithm(Problem problem, Rejections rejections = Rejections::bounded);

    /// Designs without whose outcomes the algorithm cannot go on; known and repeated ones are left out. After
    /// many calls in a row without a new one, a random design is asked between. Nothing: it is finished.
    [[nodiscard]] virtual std::optional<std::vector<Choices>> next_batch() = 0;

    [[nodiscard]] const Problem& problem() const { return m_problem; }
    [[nodiscard]] const std::map<Choices, Outcome>& known() const { return m_known; }
    /// Null: not told of yet.
    [[nodiscard]] const Outcome* outcome_of(const Choices& choices) const;
    [[nodiscard]] Choices random_design();
    /// Uniform among designs that were not asked for, nor are in `besides`; nullopt: there are none.
    [[nodiscard]] std::optional<Choices> fresh_design(const std::set<Choices>& besides = {});
    [[nodiscard]] Rng& rng() { return m_rng; }

private:
    bool enqueue(const Choices& choices);

    Problem m_problem;
    Rng m_rng;
    int64_t m_most_rejections, m_rejections = 0;
    std::deque<Choices> m_queue;
    std::set<Choices> m_asked;
    std::map<Choices, Outcome> m_known;
};

/// The design at a position of the space in counting order, the last variable fastest.
[[nodiscard]] Choices design_at(const Space& space, int64_t index);

} // namespace widthwise::explore
