#pragma once
// What accuracy a design that was not measured probably has: from sensitivities and from all that was
// measured.

#include "core/design/sensitivity.h"
#include "core/explore/noise.h"
#include "core/explore/surrogate.h"

#include <memory>
#include <span>

namespace widthwise::flow {

/// A measured design: its drop against float (fraction) and the standard error of the paired difference.
struct MeasuredPlan {
    PrecisionPlan plan;
    double drop = 0;
    double sigma = 0;
};
/// The standard error behind a paired 95 % interval: half its width over 1.96.
[[nodiscard]] MeasuredPlan measured_plan(const PrecisionPlan& plan, const Accuracy& accuracy);

class AccuracyEstimator {
public:
    /// `worst_drop`: float top-1 less chance level, what can be lost at all. Of very many designs the last
    /// k_most are heeded: the fit's cost grows with their cube.
    AccuracyEstimator(const Sensitivity& sensitivity, std::span<const MeasuredPlan> measured,
                      double worst_drop);
    static constexpr size_t k_most = 300;

    /// Microseconds. Drop against float with its standard deviation, both fractions.
    [[nodiscard]] explore::Prediction estimate(const PrecisionPlan& plan) const;
    /// Designs that the estimate rests on.
    [[nodiscard]] size_t designs() const { return m_designs; }

private:
    explore::NoiseTable m_noise;
    explore::Surrogate m_surrogate;
    size_t m_designs = 0;
};

} // namespace widthwise::flow
