#pragma once
// From a front to one design: the questions that people ask of a finished search, answered from its outcomes
// without running anything.

#include "core/explore/goals.h"
#include "core/explore/noise.h"
#include "core/explore/outcome.h"
#include "core/explore/pareto.h"

#include <optional>
#include <string>
#include <vector>

namespace widthwise::explore {

/// Positions in `outcomes` of measured designs that keep all constraints and that no other such design
/// dominates in the objectives, by rising second objective. What-if: call it with other goals.
[[nodiscard]] std::vector<size_t> front_of(std::span<const Outcome> outcomes, const Goals& goals);

/// Of `front`, the design with the least `cost` whose drop is at most `within`; nullopt: none.
[[nodiscard]] std::optional<size_t>
cheapest_within(std::span<const Outcome> outcomes, std::span<const size_t> front, double within, Metric cost);

/// A design that was chosen on some images and tested on others.
struct Tested {
    double drop = 0, cost = 0; ///< losses by which it was chosen
    bool passed = false;       ///< the test, which no choice saw
};
/// The cheapest design of which a test may be believed. To name the cheapest one that passes would choose by
/// the very tests: among many designs that should fail some pass by luck. Instead the front (of drop and
/// cost, as it was chosen) is walked down from the dearest design to the first one that fails, and the last
/// one that passed is named: fixed-sequence testing, which keeps the error of a single test over the whole
/// walk, whatever the number of designs and however their tests depend on each other (Maurer, Hothorn and
/// Lehmacher 1995; Dmitrienko and D'Agostino 2013; from memory). nullopt: the first one failed already.
[[nodiscard]] std::optional<size_t> last_of_sequence(std::span<const Tested> designs);

/// One variable of a design against a baseline.
struct Move {
    std::string layer;               ///< or the hardware parameter
    std::string from, to;            ///< "w8a8", "w4a6"; hardware: values
    double saved_j = 0, saved_s = 0; ///< of the layer itself, positive: the design pays less; hardware: 0
    std::optional<double> noise;     ///< added to the output's (noise.h); nullopt: not known
};
/// Layers whose formats differ, in the order of `layers` of both costs, which are of one network.
[[nodiscard]] std::vector<Move> explain(const PrecisionPlan& baseline, const CostBreakdown& baseline_cost,
                                        const PrecisionPlan& design, const CostBreakdown& design_cost,
                                        const NoiseTable* noise);
/// Hardware parameters that differ, in the space's order; none of them saves or adds anything by itself.
[[nodiscard]] std::vector<Move> explain_hardware(const Space& space, std::span<const uint8_t> baseline,
                                                 std::span<const uint8_t> design);

/// The best of each cost that was found over the space against the limits: what seems to be out of reach.
struct Infeasible {
    Constraint constraint; ///< the tightest: limit / best reachable is smallest
    double best = 0;       ///< found; no proof that nothing is better
    std::string message;   ///< "no design of this space keeps energy below 1 uJ: the least found is 21.4 uJ"
};
[[nodiscard]] std::optional<Infeasible> tightest(const Goals& goals, const Figures& best_found);

} // namespace widthwise::explore
