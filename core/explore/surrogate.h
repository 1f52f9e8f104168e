#pragma once
// Accuracy of designs that were not measured, with its uncertainty.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace widthwise::explore {

/// A measured design: noise per slot (noise.h) and what accuracy it lost.
struct Measured {
    std::vector<double> noise;
    double drop = 0;  ///< fraction
    double sigma = 0; ///< standard error of `drop`, from the number of images
};

struct Prediction {
    double drop = 0;  ///< fraction
    double sigma = 0; ///< standard deviation of what very many images would give
};

/// The additive model, corrected by what the measured designs say.
///
/// Each slot counts c(n) = ln(1 + 20 n)^0.75 of its noise n: a layer that is destroyed cannot be destroyed
/// further, and small errors add up to something between their energies and their amplitudes (constants: from
/// the plateau of best rank correlations over 650 random designs of a ResNet-20). T = sum of c(n); drop =
/// worst (1 - exp(-(T / a)^b)), with a and b fitted, drawn to a = 6.4, b = 2. What is left is a Gaussian
/// process in units of the link's slope by ln T (a design's error grows with what it loses): a linear kernel
/// of the slots' shares of T (some layers matter more than their noise says), a squared exponential of the
/// rows c(n) (nearby designs err alike), and white noise; amplitudes and length by marginal likelihood over a
/// grid (Rasmussen and Williams 2006, algorithm 2.1 and eq. 5.8). Without measured designs it is the additive
/// model alone with a wide interval. The same samples in the same order give the same bits.
class Surrogate {
public:
    /// `slot_count`: numbers per design. `worst_drop`: where the link saturates (float top-1 less chance
    /// level).
    Surrogate(size_t slot_count, double worst_drop);
    Surrogate(Surrogate&&) noexcept;
    Surrogate& operator=(Surrogate&&) noexcept;
    ~Surrogate();

    /// Replaces what was fitted before. Drops that are no numbers are left out.
    void fit(std::span<const Measured> designs);
    [[nodiscard]] Prediction predict(std::span<const double> noise) const;
    /// T, the additive part alone: what integer programming minimizes. Not changed by fit().
    [[nodiscard]] double total_noise(std::span<const double> noise) const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// Spearman's rank correlation (ties: mean ranks); 0 where one side is constant. Equal lengths.
[[nodiscard]] double rank_correlation(std::span<const double> a, std::span<const double> b);

} // namespace widthwise::explore
