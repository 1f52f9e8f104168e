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
    double sigma = 0; ///< standard deviation of what a measurement on all images would give
};

/// The additive model (total noise = sum over slots, a monotone link from total noise to drop) corrected by
/// what the measured designs say: a Gaussian process on the logarithms of the slots' noise. Without measured
/// designs it is the additive model alone with a wide interval. The same samples in the same order give the
/// same bits.
class Surrogate {
public:
    /// `slots`: numbers per design. `worst_drop`: where the link saturates (float top-1 less chance level).
    Surrogate(size_t slots, double worst_drop);
    Surrogate(Surrogate&&) noexcept;
    Surrogate& operator=(Surrogate&&) noexcept;
    ~Surrogate();

    /// Replaces what was fitted before.
    void fit(std::span<const Measured> designs);
    [[nodiscard]] Prediction predict(std::span<const double> noise) const;
    /// Of the additive part alone: what integer programming minimizes.
    [[nodiscard]] double total_noise(std::span<const double> noise) const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// Spearman's rank correlation (ties: mean ranks); 0 where one side is constant. Equal lengths.
[[nodiscard]] double rank_correlation(std::span<const double> a, std::span<const double> b);

} // namespace widthwise::explore
