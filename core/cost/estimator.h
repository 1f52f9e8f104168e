#pragma once
// The hardware model for one graph, target and options at many plans: what no plan changes is worked out
// once, equal layers are priced once, and a plan that differs from the last one costs only the layers that it
// touches (those whose widths change and the neighbours whose stored operands do).
//
// Not thread-safe: one estimator per thread; they share the graph.

#include "core/cost/cost_model.h"
#include "core/cost/residency.h"

#include <memory>

namespace widthwise::cost {

class Estimator {
public:
    /// Errors: usage for a batch below 1; invalid_input for a weighted layer of unknown shape or more work
    /// than can be counted, naming the layer.
    [[nodiscard]] static Result<Estimator> create(GraphPtr graph, HardwareTarget target,
                                                  Options options = {});
    Estimator(Estimator&&) noexcept;
    Estimator& operator=(Estimator&&) noexcept;
    ~Estimator();

    /// What cost::estimate gives, to the last bit. Valid until the next call. Errors: as cost::estimate's.
    [[nodiscard]] Result<const CostBreakdown*> at(const PrecisionPlan& plan);
    [[nodiscard]] Result<CostBreakdown> estimate(const PrecisionPlan& plan);

    /// From the next call on, instead of what the options and the target say.
    void use(const ResidencyUse& residency);

    [[nodiscard]] const Graph& graph() const;
    [[nodiscard]] const HardwareTarget& target() const;
    [[nodiscard]] const Options& options() const;

private:
    class State;
    explicit Estimator(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace widthwise::cost
