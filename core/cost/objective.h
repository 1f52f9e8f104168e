#pragma once
// Which of two ways to run a layer serves an objective better.

#include "core/cost/machine.h"

namespace widthwise::cost {

/// `a` is strictly better; equal in the objective, the other of cycles and energy decides.
[[nodiscard]] inline bool better(Objective objective, const LayerFigures& a, const LayerFigures& b) {
    const double energy_a = a.energy.total_j(), energy_b = b.energy.total_j();
    const double time_a = static_cast<double>(a.cycles), time_b = static_cast<double>(b.cycles);
    switch (objective) {
    case Objective::latency:
        return time_a < time_b || (time_a == time_b && energy_a < energy_b);
    case Objective::energy:
        return energy_a < energy_b || (energy_a == energy_b && time_a < time_b);
    case Objective::energy_delay:
        break;
    }
    const double product_a = energy_a * time_a, product_b = energy_b * time_b;
    return product_a < product_b || (product_a == product_b && time_a < time_b);
}

} // namespace widthwise::cost
