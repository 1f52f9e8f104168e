#pragma once
// NSGA-II over predictions: thousands of designs for the price of a few matrix products.

#include "core/base/rng.h"
#include "core/explore/algorithm.h"
#include "core/explore/pareto.h"

#include <functional>
#include <map>
#include <span>
#include <vector>

namespace widthwise::explore {

/// A design as predicted.
struct Predicted {
    Choices choices;
    double drop = 0, sigma = 0;
    Point costs;          ///< losses of the objectives but the drop
    bool allowed = true;  ///< the target can run it, and it keeps the limits of costs
    double violation = 0; ///< of the limits, as predicted: what the evolution minimizes first
    /// Losses that the evolution compares, the drop first.
    [[nodiscard]] Point losses() const;
};
using Predict = std::function<Predicted(const Choices&)>;

struct EvolutionOptions {
    size_t population = 64;
    int generations = 16;
};

/// Every design that was looked at, by its choices: `seeds` and their offspring (uniform crossover, steps to
/// neighbouring choices, now and then any choice), selected by constrained dominance and crowding (Deb et al.
/// 2002).
[[nodiscard]] std::map<Choices, Predicted> evolve(const Space& space, std::span<const Choices> seeds,
                                                  const Predict& predict, const EvolutionOptions& options,
                                                  Rng& rng);

} // namespace widthwise::explore
