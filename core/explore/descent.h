#pragma once
// Greedy bit descent on an additive table of noise: a path from the widest design to the narrowest, each step
// taking the variable to the coarser format that saves most for the noise that it adds.

#include "core/explore/losses.h"

namespace widthwise::explore {

/// Noise that each choice of each variable adds to the widest design: [variable][choice], >= 0; hardware: 0.
using AddedNoise = std::vector<std::vector<double>>;

/// From measured sensitivities.
[[nodiscard]] AddedNoise added_noise(const Space& space, const NoiseTable& noise);
/// From one design per variable (probe()) whose drop was measured: a factor of 4 for each further bit (6.02
/// dB). `drops`: by variable; not positive or not known ones count as tiny.
[[nodiscard]] AddedNoise added_noise(const Space& space, std::span<const double> drops);
/// The widest design with this variable one choice narrower.
[[nodiscard]] Choices probe(const Space& space, size_t variable);

struct Descent {
    const Problem& problem;
    const Losses& losses;
    const AddedNoise& noise;
    Point weights; ///< of the objectives' costs (Losses::costs) in what is saved

    /// Hardware variables one after another at the value that costs least; then the path from `from`, which
    /// is its first design. Every step saves something.
    [[nodiscard]] std::vector<Choices> path(Choices from) const;

private:
    struct Step {
        size_t choice;
        double gain; ///< saved for each unit of noise
    };
    [[nodiscard]] double cost(const Choices& choices) const;
    [[nodiscard]] std::optional<Step> best_step(const Choices& at, double cost_there, size_t variable) const;
    void choose_hardware(Choices& choices) const;
};

} // namespace widthwise::explore
