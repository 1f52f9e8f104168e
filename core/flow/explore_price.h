#pragma once
// What designs of a search space cost: sums of table entries, one set of tables for each choice of hardware.

#include "core/cost/cost_model.h"
#include "core/explore/algorithm.h"

#include <memory>

namespace widthwise::flow {

/// The same answer for the same design, whatever was asked before. Not thread-safe.
class Pricer {
public:
    /// Errors: as cost::DesignTable::create for the base target's tables.
    [[nodiscard]] static Result<std::shared_ptr<Pricer>> create(GraphPtr graph, explore::Space space,
                                                                cost::Options options);
    ~Pricer();
    [[nodiscard]] explore::Priced price(const explore::Choices& choices);
    /// The least (of throughput: the most) found of each metric that `goals` name: from uniform designs
    /// on, one variable after another takes the choice that is best for the metric, until none improves it.
    /// NaN: not named, or no design can be priced.
    [[nodiscard]] explore::Figures best_reachable(const explore::Goals& goals);

    /// Sets of tables kept; the one used longest ago goes.
    static constexpr size_t k_most_machines = 8;

private:
    class State;
    explicit Pricer(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace widthwise::flow
