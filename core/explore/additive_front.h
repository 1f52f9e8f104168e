#pragma once
// The best designs of a space if noise and costs simply added up, layer by layer.

#include "core/explore/algorithm.h"
#include "core/explore/design_noise.h"

#include <vector>

namespace widthwise::explore {

struct AdditiveDesign {
    Choices choices;
    double noise = 0; ///< total, as Surrogate::total_noise
    Figures figures;  ///< priced as a whole: exact
};

/// The Pareto front of (total noise, cost objectives), by rising noise. Variables that share layers are one
/// group with all combinations of their choices (a layer's weights and activations are multiplied with each
/// other, so that their costs do not add up), unless there are more than 1024 of them; each hardware variable
/// is one. What an option costs is the difference of prices when it alone is changed in a base design (w8a8,
/// or the first of the problem's start that the target can run); the program over these differences is solved
/// exactly (choice_program.h), the resulting designs are priced again and those that the target cannot run,
/// that break a cost limit or that others dominate are left out.
///
/// Approximate where costs couple: activations that stay on the chip from one layer to the next, buffers that
/// are sized for the largest layer (area), ratios (power, throughput) and hardware, whose worth depends on
/// the widths. Limits are relaxed by a tenth in the program for that reason.
[[nodiscard]] std::vector<AdditiveDesign> additive_front(const Problem& problem, const DesignNoise& noise);

} // namespace widthwise::explore
