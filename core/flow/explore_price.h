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
    struct Found {
        explore::Figures best; ///< NaN: not limited, or no design that was tried has it
        std::string problem;   ///< not empty: no design that was tried can be run, and why
    };
    /// The least (of throughput: the most) found of each cost that `goals` limit: on each choice of hardware
    /// (of many, k_most_hardware spread over them) from uniform designs on, one variable after another takes
    /// what is best for the metric, until none improves it. It ends where all limits are seen to be kept,
    /// each by itself. No proof that nothing is better: costs of a target need not be sums over layers.
    [[nodiscard]] Found best_found(const explore::Goals& goals);

    static constexpr int64_t k_most_hardware = 256;
    /// The same where pricing is no sum of table entries.
    static constexpr int64_t k_most_slow_hardware = 16;

    /// Sets of tables kept; the one used longest ago goes.
    static constexpr size_t k_most_machines = 8;

private:
    class State;
    explicit Pricer(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace widthwise::flow
