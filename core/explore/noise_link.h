#pragma once
// From the total noise of a design to the accuracy that it loses.

#include <span>

namespace widthwise::explore {

/// Least that is believed to be lost at all: a network no better than chance has nothing to lose, but errors
/// need a unit.
inline constexpr double k_least_worst = 0.05;
/// `worst_drop`, or k_least_worst where it is less or no number.
[[nodiscard]] double what_can_be_lost(double worst_drop);

/// drop = worst (1 - exp(-(total / scale)^power)).
struct NoiseLink {
    double worst = 0.9;
    double scale = 6.4, power = 2;

    [[nodiscard]] double drop(double total) const;
    /// d drop / d ln(total), and a little: the unit of errors.
    [[nodiscard]] double slope(double total) const;
};

struct NoisyDrop {
    double total = 0, drop = 0, sigma = 0;
};

/// The scale and power under which the drops are likeliest, their errors being normal with sigma and a
/// quarter of the slope together; log-normal priors around the defaults (ln scale +- 1, ln power +- 0.3).
/// `worst` as what_can_be_lost() believes it.
[[nodiscard]] NoiseLink fit_link(std::span<const NoisyDrop> drops, double worst);

} // namespace widthwise::explore
